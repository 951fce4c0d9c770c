<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

use StarttlsVerify\StarttlsVerifyException;
use Symfony\Component\Mailer\Exception\TransportException;
use Symfony\Component\Mailer\Transport\Smtp\Stream\{AbstractStream, SocketStream};

/**
 * Symfony's stream seen from outside: all is Symfony's but the start of TLS. SocketStream is final,
 * and its resource is behind a protected property that this class inherits.
 *
 * @mixin SocketStream
 * @internal
 */
final class SymfonyStream extends AbstractStream
{
    public function __construct(
        private readonly AbstractStream $inner,
        private readonly Backends $backends,
        private readonly string $host,
        private readonly int $port,
    ) {
    }

    public function isTLS(): bool
    {
        return $this->isSecured();
    }

    public function startTLS(): bool
    {
        try {
            $this->backends->secure($this->inner->stream, $this->host, $this->port, $this->port === 587 ? 'submission' : 'smtp');
            return true;
        } catch (StarttlsVerifyException $fault) {
            $this->inner->stream = null;
            throw new TransportException($fault->getMessage(), 0, $fault);
        }
    }

    /** TLS stands, and nobody but startTLS began it. */
    public function isSecured(): bool
    {
        return is_resource($this->inner->stream) && isset(stream_get_meta_data($this->inner->stream)['crypto']);
    }

    public function write(string $bytes, bool $debug = true): void
    {
        $this->inner->write($bytes, $debug);
    }

    public function flush(): void
    {
        $this->inner->flush();
    }

    public function initialize(): void
    {
        $this->inner->initialize();
    }

    public function terminate(): void
    {
        $this->inner->terminate();
    }

    public function readLine(): string
    {
        return $this->inner->readLine();
    }

    public function getDebug(): string
    {
        return $this->inner->getDebug();
    }

    protected function getReadConnectionDescription(): string
    {
        return $this->inner->getReadConnectionDescription();
    }

    /** @param list<mixed> $arguments */
    public function __call(string $name, array $arguments): mixed
    {
        $answer = $this->inner->{$name}(...$arguments);
        return $answer === $this->inner ? $this : $answer;
    }
}
