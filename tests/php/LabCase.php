<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests;

use PHPUnit\Framework\TestCase;
use StarttlsVerify\Peer;
use StarttlsVerify\PeerException;
use StarttlsVerify\Session;
use StarttlsVerify\StarttlsVerifyException;
use StarttlsVerify\Verifier;

/** A test that talks to the servers of the lab. */
abstract class LabCase extends TestCase
{
    protected const BOB = 'mail.bob.test';
    protected const EVE = 'the certificate is for mail.eve.test, but mail.bob.test was wanted';

    protected static function lab(): Lab
    {
        return Lab::running();
    }

    /** @param array<string, mixed> $options */
    protected static function verifier(array $options = []): Verifier
    {
        return new Verifier($options + ['cafile' => self::lab()->ca(), 'negotiation_timeout_ms' => 2000, 'handshake_timeout_ms' => 2000]);
    }

    protected static function peer(string $scenario): Peer
    {
        return new Peer(self::lab()->scenario($scenario)['host'], 'smtp', connect: self::lab()->address($scenario));
    }

    /** @param array<string, mixed> $options */
    protected static function session(string $scenario, array $options = []): Session
    {
        return new Session(self::verifier($options), self::peer($scenario));
    }

    /** @param callable(): mixed $act */
    protected static function refused(callable $act): PeerException
    {
        $fault = self::failing($act);
        self::assertInstanceOf(PeerException::class, $fault);
        return $fault;
    }

    /** @param callable(): mixed $act */
    protected static function failing(callable $act): StarttlsVerifyException
    {
        try {
            $act();
        } catch (StarttlsVerifyException $exception) {
            return $exception;
        }
        self::fail('nothing was thrown');
    }

    /**
     * A PHP program in a process of its own, with this binding loaded: what it printed.
     *
     * @param list<string>          $flags       of php
     * @param array<string, string> $environment besides ours
     */
    protected static function php(string $code, array $flags = [], array $environment = []): string
    {
        $autoload = var_export(dirname(__DIR__, 2) . '/bindings/php/autoload.php', true);
        $file = (string) tempnam(sys_get_temp_dir(), 'stv');
        file_put_contents($file, "<?php require_once {$autoload}; {$code}");
        $command = [PHP_BINARY, ...$flags, $file];
        $process = proc_open($command, [['file', '/dev/null', 'r'], ['pipe', 'w'], ['redirect', 1]], $pipes, null, $environment + getenv());
        self::assertIsResource($process);
        $printed = (string) stream_get_contents($pipes[1]);
        proc_close($process);
        unlink($file);
        return $printed;
    }
}
