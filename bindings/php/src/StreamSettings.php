<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * What a Verifier's options mean to PHP's streams. Those that PHP cannot obey are refused, not
 * ignored.
 *
 * @internal
 */
final class StreamSettings
{
    /** Options whose names and meaning are PHP's. */
    private const SAME = ['ciphers', 'local_cert', 'local_pk', 'passphrase', 'security_level'];
    private const UNABLE = ['ciphersuites', 'groups', 'insecure_min_tls', 'audit'];
    private const METHODS = ['1.2' => STREAM_CRYPTO_METHOD_TLSv1_2_CLIENT, '1.3' => STREAM_CRYPTO_METHOD_TLSv1_3_CLIENT];

    /** @param array<string, mixed> $same */
    private function __construct(
        public readonly int $methods,
        private readonly bool $sendsName,
        private readonly array $same,
    ) {
    }

    /** The settings of a verifier. */
    public static function of(Verifier $verifier, Peer $peer): self
    {
        foreach (self::UNABLE as $name) {
            if (!in_array($verifier->option($name), [null, false], true)) {
                throw $peer->handle()->library->fault(Status::E_UNSUPPORTED, "option {$name} is for sessions; PHP's own streams cannot do it");
            }
        }
        $same = [];
        foreach (self::SAME as $name) {
            $same[$name] = $verifier->option("insecure_{$name}") ?? $verifier->option($name);
        }
        $sendsName = $verifier->option('SNI_enabled') !== false;
        return new self(self::methods($verifier), $sendsName, array_filter($same, static fn (mixed $value): bool => $value !== null));
    }

    /**
     * The ssl context options for one handshake. PHP verifies nothing itself: it would refuse
     * without a reason, and keep the chain to itself.
     *
     * @return array<string, mixed>
     */
    public function contextOptions(?string $serverName): array
    {
        $sends = $this->sendsName && $serverName !== null;
        return [
            'verify_peer' => false,
            'verify_peer_name' => false,
            'capture_peer_cert_chain' => true,
            // A context may have served another peer: his chain must not be judged for this one.
            'peer_certificate_chain' => null,
            'SNI_enabled' => $sends,
        ] + ($sends ? ['peer_name' => $serverName] : []) + $this->same;
    }

    private static function methods(Verifier $verifier): int
    {
        $least = $verifier->option('min_tls') ?? '1.2';
        $most = $verifier->option('max_tls') ?? '1.3';
        $methods = 0;
        foreach (self::METHODS as $version => $method) {
            if (version_compare($version, $least, '>=') && version_compare($version, $most, '<=')) {
                $methods |= $method;
            }
        }
        return $methods;
    }
}
