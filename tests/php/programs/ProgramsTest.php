<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests\Programs;

use PHPUnit\Framework\TestCase;
use StarttlsVerify\Tests\Lab;

/**
 * Real mail programs with our adapters against every scenario of the lab: the right verdict, the
 * reason in the program's own error, no password in clear or to anybody but Bob, no hang.
 */
final class ProgramsTest extends TestCase
{
    /** What the host programs do not allow. One that is right in all of them is stale, and fails. */
    private const LIMITS = [
        'revoked-staple' => "PHP's streams ask for no OCSP response: trusted",
        'must-staple' => "PHP's streams ask for no OCSP response: refused",
        'pipelined' => 'the program reads the early go-ahead itself: trusted',
        'idn-u-label' => 'the programs want A-labels and cannot resolve this one',
    ];
    /** A Cyrillic letter: no program gets as far as a certificate. */
    private const UNRESOLVED = ['homograph', 'idn-u-label'];

    /** Roundcube makes its connections for SMTP itself, with PHP's own words for what fails in TLS. */
    private const TERSE = 'Roundcube SMTP';

    /** @var array<string, true> the limits that were met */
    private static array $met = [];

    /** @var array<string, resource> */
    private static array $processes = [];

    /** @var array<string, resource> */
    private static array $outputs = [];

    /** @var array<string, resource> what they complain of, most of it warnings of the programs' own */
    private static array $complaints = [];

    public static function setUpBeforeClass(): void
    {
        foreach (array_keys(Programs::all()) as $program) {
            $command = [dirname(__DIR__) . '/hosts.sh', PHP_BINARY, __DIR__ . '/play.php', $program];
            self::$complaints[$program] = tmpfile();
            $process = proc_open($command, [['file', '/dev/null', 'r'], ['pipe', 'w'], self::$complaints[$program]], $pipes);
            self::assertIsResource($process);
            [self::$processes[$program], self::$outputs[$program]] = [$process, $pipes[1]];
        }
    }

    /** @return iterable<string, array{string, string}> */
    public function programs(): iterable
    {
        foreach (Programs::all() as $program => [$protocol]) {
            yield $program => [$program, $protocol];
        }
    }

    /** @dataProvider programs */
    public function testEveryScenario(string $program, string $protocol): void
    {
        $lines = array_filter(explode("\n", (string) stream_get_contents(self::$outputs[$program])));
        $ended = proc_close(self::$processes[$program]);
        rewind(self::$complaints[$program]);
        self::assertSame(0, $ended, (string) stream_get_contents(self::$complaints[$program], 2000));
        $scenarios = Lab::running($protocol)->scenarios();
        self::assertCount(count($scenarios) - count(Programs::OUT_OF_REACH), $lines);
        $faults = [];
        foreach ($lines as $line) {
            $row = json_decode($line, true, 8, JSON_THROW_ON_ERROR);
            $fault = self::fault($row, $scenarios[$row['id']], $program);
            if ($fault !== null && isset(self::LIMITS[$row['id']])) {
                self::$met[$row['id']] = true;
            } elseif ($fault !== null) {
                $faults[] = "{$row['id']}: {$fault}; it said: {$row['reason']}";
            }
        }
        self::assertSame([], $faults);
    }

    /** @depends testEveryScenario */
    public function testTheLimitsAreReal(): void
    {
        self::assertSame([], array_diff_key(self::LIMITS, self::$met));
    }

    /**
     * @param array{id: string, reason: string|null, seconds: float, notes: string, clear: string} $row
     * @param array{expect: string, code: string|null, deadline_ms: int} $wanted
     */
    private static function fault(array $row, array $wanted, string $program): ?string
    {
        $trusted = $wanted['expect'] === 'trusted';
        $words = (string) $row['reason'];
        return match (true) {
            preg_match('/^(UNEXPECTED|DIED)/', $words) === 1 => 'the program broke',
            $trusted !== ($row['reason'] === null) => $trusted ? 'Bob is refused' : 'a wrong server is trusted',
            !$trusted && $row['notes'] !== '' => 'the password is gone',
            $trusted && $row['notes'] === '' => 'nobody logged in',
            self::holdsPassword($row['clear']) => 'the password went in clear',
            $row['seconds'] > $wanted['deadline_ms'] / 500 + 5 => 'it took too long',
            !self::isVisible($row['id'], (string) $wanted['code'], $words, $program) => "the reason {$wanted['code']} is not told",
            default => null,
        };
    }

    private static function holdsPassword(string $clear): bool
    {
        $plain = base64_encode("\0bob\0" . Programs::PASSWORD);
        return str_contains($clear, Programs::PASSWORD) || str_contains($clear, $plain);
    }

    /** What the judge found; what the program itself met in clear it tells in words of its own. */
    private static function isVisible(string $id, string $code, string $words, string $program): bool
    {
        $judged = $program === self::TERSE ? '/^(chain|name|revocation)\./' : '/^(chain|name|tls|revocation)\.|plaintext_injection$/';
        $ours = preg_match($judged, $code) === 1;
        return !$ours || in_array($id, self::UNRESOLVED, true) || str_contains($words, $code);
    }
}
