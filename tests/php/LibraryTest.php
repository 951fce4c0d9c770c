<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests;

use StarttlsVerify\Chain;
use StarttlsVerify\Library;
use StarttlsVerify\Outcome;
use StarttlsVerify\Peer;
use StarttlsVerify\Session;
use StarttlsVerify\StateException;
use StarttlsVerify\Status;
use StarttlsVerify\Verdict;
use StarttlsVerify\Verifier;

final class LibraryTest extends LabCase
{
    public function testItIsUnloadedAndLoadedAgain(): void
    {
        for ($round = 0; $round < 20; $round++) {
            $session = self::session('honest');
            self::assertTrue($session->connect()->isTrusted());
            $session->close();
            unset($session);
            self::refused(static fn () => self::session('eve')->connect());
            Library::unload();
            gc_collect_cycles();
        }
        self::assertMatchesRegularExpression('/\A\d+\.\d+\.\d+/', Library::version());
    }

    public function testObjectsOutliveUnloading(): void
    {
        $session = self::session('honest');
        $session->connect();
        $verifier = self::verifier();
        [$peer, $chain] = [self::peer('honest'), new Chain([self::lab()->chain('honest')])];
        Library::unload();
        $session->write("EHLO localhost\r\n");
        self::assertStringStartsWith('250', (string) $session->read());
        self::assertTrue($verifier->judge($peer, $chain)->isTrusted());
    }

    public function testObjectsOfTwoLoadingsDoNotMix(): void
    {
        $verifier = self::verifier();
        Library::unload();
        $fault = self::failing(static fn () => $verifier->judge(new Peer(self::BOB), new Chain()));
        self::assertInstanceOf(StateException::class, $fault);
        self::assertStringContainsString('unloaded and loaded again', $fault->getMessage());
    }

    public function testNumbersAreThoseOfTheHeader(): void
    {
        $header = (string) file_get_contents(dirname(__DIR__, 2) . '/include/starttls_verify.php.h');
        foreach ((new \ReflectionClass(Status::class))->getConstants() as $name => $number) {
            self::assertMatchesRegularExpression("/\\bSTV_{$name} = {$number}\\b/", $header);
        }
        $enums = ['VERDICT' => Verdict::cases(), 'OUTCOME' => Outcome::cases()];
        foreach ($enums as $prefix => $cases) {
            self::assertSame(count($cases), preg_match_all("/^    STV_{$prefix}_/m", $header));
            foreach ($cases as $case) {
                self::assertMatchesRegularExpression('/\bSTV_' . $prefix . '_' . strtoupper($case->name) . " = {$case->value}\\b/", $header);
                self::assertSame(Library::shared()->text('stv_' . strtolower($prefix) . '_name', $case->value), $case->word());
            }
        }
        self::assertSame(Library::ABI_LEVEL, Library::shared()->number('stv_abi_level'));
    }

    /** @dataProvider misfortunes */
    public function testWhenItCannotBeLoadedTheWordsSayWhatToDo(string $words, array $flags, array $environment): void
    {
        $code = 'try { echo StarttlsVerify\Library::version(); } catch (StarttlsVerify\LoadException $e) { echo $e->getStatusName(), " ", $e->getMessage(); }';
        $printed = self::php($code, $flags, $environment);
        self::assertStringStartsWith('STV_E_UNSUPPORTED libstarttls_verify: ', $printed);
        self::assertStringContainsString($words, $printed);
    }

    /** @return array<string, array{string, list<string>, array<string, string>}> */
    public function misfortunes(): array
    {
        return [
            'FFI forbidden' => ['ffi.enable=true', ['-d', 'ffi.enable=0'], []],
            'no library' => ['STARTTLS_VERIFY_LIBRARY', [], ['STARTTLS_VERIFY_LIBRARY' => '/nowhere/lib.so']],
            'another library' => ['do not belong together', [], ['STARTTLS_VERIFY_LIBRARY' => 'libc.so.6']],
            'no header' => ['STARTTLS_VERIFY_HEADER', [], ['STARTTLS_VERIFY_HEADER' => '/nowhere/x.h']],
        ];
    }

    public function testAnOldLibraryIsRefusedBeforeItsSymbolsAreLookedFor(): void
    {
        $file = sys_get_temp_dir() . '/stv-old-' . getmypid();
        file_put_contents("{$file}.c", 'unsigned stv_abi_level(void) { return 0; }');
        exec('cc -shared -fPIC -o ' . escapeshellarg("{$file}.so") . ' ' . escapeshellarg("{$file}.c"), $lines, $exit);
        self::assertSame(0, $exit);
        $printed = self::php(
            'try { StarttlsVerify\Library::version(); } catch (StarttlsVerify\LoadException $e) { echo $e->getMessage(); }',
            [],
            ['STARTTLS_VERIFY_LIBRARY' => "{$file}.so"],
        );
        array_map(unlink(...), ["{$file}.c", "{$file}.so"]);
        self::assertSame('libstarttls_verify: the library found is too old: it has ABI level 0, this binding needs 1; install a newer one', $printed);
    }

    public function testItIsPreloadedForFpm(): void
    {
        $header = (string) tempnam(sys_get_temp_dir(), 'stv');
        file_put_contents($header, Library::scopeHeader());
        $preload = dirname(__DIR__, 2) . '/bindings/php/preload.php';
        $flags = ['-d', 'opcache.enable_cli=1', '-d', "opcache.preload={$preload}", '-d', 'ffi.enable=preload', '-d', "ffi.preload={$header}"];
        if (posix_geteuid() === 0) {
            // Else PHP refuses to preload as root.
            array_push($flags, '-d', 'opcache.preload_user=root');
        }
        $code = 'var_dump(StarttlsVerify\Library::isInScope(), StarttlsVerify\Library::version() !== "");'
            . 'try { new StarttlsVerify\Peer("a\0b"); } catch (StarttlsVerify\ArgumentException $e) { echo $e->getStatusName(); }';
        self::assertStringEndsWith("bool(true)\nbool(true)\nSTV_E_ENCODING", self::php($code, $flags));
        unlink($header);
    }

    public function testAfterAForkVerifiersWorkAndSessionsDoNot(): void
    {
        $verifier = self::verifier();
        $session = self::session('honest');
        $session->connect();
        $child = pcntl_fork();
        if ($child === 0) {
            self::inTheChild($verifier, $session);
        }
        pcntl_waitpid($child, $status);
        self::assertSame(0, pcntl_wexitstatus($status), 'a step of the child failed');
        $session->write("EHLO localhost\r\n");
        self::assertStringStartsWith('250', (string) $session->read());
    }

    /** @param-out null $session */
    private static function inTheChild(Verifier $verifier, ?Session &$session): never
    {
        $right = false;
        try {
            $session->write("QUIT\r\n");
        } catch (StateException) {
            $chain = new Chain([self::lab()->chain('eve')]);
            $right = $verifier->judge(new Peer(self::BOB), $chain)->code() === 'name.mismatch';
        }
        // Frees the child's session; then nothing of PHPUnit may run here.
        $session = null;
        pcntl_exec($right ? '/bin/true' : '/bin/false');
        exit(9);
    }

    public function testHandlesAreNotSerialised(): void
    {
        $this->expectException(StateException::class);
        serialize(self::peer('honest'));
    }

    public function testNothingLeaks(): void
    {
        $descriptors = static fn (): int => count(scandir('/proc/self/fd') ?: []);
        $round = static function (): void {
            self::session('honest')->connect();
            self::refused(static fn () => self::session('eve')->connect());
            gc_collect_cycles();
        };
        $round();
        [$before, $memory] = [$descriptors(), memory_get_usage()];
        for ($count = 0; $count < 50; $count++) {
            $round();
        }
        self::assertSame($before, $descriptors());
        self::assertLessThan(200_000, memory_get_usage() - $memory);
    }
}
