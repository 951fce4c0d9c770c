<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

use StarttlsVerify\{Peer, Report, Stream, Verifier};

/**
 * The options of each server over those of all: what other programs' settings call tls_params.
 *
 *     new Backends(
 *         ['handshake_timeout_ms' => 10_000],
 *         ['imap.bob.test' => ['cafile' => '/etc/ssl/bob.pem'], 'nas.bob.test:587' => ['pin' => [...]]],
 *     );
 *
 * A server's own options take the place of the common ones, one by one. A verifier is made at the
 * first connection to a server and kept.
 */
final class Backends
{
    /**
     * What the adapters say of a server without STARTTLS, whose programs would go on in clear.
     *
     * @internal
     */
    public const NOT_OFFERED = 'the server offers no STARTTLS (starttls.not_offered), or somebody has cut the offer out: nothing is '
        . 'sent in clear. Try another network, or ask the server\'s administrator';

    /** @var array<string, array<string, mixed>> */
    private readonly array $backends;

    /** @var array<string, Verifier> */
    private array $verifiers = [];

    /**
     * @param array<string, mixed>                $defaults   options for every server (docs/options.md)
     * @param array<string, array<string, mixed>> $backends   the same for "HOST" or "HOST:PORT"
     * @param string|null                         $configFile a configuration file below both
     */
    public function __construct(
        private readonly array $defaults = [],
        array $backends = [],
        private readonly ?string $configFile = null,
    ) {
        $this->backends = array_change_key_case($backends);
    }

    /**
     * The verifier for a server. Made anew when a file of the old one has changed.
     *
     * @param array<string, mixed> $own options of this connection, over all others
     * @throws \StarttlsVerify\StarttlsVerifyException for options that are none
     */
    public function verifier(string $host, int $port, array $own = []): Verifier
    {
        $options = $own + $this->options($host, $port) + $this->defaults;
        $key = serialize($options);
        $verifier = $this->verifiers[$key] ?? null;
        if ($verifier === null || $verifier->isStale()) {
            $verifier = new Verifier($options, $this->configFile);
            $this->verifiers[$key] = $verifier;
        }
        return $verifier;
    }

    /**
     * TLS on a stream whose program has heard the go-ahead, as Stream::enableCrypto.
     *
     * @param resource             $stream
     * @param array<string, mixed> $own
     * @throws \StarttlsVerify\StarttlsVerifyException the stream is closed
     */
    public function secure($stream, string $host, int $port, string $protocol, array $own = []): Report
    {
        try {
            $verifier = $this->verifier($host, $port, $own);
            $peer = new Peer(trim($host, '[]'), $protocol, $port);
        } catch (\Throwable $fault) {
            fclose($stream);
            throw $fault;
        }
        return Stream::enableCrypto($stream, $verifier, $peer);
    }

    /** @return array<string, mixed> */
    private function options(string $host, int $port): array
    {
        $host = strtolower($host);
        return ($this->backends["{$host}:{$port}"] ?? []) + ($this->backends[$host] ?? []);
    }
}
