<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * Numbers of stv_status_code that this binding and its callers tell apart. 0 is OK, 1-99 flow,
 * 100-199 the caller's fault, 200-299 the peer's plaintext protocol, 300-399 TLS and IO, 400-499
 * verification. The library may answer numbers that are not listed here.
 */
final class Status
{
    public const OK = 0;
    public const WANT_READ = 1;
    public const WANT_WRITE = 2;
    public const CLOSED = 3;
    public const OPEN_UNVERIFIED = 4;
    public const E_NULL = 100;
    public const E_ARGUMENT = 101;
    public const E_STATE = 102;
    public const E_PANIC = 103;
    public const E_MEMORY = 104;
    public const E_OPTION_UNKNOWN = 105;
    public const E_OPTION_TYPE = 106;
    public const E_OPTION_VALUE = 107;
    public const E_INSECURE = 108;
    public const E_FILE_MISSING = 109;
    public const E_FILE_UNREADABLE = 110;
    public const E_FILE_EMPTY = 111;
    public const E_CERTIFICATE = 113;
    public const E_NAME = 114;
    public const E_PIN = 115;
    public const E_ENCODING = 116;
    public const E_UNSUPPORTED = 117;
    public const E_TLSA = 118;
    public const E_FILE_DAMAGED = 120;
    public const E_FILE_UNSAFE = 121;
    public const E_FILE_UNWRITABLE = 122;
    public const E_FILE_BUSY = 123;
    public const E_INJECTED = 203;
    public const E_TLS_HANDSHAKE = 300;
    public const E_TLS_VERSION = 301;
    public const E_TLS_ALERT = 302;
    public const E_TLS_TRUNCATED = 303;
    public const E_IO_CLOSED = 311;
    public const E_TIMEOUT = 312;
    public const E_REJECTED = 400;

    private function __construct()
    {
    }

    /** Whether a status speaks of the peer, so that there is a report: 200 to 499. */
    public static function isAboutPeer(int $status): bool
    {
        return $status >= 200 && $status <= 499;
    }

    /**
     * Whether a status says that the peer, or somebody in between, failed; the other ones about the
     * peer say that nothing could be found out.
     */
    public static function isRejection(int $status): bool
    {
        return self::isAboutPeer($status) && (intdiv($status, 100) !== 3 || $status === self::E_TLS_VERSION);
    }
}
