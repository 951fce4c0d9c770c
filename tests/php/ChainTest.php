<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests;

use StarttlsVerify\Chain;
use StarttlsVerify\Peer;
use StarttlsVerify\RejectedException;
use StarttlsVerify\Status;

use function StarttlsVerify\verifyChain;

/** A chain that the caller has. */
final class ChainTest extends LabCase
{
    public function testBobsChainIsTrustedInDerAndPem(): void
    {
        $pem = self::lab()->chain('honest');
        foreach ([[$pem], self::ders($pem)] as $certificates) {
            self::assertTrue(verifyChain(self::verifier(), new Peer(self::BOB), $certificates)->isTrusted());
        }
        self::assertCount(count(self::ders($pem)), new Chain([$pem]));
    }

    public function testEvesChainIsRefusedWithTheWords(): void
    {
        $certificates = self::ders(self::lab()->chain('eve'));
        $fault = self::refused(static fn () => verifyChain(self::verifier(), new Peer(self::BOB), $certificates));
        self::assertInstanceOf(RejectedException::class, $fault);
        self::assertStringContainsString('[name.mismatch] ' . self::EVE, $fault->getMessage());
        $report = self::verifier()->judge(new Peer(self::BOB), new Chain($certificates));
        self::assertSame($fault->getReport()->code(), $report->code());
    }

    public function testEveryChainOfTheLab(): void
    {
        $judged = 0;
        foreach (self::lab()->scenarios() as $id => $scenario) {
            $code = $scenario['code'] ?? '';
            if (preg_match('/\A(|chain\..*|name\..*|revocation\..*)\z/', $code) !== 1) {
                continue;
            }
            $chain = (new Chain([self::lab()->chain($id)]))->setOcsp(self::lab()->staple($id));
            $report = self::verifier()->judge(new Peer($scenario['host']), $chain);
            self::assertSame([$code === '', $code], [$report->isTrusted(), $report->code()], $id);
            $judged++;
        }
        self::assertGreaterThan(30, $judged);
    }

    public function testAnEmptyChainIsNobody(): void
    {
        self::assertSame('chain.empty', self::refused(static fn () => verifyChain(self::verifier(), new Peer(self::BOB), []))->getFindingCode());
    }

    public function testWhatIsNoCertificateIsRefused(): void
    {
        $der = self::ders(self::lab()->chain('honest'))[0];
        foreach (['', 'x', $der . "\0", substr($der, 0, -1), "-----BEGIN CERTIFICATE-----\n", 7, null] as $wrong) {
            $fault = self::failing(static fn () => new Chain([$wrong]));
            self::assertContains($fault->getCode(), [Status::E_CERTIFICATE, Status::E_ARGUMENT]);
            self::assertNotSame('', $fault->getMessage());
        }
    }

    public function testAFileThatIsMissing(): void
    {
        foreach (['/nowhere/chain.pem', "/etc/passwd\0.pem"] as $path) {
            self::assertSame(Status::E_FILE_UNREADABLE, self::failing(static fn () => Chain::fromFile($path))->getCode());
        }
    }

    public function testTheExampleProgram(): void
    {
        $program = escapeshellarg(dirname(__DIR__, 2) . '/examples/php/verify_chain.php');
        $ca = escapeshellarg(self::lab()->ca());
        foreach (['honest' => 0, 'eve' => 1, 'nobody' => 2] as $id => $wanted) {
            $file = escapeshellarg(self::lab()->directory . "/{$id}/chain.pem");
            exec(escapeshellarg(PHP_BINARY) . " {$program} mail.bob.test {$file} {$ca} 2>&1", $lines, $exit);
            self::assertSame($wanted, $exit, implode("\n", $lines));
        }
    }

    /** @return list<string> */
    private static function ders(string $pem): array
    {
        preg_match_all('/-----BEGIN CERTIFICATE-----(.*?)-----END/s', $pem, $parts);
        return array_map(static fn (string $body): string => (string) base64_decode($body), $parts[1]);
    }
}
