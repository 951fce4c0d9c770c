<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

use StarttlsVerify\{Chain, Peer};

/**
 * Roundcube's SMTP: Roundcube makes the connection with PEAR's Net_SMTP and cannot be given another.
 * What it allows is a function that logs in. This one looks, before the password, at the connection
 * that stands: no TLS, lines that somebody injected before it, or a chain that the judge refuses end
 * it with a PEAR_Error.
 */
final class RoundcubeSmtp
{
    public const METHOD = 'STARTTLS-VERIFY';

    private function __construct(private readonly Backends $backends)
    {
    }

    /**
     * The options of the hook smtp_connect with the function in them.
     *
     * @param array<string, mixed> $options
     * @return array<string, mixed>
     */
    public static function guard(Backends $backends, array $options): array
    {
        // The chain as sent is kept, whatever PHP thinks of it; PHP's own verdict has no reasons.
        $ssl = ['verify_peer' => false, 'verify_peer_name' => false, 'capture_peer_cert_chain' => true];
        $options['smtp_conn_options']['ssl'] = $ssl + ($options['smtp_conn_options']['ssl'] ?? []);
        $options['smtp_auth_type'] = self::METHOD;
        $options['smtp_auth_callbacks'][] = [
            'name' => self::METHOD,
            'function' => [new self($backends), 'login'],
            'prepend' => true,
        ];
        return $options;
    }

    /**
     * Called by Net_SMTP in place of a method of its own.
     *
     * @return true|\PEAR_Error
     * @internal
     */
    public function login(string $user, string $password, ?string $identity, \Net_SMTP $smtp)
    {
        try {
            $reason = $this->objection($smtp);
        } catch (\StarttlsVerify\StarttlsVerifyException $fault) {
            $reason = $fault->getMessage();
        }
        if ($reason !== null) {
            $smtp->disconnect();
            return \PEAR::raiseError($reason);
        }
        return $smtp->auth($user, $password, '', false, (string) $identity);
    }

    /** Why the password stays here; null if it may go. */
    private function objection(\Net_SMTP $smtp): ?string
    {
        $stream = (fn () => $this->socket->fp)->call($smtp);
        $meta = stream_get_meta_data($stream);
        if (!isset($meta['crypto'])) {
            return Backends::NOT_OFFERED;
        }
        if ($meta['unread_bytes'] > 0) {
            return 'the server has said more than it was asked: somebody injected lines before TLS (starttls.plaintext_injection)';
        }
        $host = Address::of($smtp->host, (int) $smtp->port);
        $chain = new Chain(self::chain($stream));
        $report = $this->backends->verifier($host->host, $host->port)->judge(new Peer($host->host, 'submission', $host->port), $chain);
        return $report->isTrusted() ? null : $report->summary();
    }

    /**
     * @param resource $stream
     * @return list<string> PEM
     */
    private static function chain($stream): array
    {
        $sent = stream_context_get_options($stream)['ssl']['peer_certificate_chain'] ?? [];
        return array_map(static function (\OpenSSLCertificate $certificate): string {
            openssl_x509_export($certificate, $pem);
            return (string) $pem;
        }, array_values($sent));
    }
}
