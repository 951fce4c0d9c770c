<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests;

use StarttlsVerify\ArgumentException;
use StarttlsVerify\Chain;
use StarttlsVerify\OptionException;
use StarttlsVerify\Peer;
use StarttlsVerify\Verifier;

final class OptionsTest extends LabCase
{
    /** PHP's streams swallow a banana without a word. */
    public function testAnUnknownOptionIsAnErrorWithTheNearestName(): void
    {
        foreach (['verify_pear' => true, 'ca_file' => '/etc/ca.pem', 'peer_fingerprints' => ['x'], 'I-want-a-banana' => [],
            "cafile\0" => 'x', "caf\xffle" => 'x'] as $name => $value) {
            $fault = self::failing(static fn () => new Verifier([$name => $value]));
            self::assertInstanceOf(ArgumentException::class, $fault);
            self::assertContains($fault->getStatusName(), ['STV_E_OPTION_UNKNOWN', 'STV_E_ENCODING'], (string) $name);
        }
        self::assertStringContainsString("did you mean 'verify_peer'?", self::failing(static fn () => new Verifier(['verify_pear' => true]))->getMessage());
        self::assertStringContainsString('has no name', self::failing(static fn () => new Verifier(['cafile']))->getMessage());
    }

    /** @dataProvider wrongTypes */
    public function testAWrongTypeIsAnError(string $name, mixed $value): void
    {
        $fault = self::failing(static fn () => new Verifier([$name => $value]));
        self::assertInstanceOf(OptionException::class, $fault);
        self::assertSame('STV_E_OPTION_TYPE', $fault->getStatusName());
        self::assertStringContainsString($name, $fault->getMessage());
    }

    /** @return iterable<array{string, mixed}> */
    public function wrongTypes(): iterable
    {
        $table = [
            'cafile' => [1, true, null, 1.5, new \stdClass(), [1], [null], [['x']], ['a' => 'x']],
            'verify_depth' => ['5', 5.0, true, null, [5], ['5']],
            'audit' => [1, 0, 'true', null, ['true']],
            'ciphers' => [1, true, null, ['ECDHE+AESGCM']],
            'ca_pem' => [1, true, null, [1]],
            'local_pk_pem' => [1, true, null, ['-----BEGIN PRIVATE KEY-----']],
        ];
        foreach ($table as $name => $values) {
            foreach ($values as $value) {
                yield [$name, $value];
            }
        }
    }

    public function testDangerNeedsItsName(): void
    {
        foreach (['verify_peer' => false, 'verify_peer_name' => false, 'allow_self_signed' => true, 'security_level' => 0,
            'min_tls' => '1.0', 'ciphers' => 'aNULL', 'peer_fingerprint' => str_repeat('a', 32)] as $name => $value) {
            $fault = self::failing(static fn () => self::verifier([$name => $value]));
            self::assertSame('STV_E_INSECURE', $fault->getStatusName(), $name);
        }
    }

    public function testTheNamesOfPhpsContextWork(): void
    {
        $options = ['peer_name' => self::BOB, 'verify_peer' => true, 'verify_peer_name' => true, 'allow_self_signed' => false,
            'verify_depth' => 5, 'ciphers' => 'ECDHE+AESGCM', 'capture_peer_cert' => true, 'capture_peer_cert_chain' => false,
            'SNI_enabled' => true, 'security_level' => 2, 'cafile' => [self::lab()->ca()]];
        $verifier = self::verifier($options);
        $chain = new Chain([self::lab()->chain('honest')]);
        self::assertTrue($verifier->judge(new Peer('127.0.0.1'), $chain)->isTrusted());
        self::assertFalse($verifier->isStale());
    }

    public function testFingerprintsAsInPhp(): void
    {
        $pem = self::lab()->chain('honest');
        $sha256 = (string) openssl_x509_fingerprint($pem, 'sha256');
        $sha512 = (string) openssl_x509_fingerprint($pem, 'sha512');
        $sha1 = (string) openssl_x509_fingerprint($pem, 'sha1');
        $wrong = str_repeat('0', 64);
        $table = [
            [['peer_fingerprint' => $sha256], ''],
            [['peer_fingerprint' => ['sha256' => $sha256]], ''],
            [['peer_fingerprint' => ['sha256' => $sha256, 'sha512' => $sha512]], ''],
            [['peer_fingerprint' => [$sha256, "sha512:{$sha512}"]], ''],
            [['insecure_peer_fingerprint' => ['sha1' => $sha1]], ''],
            [['peer_fingerprint' => $wrong], 'pin.mismatch'],
            [['peer_fingerprint' => ['sha256' => $wrong, 'sha512' => $sha512]], 'pin.mismatch'],
            [['pin' => ["sha256:{$wrong}", "sha256:{$sha256}"]], ''],
        ];
        foreach ($table as [$options, $code]) {
            $report = self::verifier($options)->judge(new Peer(self::BOB), new Chain([$pem]));
            self::assertSame($code, $report->code(), json_encode($options) ?: '');
        }
    }

    public function testAnEmptyListIsNoPin(): void
    {
        foreach (['pin', 'peer_fingerprint', 'cafile'] as $name) {
            self::assertSame('STV_E_OPTION_VALUE', self::failing(static fn () => new Verifier([$name => []]))->getStatusName());
        }
    }

    public function testCaCertificatesInMemory(): void
    {
        $pem = (string) file_get_contents(self::lab()->ca());
        $chain = new Chain([self::lab()->chain('honest')]);
        foreach ([$pem, [$pem]] as $value) {
            self::assertTrue((new Verifier(['ca_pem' => $value]))->judge(new Peer(self::BOB), $chain)->isTrusted());
        }
        $strange = (new Verifier(['system_ca' => true]))->judge(new Peer(self::BOB), $chain);
        self::assertSame('chain.unknown_issuer', $strange->code());
    }

    public function testFilesThatAreNotThere(): void
    {
        $fault = self::failing(static fn () => new Verifier(['cafile' => '/nowhere/ca.pem']));
        self::assertSame('STV_E_FILE_MISSING', $fault->getStatusName());
        self::assertStringContainsString('/nowhere/ca.pem', $fault->getMessage());
        self::assertSame('STV_E_FILE_MISSING', self::failing(static fn () => new Verifier([], '/nowhere/conf'))->getStatusName());
    }

    public function testSecretsAreNotDumped(): void
    {
        self::assertStringNotContainsString('hunter2', print_r(self::verifier(['passphrase' => 'hunter2']), true));
    }
}
