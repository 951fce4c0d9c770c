<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests\Programs;

use StarttlsVerify\Adapter\{Backends, Horde, NetSieve, NetSmtp, PhpMailerSmtp, RoundcubeImap, RoundcubeSmtp, SymfonyTransport};

/**
 * Other people's programs with our adapters: each connects, starts TLS and logs in as bob.
 *
 * A function answers null when it is logged in, else the reason that the program gives.
 */
final class Programs
{
    public const PASSWORD = 'swordfish';
    /**
     * Not played: until STARTTLS the dialogue is the program's, which reads lines without a limit and
     * counts its timeout from byte to byte. Nothing is sent in them; some programs run out of memory.
     */
    public const OUT_OF_REACH = ['slow-greeting', 'endless-greeting', 'endless-reply'];
    private const USER = 'bob';

    private function __construct()
    {
    }

    /** @return array<string, array{string, callable(Backends, string, int, int): ?string}> protocol, function */
    public static function all(): array
    {
        return [
            'PHPMailer' => ['smtp', self::phpMailer(...)],
            'Symfony Mailer' => ['smtp', self::symfony(...)],
            'Net_SMTP' => ['smtp', self::netSmtp(...)],
            'Horde SMTP' => ['smtp', self::hordeSmtp(...)],
            'Roundcube SMTP' => ['smtp', self::roundcubeSmtp(...)],
            'Horde IMAP' => ['imap', self::hordeImap(...)],
            'Roundcube IMAP' => ['imap', self::roundcubeImap(...)],
            'Horde POP3' => ['pop3', self::hordePop3(...)],
            'Net_Sieve' => ['sieve', self::netSieve(...)],
        ];
    }

    private static function phpMailer(Backends $backends, string $host, int $port, int $seconds): ?string
    {
        $mail = new \PHPMailer\PHPMailer\PHPMailer(true);
        $mail->setSMTPInstance(new PhpMailerSmtp($backends));
        $mail->isSMTP();
        [$mail->Host, $mail->Port, $mail->Timeout] = [$host, $port, $seconds];
        [$mail->SMTPAuth, $mail->SMTPSecure, $mail->AuthType] = [true, 'tls', 'PLAIN'];
        [$mail->Username, $mail->Password] = [self::USER, self::PASSWORD];
        $mail->getSMTPInstance()->Timelimit = $seconds;
        try {
            return $mail->smtpConnect() ? null : $mail->ErrorInfo;
        } catch (\PHPMailer\PHPMailer\Exception $exception) {
            return $exception->getMessage();
        } finally {
            $mail->smtpClose();
        }
    }

    private static function symfony(Backends $backends, string $host, int $port, int $seconds): ?string
    {
        $transport = new SymfonyTransport($backends, $host, $port);
        $transport->getStream()->setTimeout($seconds);
        $transport->setUsername(self::USER)->setPassword(self::PASSWORD);
        try {
            (fn () => $this->start())->bindTo($transport, \Symfony\Component\Mailer\Transport\Smtp\SmtpTransport::class)();
            return null;
        } catch (\Symfony\Component\Mailer\Exception\TransportExceptionInterface $exception) {
            return $exception->getMessage();
        }
    }

    private static function netSmtp(Backends $backends, string $host, int $port, int $seconds): ?string
    {
        $smtp = new NetSmtp($backends, $host, $port, 'localhost', false, $seconds);
        return self::pear($smtp->connect($seconds)) ?? self::pear($smtp->auth(self::USER, self::PASSWORD, 'PLAIN'));
    }

    private static function netSieve(Backends $backends, string $host, int $port, int $seconds): ?string
    {
        $sieve = new NetSieve($backends);
        return self::pear($sieve->connect($host, $port)) ?? self::pear($sieve->login(self::USER, self::PASSWORD, 'PLAIN'));
    }

    private static function roundcubeSmtp(Backends $backends, string $host, int $port, int $seconds): ?string
    {
        // What rcube_smtp::connect does with the answer of the hook.
        $options = RoundcubeSmtp::guard($backends, ['smtp_conn_options' => [], 'smtp_auth_callbacks' => []]);
        $smtp = new \Net_SMTP($host, $port, 'localhost', false, 0, $options['smtp_conn_options']);
        foreach ($options['smtp_auth_callbacks'] as $callback) {
            $smtp->setAuthMethod($callback['name'], $callback['function'], $callback['prepend']);
        }
        return self::pear($smtp->connect($seconds)) ?? self::pear($smtp->setTimeout($seconds))
            ?? self::pear($smtp->starttls())
            ?? self::pear($smtp->auth(self::USER, self::PASSWORD, $options['smtp_auth_type'], false));
    }

    private static function roundcubeImap(Backends $backends, string $host, int $port, int $seconds): ?string
    {
        $imap = new RoundcubeImap($backends);
        $options = ['port' => $port, 'ssl_mode' => 'tls', 'timeout' => $seconds, 'auth_type' => 'IMAP'];
        return $imap->connect($host, self::USER, self::PASSWORD, $options) ? null : (string) $imap->error;
    }

    private static function hordeImap(Backends $backends, string $host, int $port, int $seconds): ?string
    {
        return self::horde($backends, \Horde_Imap_Client_Socket::class, $host, $port, $seconds);
    }

    private static function hordePop3(Backends $backends, string $host, int $port, int $seconds): ?string
    {
        return self::horde($backends, \Horde_Imap_Client_Socket_Pop3::class, $host, $port, $seconds);
    }

    private static function horde(Backends $backends, string $class, string $host, int $port, int $seconds): ?string
    {
        Horde::protect($backends);
        try {
            $client = new $class(self::hordeSettings($host, $port, $seconds) + ['hostspec' => $host]);
            $client->login();
            return null;
        } catch (\Horde_Exception $exception) {
            return $exception->getMessage();
        }
    }

    private static function hordeSmtp(Backends $backends, string $host, int $port, int $seconds): ?string
    {
        Horde::protect($backends);
        try {
            (new \Horde_Smtp(self::hordeSettings($host, $port, $seconds) + ['host' => $host]))->login();
            return null;
        } catch (\Horde_Exception $exception) {
            return $exception->getMessage();
        }
    }

    /** @return array<string, mixed> */
    private static function hordeSettings(string $host, int $port, int $seconds): array
    {
        return [
            'port' => $port,
            'timeout' => $seconds,
            'secure' => 'tls',
            'username' => self::USER,
            'password' => self::PASSWORD,
        ];
    }

    private static function pear(mixed $answer): ?string
    {
        return match (true) {
            $answer instanceof \PEAR_Error => $answer->getMessage(),
            $answer === false => 'false',
            default => null,
        };
    }
}
