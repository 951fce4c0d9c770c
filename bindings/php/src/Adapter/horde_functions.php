<?php

/**
 * Two functions of PHP in the namespace of Horde\Socket\Client, which calls them unqualified.
 *
 * @internal of StarttlsVerify\Adapter\Horde
 */

declare(strict_types=1);

namespace Horde\Socket;

/**
 * @param resource|null $context
 * @return resource|false
 */
function stream_socket_client(
    string $address,
    ?int &$number = null,
    ?string &$words = null,
    ?float $timeout = null,
    int $flags = STREAM_CLIENT_CONNECT,
    $context = null,
) {
    return \StarttlsVerify\Adapter\Horde::open($address, $number, $words, $timeout, $flags, $context ?? stream_context_create());
}

/** @param resource $stream */
function stream_socket_enable_crypto($stream, bool $enable, ?int $method = null): bool
{
    return \StarttlsVerify\Adapter\Horde::secure($stream);
}
