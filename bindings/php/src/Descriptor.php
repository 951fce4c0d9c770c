<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * What stands behind a PHP stream: its file descriptor and what PHP has buffered. PHP does not tell
 * the descriptor; it is found by inode among those of the process.
 *
 * @internal
 */
final class Descriptor
{
    /** The descriptor of a stream, or of a duplicate of it. */
    public static function of(mixed $stream): int
    {
        $stat = fstat(self::stream($stream));
        $fds = scandir('/proc/self/fd');
        foreach ($fds === false || $stat === false ? [] : $fds as $fd) {
            $other = ctype_digit($fd) ? @stat("/proc/self/fd/{$fd}") : false;
            if ($other !== false && $other['ino'] === $stat['ino'] && $other['dev'] === $stat['dev']) {
                return (int) $fd;
            }
        }
        throw Library::shared()->fault(Status::E_ARGUMENT, 'the stream has no file descriptor');
    }

    /** Octets that PHP has read from the peer and the program has not read from PHP. */
    public static function unread(mixed $stream): int
    {
        return stream_get_meta_data(self::stream($stream))['unread_bytes'];
    }

    /**
     * The stream, if it is one that is open.
     *
     * @return resource
     */
    public static function stream(mixed $stream)
    {
        if (!is_resource($stream) || get_resource_type($stream) !== 'stream') {
            throw Library::shared()->fault(Status::E_ARGUMENT, 'an open stream is wanted; ' . get_debug_type($stream) . ' given');
        }
        return $stream;
    }
}
