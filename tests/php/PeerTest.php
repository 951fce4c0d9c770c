<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests;

use StarttlsVerify\ArgumentException;
use StarttlsVerify\Chain;
use StarttlsVerify\Peer;
use StarttlsVerify\TlsaState;

final class PeerTest extends LabCase
{
    /** Cut at the NUL, it would be Bob. */
    public function testAHostWithANulIsRefused(): void
    {
        $fault = self::failing(static fn () => new Peer("mail.bob.test\0.evil"));
        self::assertInstanceOf(ArgumentException::class, $fault);
        self::assertSame('STV_E_ENCODING', $fault->getStatusName());
        self::assertStringContainsString('NUL', $fault->getMessage());
    }

    /** @dataProvider wrong */
    public function testWhatIsNoPeer(string $status, callable $make): void
    {
        $fault = self::failing($make);
        self::assertSame($status, $fault->getStatusName());
        self::assertNotSame('', $fault->getMessage());
    }

    /** @return array<string, array{string, callable(): mixed}> */
    public function wrong(): array
    {
        return [
            'empty' => ['STV_E_NAME', static fn () => new Peer('')],
            'any subdomain' => ['STV_E_NAME', static fn () => new Peer('.bob.test')],
            'wildcard' => ['STV_E_NAME', static fn () => new Peer('*.bob.test')],
            'not UTF-8' => ['STV_E_ENCODING', static fn () => new Peer("mail.b\xfccher.test")],
            'protocol' => ['STV_E_ARGUMENT', static fn () => new Peer(self::BOB, 'gopher')],
            'protocol with NUL' => ['STV_E_ARGUMENT', static fn () => new Peer(self::BOB, "smtp\0")],
            'port' => ['STV_E_ARGUMENT', static fn () => new Peer(self::BOB, 'smtp', 65_561)],
            'negative port' => ['STV_E_ARGUMENT', static fn () => new Peer(self::BOB, 'smtp', -1)],
            'huge port' => ['STV_E_ARGUMENT', static fn () => new Peer(self::BOB, 'smtp', (1 << 32) + 25)],
            'connect' => ['STV_E_ARGUMENT', static fn () => new Peer(self::BOB, 'smtp', connect: '127.0.0.1:0')],
            'connect with NUL' => ['STV_E_ENCODING', static fn () => new Peer(self::BOB, 'smtp', connect: "127.0.0.1\0:25")],
            'SNI' => ['STV_E_NAME', static fn () => new Peer(self::BOB, 'smtp', serverName: '127.0.0.1')],
            'reference' => ['STV_E_NAME', static fn () => new Peer(self::BOB, references: ['mail.bob.test'])],
            'reference with NUL' => ['STV_E_ENCODING', static fn () => new Peer(self::BOB, references: ["dns:a.test\0"])],
            'reference of no type' => ['STV_E_ARGUMENT', static fn () => new Peer(self::BOB, references: [1])],
            'TLSA record' => ['STV_E_TLSA', static fn () => new Peer(self::BOB, tlsa: ['3 1 1 0'])],
            'TLSA record with NUL' => ['STV_E_ENCODING', static fn () => new Peer(self::BOB, tlsa: ["3 1 1 00\0"])],
            'TLSA record of no type' => ['STV_E_ARGUMENT', static fn () => new Peer(self::BOB, tlsa: [311])],
            'too many TLSA records' => ['STV_E_TLSA', static fn () => new Peer(self::BOB, tlsa: array_fill(0, 101, '3 1 1'))],
            'TLSA base' => ['STV_E_NAME', static fn () => new Peer(self::BOB, tlsaBase: '127.0.0.1')],
            'URL' => ['STV_E_ARGUMENT', static fn () => Peer::fromUrl('mail.bob.test')],
            'URL with a path' => ['STV_E_ARGUMENT', static fn () => Peer::fromUrl('smtp://mail.bob.test/x')],
            'URL with a user' => ['STV_E_ARGUMENT', static fn () => Peer::fromUrl('smtp://eve@mail.bob.test')],
            'URL with a line' => ['STV_E_ARGUMENT', static fn () => Peer::fromUrl("smtp://mail.bob.test\n")],
        ];
    }

    public function testUrls(): void
    {
        $table = [
            'smtp://mail.bob.test' => 'smtp://mail.bob.test:25',
            'SUBMISSION://mail.bob.test/' => 'submission://mail.bob.test:587',
            'smtp://[::1]:2525' => 'smtp://[::1]:2525',
        ];
        foreach ($table as $url => $target) {
            $summary = self::verifier()->judge(Peer::fromUrl($url), new Chain())->summary();
            self::assertStringStartsWith("REJECTED {$target} [chain.empty]", $summary);
        }
    }

    public function testAFurtherNameIsEnough(): void
    {
        $chain = new Chain([self::lab()->chain('eve')]);
        self::assertFalse(self::verifier()->judge(new Peer(self::BOB), $chain)->isTrusted());
        self::assertTrue(self::verifier()->judge(new Peer(self::BOB, references: ['dns:mail.eve.test']), $chain)->isTrusted());
    }

    public function testTlsaRecordsDecide(): void
    {
        $chain = new Chain([self::lab()->chain('self-signed')]);
        $judge = static fn (Peer $peer) => self::verifier()->judge($peer, $chain);
        $record = $judge(new Peer(self::BOB))->toArray()['certificates'][0]['fingerprints']['tlsa'];
        $other = '3 1 1 ' . str_repeat('00', 32);
        $table = [
            ['', new Peer(self::BOB, 'smtp', tlsa: [$other, $record])],
            ['dane.mismatch', new Peer(self::BOB, 'smtp', tlsa: [$other])],
            ['', new Peer('mail.eve.test', 'smtp', tlsa: [$record], tlsaState: TlsaState::Secure)],
            ['chain.self_signed', new Peer(self::BOB, tlsa: [$record], tlsaState: TlsaState::Insecure)],
            ['chain.self_signed', new Peer(self::BOB, tlsaState: TlsaState::Secure)],
        ];
        foreach ($table as [$code, $peer]) {
            self::assertSame($code, $judge($peer)->code());
        }
        foreach (['dane.bogus' => TlsaState::Bogus, 'dane.lookup_failed' => TlsaState::LookupFailed] as $code => $state) {
            $report = $judge(new Peer(self::BOB, tlsa: [$record], tlsaState: $state));
            self::assertFalse($report->isTrusted());
            self::assertStringContainsString($code, $report->text());
        }
    }
}
