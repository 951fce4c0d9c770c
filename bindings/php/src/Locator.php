<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * Finds the library and its FFI header: as the environment says (STARTTLS_VERIFY_LIBRARY,
 * STARTTLS_VERIFY_HEADER), else packaged with the binding, else where both were installed under one
 * prefix, else where the system looks.
 *
 * @internal
 */
final class Locator
{
    public const SONAME = 'libstarttls_verify.so.0';
    public const HEADER = 'starttls_verify.php.h';

    /** Path or soname of the library, for dlopen. */
    public static function library(): string
    {
        $given = self::environment('STARTTLS_VERIFY_LIBRARY');
        if ($given !== null) {
            return $given;
        }
        foreach (self::prefixes() as $prefix) {
            $candidates = [$prefix . '/lib/' . self::SONAME, ...(glob($prefix . '/lib/*-linux-*/' . self::SONAME) ?: [])];
            foreach ($candidates as $candidate) {
                if (is_file($candidate)) {
                    return $candidate;
                }
            }
        }
        return self::SONAME;
    }

    /** Text of the header. */
    public static function header(): string
    {
        $path = self::environment('STARTTLS_VERIFY_HEADER') ?? self::packagedHeader();
        $text = $path === null ? false : @file_get_contents($path);
        if ($text === false) {
            $where = $path === null ? 'is found nowhere' : "cannot be read at {$path}";
            throw self::fault('the header ' . self::HEADER . " {$where}; set STARTTLS_VERIFY_HEADER to its path");
        }
        return $text;
    }

    /** A fault of loading, in the words given. */
    public static function fault(string $words, ?\Throwable $previous = null): LoadException
    {
        return new LoadException('libstarttls_verify: ' . $words, Status::E_UNSUPPORTED, 'STV_E_UNSUPPORTED', $previous);
    }

    private static function packagedHeader(): ?string
    {
        $places = [dirname(__DIR__), ...array_map(static fn (string $prefix): string => $prefix . '/include', self::prefixes())];
        foreach ($places as $place) {
            if (is_file($place . '/' . self::HEADER)) {
                return $place . '/' . self::HEADER;
            }
        }
        return null;
    }

    /**
     * The source tree (bindings/php/src), PREFIX/share/php/NAME/src, and the usual two.
     *
     * @return list<string>
     */
    private static function prefixes(): array
    {
        return [dirname(__DIR__, 3), dirname(__DIR__, 4), '/usr/local', '/usr'];
    }

    private static function environment(string $name): ?string
    {
        $value = getenv($name);
        return $value === false || $value === '' ? null : $value;
    }
}
