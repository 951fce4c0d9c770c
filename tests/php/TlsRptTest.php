<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests;

use StarttlsVerify\ArgumentException;
use StarttlsVerify\Peer;
use StarttlsVerify\PeerException;
use StarttlsVerify\Session;
use StarttlsVerify\TlsRpt;

final class TlsRptTest extends LabCase
{
    /** @param array<string, mixed> $other */
    private static function begun(array $other = []): TlsRpt
    {
        return new TlsRpt(...$other + ['domain' => 'bob.test', 'id' => '2026-11-27-1', 'organization' => 'Alice "&" Co. ü',
            'contact' => 'tls@alice.test', 'begin' => 0, 'end' => 86399]);
    }

    /** Counts a session with a server of the lab; gives what it counted as. */
    private static function add(TlsRpt $rpt, string $scenario): string
    {
        $session = self::session($scenario);
        try {
            $session->connect();
        } catch (PeerException) {
        }
        $rpt->add($session);
        return $session->tlsRptResult();
    }

    public function testSessionsAreSummed(): void
    {
        $rpt = self::begun(['sendingIp' => '192.0.2.1']);
        self::assertSame('success', self::add($rpt, 'honest'));
        self::assertSame('certificate-host-mismatch', self::add($rpt, 'eve'));
        self::assertSame('starttls-not-supported', self::add($rpt, 'stripped'));
        self::assertSame([1, 2], [$rpt->successes(), $rpt->failures()]);
        $report = json_decode($rpt->json(), true, 16, JSON_THROW_ON_ERROR);
        self::assertSame('Alice "&" Co. ü', $report['organization-name']);
        $rows = array_column($report['policies'][0]['failure-details'], null, 'result-type');
        self::assertSame('192.0.2.1', $rows['certificate-host-mismatch']['sending-mta-ip']);
        self::assertSame('name.mismatch', $rows['certificate-host-mismatch']['failure-reason-code']);
        self::assertSame($rpt->json(), gzdecode($rpt->gzip()));
        self::assertSame('alice.test!bob.test!0!86399!202611271.json.gz', $rpt->fileName());
    }

    public function testNoDomainIsToldOfAnothers(): void
    {
        $rpt = self::begun();
        $session = new Session(self::verifier(), new Peer(self::BOB, 'imap'));
        self::assertStringContainsString('imap', self::failing(static fn () => $rpt->add($session))->getMessage());
        self::assertSame([0, 0], [$rpt->successes(), $rpt->failures()]);
    }

    /** @return iterable<array{array<string, mixed>}> */
    public static function wrong(): iterable
    {
        yield [['organization' => '']];
        yield [['organization' => "a\0b"]];
        yield [['organization' => "a\nb"]];
        yield [['organization' => "\xff"]];
        yield [['organization' => str_repeat('a', 1 << 20)]];
        yield [['contact' => 'alice.test']];
        yield [['domain' => "bob.test\0.eve.test"]];
        yield [['id' => '']];
        yield [['begin' => -1]];
        yield [['end' => PHP_INT_MAX]];
        yield [['begin' => 9, 'end' => 8]];
        yield [['sendingIp' => 'localhost']];
    }

    /**
     * @param array<string, mixed> $wrong
     * @dataProvider wrong
     */
    public function testWhatCannotStandInAReport(array $wrong): void
    {
        self::assertInstanceOf(ArgumentException::class, self::failing(static fn () => self::begun($wrong)));
    }

    public function testDestinations(): void
    {
        $rpt = self::begun();
        self::assertSame(['mailto:a@bob.test', 'https://bob.test/r'], $rpt->destinations('v=TLSRPTv1; rua=mailto:a@bob.test,https://bob.test/r'));
        self::assertInstanceOf(ArgumentException::class, self::failing(static fn () => $rpt->destinations('v=TLSRPTv1')));
    }
}
