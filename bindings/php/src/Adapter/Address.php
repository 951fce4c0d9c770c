<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

/**
 * Where a program connects, as PHP's streams write it: "ssl://mail.bob.test:465".
 *
 * @internal
 */
final class Address
{
    private function __construct(
        public readonly string $host,
        public readonly int $port,
        /** TLS from the first byte, without STARTTLS. */
        public readonly bool $implicit,
    ) {
    }

    public static function of(string $text, int $port = 0): self
    {
        $scheme = preg_match('#^([a-z0-9.]+)://#i', $text, $found) === 1 ? strtolower($found[1]) : 'tcp';
        $rest = preg_replace('#^[a-z0-9.]+://#i', '', $text) ?? $text;
        if (preg_match('/^(\[[^]]*]|[^:]*):(\d+)$/', $rest, $parts) === 1) {
            [$rest, $port] = [$parts[1], (int) $parts[2]];
        }
        return new self($rest, $port, $scheme !== 'tcp');
    }

    /** For stream_socket_client: the TLS is ours. */
    public function plain(): string
    {
        return "tcp://{$this->host}:{$this->port}";
    }
}
