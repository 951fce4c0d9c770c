<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests;

use StarttlsVerify\ArgumentException;
use StarttlsVerify\KnownPeers;
use StarttlsVerify\Peer;
use StarttlsVerify\Session;
use StarttlsVerify\StateException;

final class KnownPeersTest extends LabCase
{
    private const PIN = 'spki-sha256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=';

    private string $directory = '';

    protected function setUp(): void
    {
        $this->directory = sys_get_temp_dir() . '/stv-php-known-' . getmypid();
        mkdir($this->directory, 0700);
    }

    protected function tearDown(): void
    {
        array_map('unlink', glob("{$this->directory}/*") ?: []);
        rmdir($this->directory);
    }

    private function store(bool $create = true): KnownPeers
    {
        return new KnownPeers("{$this->directory}/peers", $create);
    }

    private static function bob(string $scenario): Peer
    {
        return new Peer(self::BOB, 'smtp', connect: self::lab()->address($scenario));
    }

    public function testFromTheFirstUseToAChangedKey(): void
    {
        [$known, $accepting] = [$this->store(), self::verifier(['accept_new' => true])];
        $session = new Session(self::verifier(), self::bob('honest'), $known);
        self::assertSame('known.new', self::refused($session->connect(...))->getFindingCode());
        self::assertInstanceOf(StateException::class, self::failing(static fn () => $known->remember($session)));
        self::assertSame([], $known->peers());

        $peer = self::bob('honest');
        for ($round = 0; $round < 2; $round++) {
            $session = new Session($accepting, $peer, $known);
            self::assertTrue($session->connect()->isTrusted());
            $session->write("EHLO localhost\r\n");
            self::assertNotSame('', $session->read());
            // The second is resumed and shows no certificate: there is nothing to take down.
            self::assertSame($round === 0, $known->remember($session));
            $session->close();
        }
        [$entry] = $known->peers();
        self::assertSame('smtp://mail.bob.test:25', $entry['peer']);
        self::assertSame(['127.0.0.1'], $entry['addresses']);

        self::assertTrue((new Session(self::verifier(), self::bob('honest'), $known))->connect()->isTrusted());
        $session = new Session($accepting, self::bob('honest-rsa'), $known);
        self::assertSame('known.changed', self::refused($session->connect(...))->getFindingCode());
    }

    public function testASessionThatDidNotAskIsNotRemembered(): void
    {
        $known = $this->store();
        $session = self::session('honest');
        $session->connect();
        $fault = self::failing(static fn () => $known->remember($session));
        self::assertInstanceOf(StateException::class, $fault);
        $session = self::session('honest', ['known_peers' => 'known-and-pkix']);
        self::assertSame('known.not_checked', self::refused($session->connect(...))->getFindingCode());
    }

    public function testAStoreThatCannotBeUsed(): void
    {
        $fault = self::failing(fn () => $this->store(create: false));
        self::assertInstanceOf(ArgumentException::class, $fault);
        self::assertSame('STV_E_FILE_MISSING', $fault->getStatusName());
        $known = $this->store();
        file_put_contents("{$this->directory}/peers", 'half a st');
        $fault = self::failing(static fn () => new Session(self::verifier(['accept_new' => true]), self::bob('honest'), $known));
        self::assertSame('STV_E_FILE_DAMAGED', $fault->getStatusName());
        self::assertStringContainsString('line 1', $fault->getMessage());
    }

    public function testAnAdministrator(): void
    {
        [$known, $peer] = [$this->store(), new Peer(self::BOB, 'imap')];
        $known->announce($peer, self::PIN);
        $export = $known->export();
        self::assertSame([self::PIN], $known->peers()[0]['backups']);
        $known->withdraw($peer, self::PIN);
        self::assertSame('STV_E_ARGUMENT', self::failing(static fn () => $known->forget($peer))->getStatusName());
        self::assertSame('STV_E_FILE_DAMAGED', self::failing(static fn () => $known->import(substr($export, 1)))->getStatusName());
        $known->import($export);
        self::assertSame($export, $known->export());
        $known->forget($peer);
        self::assertSame([], $known->peers());
        self::assertSame('STV_E_PIN', self::failing(static fn () => $known->announce($peer, 'sha256:00'))->getStatusName());
    }

    /** A peer that a store was asked of is made anew, and must not lose what else was said of it. */
    public function testTlsaRecordsStayWithARecalledPeer(): void
    {
        $other = '3 1 1 ' . str_repeat('00', 32);
        $peer = new Peer(self::BOB, 'smtp', connect: self::lab()->address('honest'), tlsa: [$other]);
        $session = new Session(self::verifier(['accept_new' => true]), $peer, $this->store());
        self::assertSame('dane.mismatch', self::refused($session->connect(...))->getFindingCode());
    }
}
