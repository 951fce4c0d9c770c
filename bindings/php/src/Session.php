<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * One conversation with one peer: STARTTLS, handshake, verdict, application data.
 *
 * Either the session moves the bytes: connect(), or runStream() on a connected PHP stream; then
 * read(), write() and close() block within the option io_timeout_ms. Or the caller moves them:
 * feed() what was received, step(), send what take() gives, until step() answers Status::OK; the
 * same around read() and write().
 *
 * A failure is final: every later call throws it again. A session belongs to the process that made
 * it; after a fork the child gets a StateException.
 */
final class Session
{
    /** Most octets that one read() or take() gives. */
    private const LARGEST = 1 << 20;

    private readonly Handle $handle;

    /**
     * @param KnownPeers|null $known a store against which the peer is held, as it is now
     * @param bool $discover whether the peer's TLSA records are looked up in the DNS first, as the
     *                       options dns, dns_server, ... say
     * @throws ArgumentException when peer and options do not fit, or the store cannot be read
     */
    public function __construct(Verifier $verifier, Peer $peer, ?KnownPeers $known = null, bool $discover = false)
    {
        $peer = $peer->forSession($known, $discover ? $verifier : null);
        $library = $verifier->handle()->library;
        [$status, $handle] = $library->make('session', 'stv_session_new', $verifier->handle(), $peer->handle());
        $this->handle = $handle ?? throw $library->fault($status, $library->text('stv_peer_error', $peer->handle()));
    }

    /**
     * Resolves, connects, negotiates, shakes hands and judges, within the deadlines of the options.
     *
     * @return Report trusted; only with the option audit may it be another: ask isTrusted()
     * @throws PeerException otherwise
     */
    public function connect(): Report
    {
        $this->obey('stv_session_connect');
        return $this->report();
    }

    /**
     * The same on a connected stream from which nothing was read yet, blocking or not. The session
     * works on a duplicate of its descriptor: use read() and write() here, and of the stream only
     * fclose().
     *
     * @param resource $stream
     * @return Report as for connect()
     * @throws PeerException|ArgumentException
     */
    public function runStream($stream): Report
    {
        $library = $this->handle->library;
        $waiting = Descriptor::unread($stream);
        if ($waiting > 0) {
            throw $library->fault(Status::E_STATE, "{$waiting} octets of the peer wait in PHP's buffer, where the session cannot see them: "
                . 'hand the stream over before reading from it');
        }
        $this->obey('stv_session_run_fd', Descriptor::of($stream));
        return $this->report();
    }

    /** Stores bytes that came from the peer; step() or read() works on them. */
    public function feed(string $bytes): void
    {
        $this->obey('stv_session_feed', $bytes);
    }

    /** Tells that the peer has closed the connection. */
    public function feedEof(): void
    {
        $this->obey('stv_session_feed_eof');
    }

    /**
     * Goes on as far as the bytes allow.
     *
     * @return int Status::WANT_READ, WANT_WRITE, CLOSED; OK: open, and the peer is trusted;
     *     OPEN_UNVERIFIED: open, and it is not, as an option allowed
     * @throws PeerException when it is over; there may be an alert to take()
     */
    public function step(): int
    {
        return $this->obey('stv_session_step');
    }

    /** Bytes for the peer, $most at most; "" when none wait. */
    public function take(int $most = 16_384): string
    {
        [$status, $bytes] = $this->handle->library->fill('stv_session_take', $this->handle, $this->capacity($most));
        $this->demand($status);
        return $bytes;
    }

    /**
     * Application data, $most octets at most.
     *
     * @return string|null "" when the peer has ended the connection properly; null when bytes must be
     *     moved first (only where the caller moves them)
     * @throws PeerException when it was cut off
     */
    public function read(int $most = 16_384): ?string
    {
        [$status, $bytes] = $this->handle->library->fill('stv_session_read', $this->handle, $this->capacity($most));
        $this->demand($status);
        return $status === Status::WANT_READ || $status === Status::WANT_WRITE ? null : $bytes;
    }

    /**
     * Writes application data.
     *
     * @return int octets taken: all, unless the caller moves the bytes and must take() first
     * @throws PeerException|StateException
     */
    public function write(string $bytes): int
    {
        $written = 0;
        while ($written < strlen($bytes)) {
            [$status, $taken] = $this->handle->library->pour('stv_session_write', $this->handle, substr($bytes, $written));
            $this->demand($status);
            if ($status === Status::CLOSED) {
                throw $this->handle->library->fault(Status::E_STATE, 'the session is closed');
            }
            $written += $taken;
            if ($status !== Status::OK || $taken === 0) {
                break;
            }
        }
        return $written;
    }

    /**
     * A session for a data connection of FTP: runStream() it on the connected stream after the
     * transfer command was sent. It opens only for the peer of this control connection.
     *
     * @throws StateException when this session is not open, or not FTP
     */
    public function data(): self
    {
        $library = $this->handle->library;
        [$status, $handle] = $library->make('session', 'stv_session_new_data', $this->handle);
        $session = (new \ReflectionClass(self::class))->newInstanceWithoutConstructor();
        $session->handle = $handle ?? throw $library->fault($status, $library->text('stv_session_error', $this->handle));
        return $session;
    }

    /** Says goodbye (close_notify). A second call does nothing. */
    public function close(): void
    {
        $this->obey('stv_session_close');
    }

    /** Octets that read() would give without further input; ask before waiting. */
    public function pending(): int
    {
        return $this->handle->library->number('stv_session_pending', $this->handle);
    }

    /** Whether the caller reads before it writes. */
    public function serverSpeaksFirst(): bool
    {
        return $this->handle->library->number('stv_session_server_speaks_first', $this->handle) === 1;
    }

    /**
     * The library's own report, for KnownPeers.
     *
     * @internal
     */
    public function reportHandle(): Handle
    {
        $library = $this->handle->library;
        [$status, $report] = $library->make('report', 'stv_session_report', $this->handle);
        return $report ?? throw $library->fault($status);
    }

    /**
     * What TLSRPT counts this session as (RFC 8460): "success", the result type of its failure such as
     * "certificate-expired", or "" where it is not counted. Not a verdict.
     */
    public function tlsRptResult(): string
    {
        return $this->handle->library->text('stv_report_tls_rpt_result', $this->reportHandle());
    }

    /** The report as it is now, in every state. */
    public function report(): Report
    {
        [$status, $report] = $this->handle->library->make('report', 'stv_session_report', $this->handle);
        return Report::take($report ?? throw $this->handle->library->fault($status));
    }

    private function capacity(int $most): int
    {
        if ($most < 1) {
            throw $this->handle->library->fault(Status::E_ARGUMENT, "{$most} is no number of octets to read");
        }
        return min($most, self::LARGEST);
    }

    private function obey(string $function, string|int ...$arguments): int
    {
        $status = $this->handle->library->number($function, $this->handle, ...$arguments);
        $this->demand($status);
        return $status;
    }

    private function demand(int $status): void
    {
        if ($status < Status::E_NULL) {
            return;
        }
        if (Status::isAboutPeer($status)) {
            throw PeerException::of($this->report());
        }
        throw $this->handle->library->fault($status, $this->handle->library->text('stv_session_error', $this->handle));
    }
}
