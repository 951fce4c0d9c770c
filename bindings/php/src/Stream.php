<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * STARTTLS on PHP's own streams, for programs that keep them: stream_socket_enable_crypto() with
 * the library as judge.
 */
final class Stream
{
    private function __construct()
    {
    }

    /**
     * Upgrades a stream on which the program itself has negotiated STARTTLS: it has read the
     * server's go-ahead, and nothing else. In place of stream_socket_enable_crypto().
     *
     * What the server has sent behind the go-ahead is an injection and refused. TLS 1.2 or newer is
     * spoken, with the peer's host as SNI, within the option handshake_timeout_ms. The peer is
     * judged before a byte of the program is sent. The stream's ssl context options about
     * verification do not count, the Verifier's do; they are put back afterwards, because PHP
     * shares one context among all streams that were opened without one. On such a stream PHP sends
     * the host that it was opened with as SNI.
     *
     * @param resource $stream of fsockopen(), stream_socket_client(), ...
     * @return Report trusted, and the stream is encrypted
     * @throws RejectedException   when the peer is not who was meant; the stream is closed
     * @throws ConnectionException when that could not be found out; the stream is closed
     * @throws ArgumentException   when the stream or an option will not do; an open stream is closed
     */
    public static function enableCrypto($stream, Verifier $verifier, Peer $peer): Report
    {
        Descriptor::stream($stream);
        try {
            return self::upgrade($stream, $verifier, $peer);
        } catch (\Throwable $fault) {
            // A caller who forgets the exception must not go on in clear, or with Eve.
            fclose($stream);
            throw $fault;
        }
    }

    /** @param resource $stream */
    private static function upgrade($stream, Verifier $verifier, Peer $peer): Report
    {
        $settings = StreamSettings::of($verifier, $peer);
        // Without a chain nobody is trusted, but the report knows the peer's name as it is sent.
        $blank = $verifier->judge($peer, new Chain());
        $context = new StreamContext($stream);
        try {
            $context->set($settings->contextOptions(self::serverName($peer, $blank)));
            (new StreamHandshake($stream, $blank))->run($settings->methods, $verifier->handshakeTimeout());
            return verifyChain($verifier, $peer, $context->chain());
        } finally {
            $context->restore();
        }
    }

    /** A-label; null for an IP address, which is never sent (RFC 6066 §3). */
    private static function serverName(Peer $peer, Report $blank): ?string
    {
        $host = $peer->serverName() ?? $blank->toArray()['host'] ?? null;
        return is_string($host) && filter_var($host, FILTER_VALIDATE_IP) === false ? $host : null;
    }
}
