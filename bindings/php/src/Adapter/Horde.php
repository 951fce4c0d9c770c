<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

use Horde\Socket\Client\Exception as SocketException;
use StarttlsVerify\StarttlsVerifyException;

/**
 * Horde's SMTP, IMAP and POP3 with the library as judge, and no class of Horde's replaced:
 *
 *     Horde::protect(new Backends($defaults, $backends));
 *
 * anywhere before the first connection, such as in a configuration file (backends.local.php). It
 * defines the two stream functions that Horde\Socket\Client calls in Horde's own namespace, where PHP
 * looks first. A connection's own options stand in its `context`, below `starttls_verify`.
 *
 * A refusal is the exception that Horde's own failure would be, with our reason.
 */
final class Horde
{
    private const OPTION = 'starttls_verify';
    private static ?Backends $backends = null;

    private function __construct()
    {
    }

    /** For the whole process. A second call takes the place of the first. */
    public static function protect(Backends $backends): void
    {
        self::$backends = $backends;
        require_once __DIR__ . '/horde_functions.php';
        $borrowed = (new \ReflectionFunction('Horde\Socket\stream_socket_enable_crypto'))->getFileName();
        if ($borrowed !== __DIR__ . '/horde_functions.php') {
            throw new \LogicException("somebody else has taken Horde's stream functions: {$borrowed}");
        }
    }

    /**
     * @param resource $context
     * @return resource|false
     * @internal
     */
    public static function open(string $address, ?int &$number, ?string &$words, ?float $timeout, int $flags, $context)
    {
        $where = Address::of($address);
        $own = stream_context_get_options($context)[self::OPTION] ?? [];
        $stream = \stream_socket_client($where->plain(), $number, $words, $timeout, $flags, $context);
        if ($stream === false) {
            return false;
        }
        stream_context_set_option($stream, self::OPTION, 'address', [$where->host, $where->port, $own]);
        if ($where->implicit) {
            self::secure($stream);
        }
        return $stream;
    }

    /**
     * @param resource $stream
     * @return true
     * @throws \Exception of Horde's
     * @internal
     */
    public static function secure($stream): bool
    {
        $client = self::client();
        [$host, $port, $own] = stream_context_get_options($stream)[self::OPTION]['address'];
        try {
            (self::$backends ?? new Backends())->secure($stream, $host, $port, self::protocol($client, $port), $own);
            return true;
        } catch (StarttlsVerifyException $fault) {
            throw self::failure($client, $fault);
        }
    }

    /** The connection of Horde's that called. */
    private static function client(): ?object
    {
        foreach (debug_backtrace(DEBUG_BACKTRACE_PROVIDE_OBJECT, 8) as $frame) {
            if (($frame['object'] ?? null) instanceof \Horde\Socket\Client) {
                return $frame['object'];
            }
        }
        return null;
    }

    private static function protocol(?object $client, int $port): string
    {
        return match (true) {
            $client instanceof \Horde_Imap_Client_Socket_Connection_Pop3 => $port === 995 ? 'pop3s' : 'pop3',
            $client instanceof \Horde_Imap_Client_Socket_Connection_Base => $port === 993 ? 'imaps' : 'imap',
            $client instanceof \Horde_Smtp_Connection => [465 => 'submissions', 587 => 'submission'][$port] ?? 'smtp',
            default => $port === 4190 ? 'sieve' : 'tls',
        };
    }

    private static function failure(?object $client, StarttlsVerifyException $fault): \Exception
    {
        $words = $fault->getMessage();
        if ($client instanceof \Horde_Imap_Client_Socket_Connection_Base) {
            $failure = new \Horde_Imap_Client_Exception($words, \Horde_Imap_Client_Exception::LOGIN_TLSFAILURE);
        } elseif ($client instanceof \Horde_Smtp_Connection) {
            $failure = new \Horde_Smtp_Exception($words, \Horde_Smtp_Exception::LOGIN_TLSFAILURE);
        } else {
            $failure = new SocketException($words);
        }
        $failure->details = $fault->getMessage();
        return $failure;
    }
}
