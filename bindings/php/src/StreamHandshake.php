<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * PHP's handshake with one deadline for the whole of it, and with an eye on what the peer sends.
 *
 * Nothing may come before our ClientHello, neither in PHP's buffer nor behind it; and what comes
 * then must be a TLS record. Anything else is plaintext of somebody in between (CVE-2011-0411).
 *
 * @internal
 */
final class StreamHandshake
{
    /** Content type handshake or alert, version 3.x (RFC 8446 §5.1). */
    private const RECORD = [["\x15", "\x16"], ["\x03"]];
    /** SSL_R_UNSUPPORTED_PROTOCOL, _WRONG_SSL_VERSION, _NO_PROTOCOLS_AVAILABLE, alert protocol_version. */
    private const WRONG_VERSION = [258, 266, 191, self::FIRST_ALERT + 70];
    /** SSL_AD_REASON_OFFSET: an alert's reason is this and its number. */
    private const FIRST_ALERT = 1000;
    private const UNEXPECTED_EOF = 294;
    /** SSL_R_WRONG_VERSION_NUMBER, _HTTP_REQUEST, _HTTPS_PROXY_REQUEST: the first bytes are no TLS record. */
    private const NO_RECORD = [267, 156, 155];
    private const IN_PLACE = 'plaintext was sent behind the go-ahead, in place of the handshake';
    /** Longest wait, microseconds, before the handshake is asked again whether it can go on. */
    private const SLICE = 200_000;

    /** Octets of RECORD that were right so far; OpenSSL consumes them after each look. */
    private int $seen = 0;
    private string $warning = '';

    /**
     * @param resource $stream
     * @param Report   $blank of the peer, from which the report of a failure is made
     */
    public function __construct(private $stream, private readonly Report $blank)
    {
    }

    /**
     * @param int $methods STREAM_CRYPTO_METHOD_..., or-ed
     * @param int $timeout milliseconds
     * @throws PeerException
     */
    public function run(int $methods, int $timeout): void
    {
        $this->demandPlainTcp();
        $this->demandSilence();
        $blocked = stream_get_meta_data($this->stream)['blocked'];
        // A blocking handshake would wait for each byte anew.
        stream_set_blocking($this->stream, false);
        $until = hrtime(true) + $timeout * 1_000_000;
        while (!$this->proceed($methods)) {
            $this->await($until, $timeout);
        }
        stream_set_blocking($this->stream, $blocked);
    }

    private function demandPlainTcp(): void
    {
        $meta = stream_get_meta_data($this->stream);
        if (isset($meta['crypto'])) {
            throw Library::shared()->fault(Status::E_STATE, 'the stream is encrypted already');
        }
        if (!str_contains($meta['stream_type'], 'tcp')) {
            throw Library::shared()->fault(Status::E_ARGUMENT, "PHP can encrypt TCP streams only, and no {$meta['stream_type']}");
        }
    }

    private function demandSilence(): void
    {
        $unread = Descriptor::unread($this->stream);
        if ($unread > 0 || $this->peek() !== '') {
            $this->fail('starttls.plaintext_injection', Status::E_INJECTED, 'the server sent plaintext behind the go-ahead for TLS');
        }
    }

    /** One attempt; whether the handshake is done. */
    private function proceed(int $methods): bool
    {
        $this->warning = '';
        set_error_handler(function (int $level, string $words): bool {
            $this->warning .= $words;
            return true;
        });
        try {
            $done = stream_socket_enable_crypto($this->stream, true, $methods);
        } finally {
            restore_error_handler();
        }
        if ($done === false) {
            $this->failAsWarned();
        }
        return $done === true;
    }

    private function await(int $until, int $timeout): void
    {
        $left = intdiv($until - hrtime(true), 1000);
        if ($left <= 0) {
            $this->fail('io.timeout', Status::E_TIMEOUT, "the TLS handshake did not end within {$timeout} ms");
        }
        $read = [$this->stream];
        $none = null;
        // A signal ends the wait early, which is no fault.
        @stream_select($read, $none, $none, 0, (int) min($left, self::SLICE));
        $this->lookAtFirstBytes();
    }

    /** The record's type and major version, which may come one by one. */
    private function lookAtFirstBytes(): void
    {
        foreach (str_split($this->peek()) as $byte) {
            if ($byte !== '' && isset(self::RECORD[$this->seen])) {
                if (!in_array($byte, self::RECORD[$this->seen], true)) {
                    $this->fail('starttls.plaintext_injection', Status::E_INJECTED, self::IN_PLACE);
                }
                $this->seen++;
            }
        }
    }

    /** The first bytes that wait in the socket, which stay there; "" when none do. */
    private function peek(): string
    {
        $blocked = stream_get_meta_data($this->stream)['blocked'];
        stream_set_blocking($this->stream, false);
        $bytes = @stream_socket_recvfrom($this->stream, 2, STREAM_PEEK);
        stream_set_blocking($this->stream, $blocked);
        return (string) $bytes;
    }

    /** The number in "error:0A000458:SSL routines::..." tells what happened, the words may change. */
    private function failAsWarned(): never
    {
        $known = preg_match('/error:0A([0-9A-F]{6}):[^:]*:[^:]*:([^\n]*)/i', $this->warning, $part) === 1;
        [$code, $status, $detail] = $this->cause($known ? (int) hexdec($part[1]) : 0);
        $this->fail($code, $status, $known && $code !== 'io.closed' ? "{$detail}: " . trim($part[2]) : $detail);
    }

    /**
     * @param int $reason SSL_R_...; 0 where OpenSSL gave none
     * @return array{string, int, string} code, status, detail
     */
    private function cause(int $reason): array
    {
        return match (true) {
            // It came so fast that OpenSSL saw it before we did.
            $this->seen === 0 && in_array($reason, self::NO_RECORD, true) =>
                ['starttls.plaintext_injection', Status::E_INJECTED, self::IN_PLACE],
            in_array($reason, self::WRONG_VERSION, true) =>
                ['tls.version', Status::E_TLS_VERSION, 'the server speaks no TLS version that is allowed'],
            $reason >= self::FIRST_ALERT && $reason < self::FIRST_ALERT + 256 =>
                ['tls.alert', Status::E_TLS_ALERT, 'the server ended the handshake with an alert'],
            $reason === 0 || $reason === self::UNEXPECTED_EOF =>
                ['io.closed', Status::E_IO_CLOSED, 'the server closed the connection before TLS stood'],
            default => ['tls.handshake', Status::E_TLS_HANDSHAKE, 'the TLS handshake failed'],
        };
    }

    private function fail(string $code, int $status, string $detail): never
    {
        $library = Library::shared();
        $hint = '';
        for ($index = $library->number('stv_code_count'); $index-- > 0;) {
            if ($library->text('stv_code_name', $index) === $code) {
                $hint = $library->text('stv_code_hint', $index);
            }
        }
        $check = explode('.', $code)[0];
        $finding = new Finding($check, Outcome::Fail, $code, null, '', '', $detail, $hint, 'php');
        throw PeerException::of($this->blank->failing($status, $library->text('stv_status_name', $status), $finding));
    }
}
