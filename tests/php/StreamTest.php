<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests;

use StarttlsVerify\ConnectionException;
use StarttlsVerify\Peer;
use StarttlsVerify\RejectedException;
use StarttlsVerify\StateException;
use StarttlsVerify\Status;
use StarttlsVerify\Stream;
use StarttlsVerify\Verdict;

/** Programs that speak SMTP themselves, on bare PHP streams. */
final class StreamTest extends LabCase
{
    /** @dataProvider openers */
    public function testAnHonestServerIsTrustedAndTalks(callable $open): void
    {
        $stream = self::upgraded('honest', $open);
        $report = Stream::enableCrypto($stream, self::verifier(), self::peer('honest'));
        self::assertTrue($report->isTrusted());
        $meta = stream_get_meta_data($stream);
        self::assertTrue($meta['blocked']);
        self::assertContains($meta['crypto']['protocol'], ['TLSv1.2', 'TLSv1.3']);
        fwrite($stream, "EHLO localhost\r\n");
        self::assertStringStartsWith('250', (string) fgets($stream));
        fclose($stream);
    }

    /** @return array<string, array{callable(string): mixed}> */
    public function openers(): array
    {
        return [
            'fsockopen' => [static fn (string $address) => fsockopen('tcp://' . $address)],
            'no context' => [static fn (string $address) => stream_socket_client('tcp://' . $address)],
            'own context' => [self::ownContext(...)],
        ];
    }

    public function testEveIsRefusedAndTheStreamClosed(): void
    {
        $stream = self::upgraded('eve');
        $fault = self::refused(static fn () => Stream::enableCrypto($stream, self::verifier(), self::peer('eve')));
        self::assertInstanceOf(RejectedException::class, $fault);
        self::assertStringContainsString(self::EVE, $fault->getMessage());
        self::assertFalse(is_resource($stream));
    }

    public function testInjectedPlaintextIsRefusedAndTheStreamClosed(): void
    {
        foreach (['injected', 'injected-late'] as $id) {
            $stream = self::upgraded($id);
            $fault = self::refused(static fn () => Stream::enableCrypto($stream, self::verifier(), self::peer($id)));
            self::assertInstanceOf(RejectedException::class, $fault);
            self::assertSame('starttls.plaintext_injection', $fault->getFindingCode());
            self::assertSame(['STV_E_INJECTED', Status::E_INJECTED], [$fault->getStatusName(), $fault->getCode()]);
            $report = $fault->getReport();
            self::assertSame(Verdict::Rejected, $report->verdict);
            self::assertStringStartsWith('REJECTED smtp://mail.bob.test:25 [starttls.plaintext_injection] ', $report->text());
            self::assertNotSame('', $report->findings[0]->hint);
            self::assertSame(['rejected', 'STV_E_INJECTED'], [$report->toArray()['verdict'], $report->toArray()['status']]);
            self::assertFalse(is_resource($stream));
        }
    }

    public function testPlaintextBehindPhpsBufferIsSeenToo(): void
    {
        [$ours, $theirs] = self::pair();
        fwrite($theirs, "250 evil\r\n");
        usleep(20_000);
        $fault = self::refused(static fn () => Stream::enableCrypto($ours, self::verifier(), new Peer(self::BOB, 'smtp')));
        self::assertSame('starttls.plaintext_injection', $fault->getFindingCode());
    }

    public function testASilentOrSlowServerMeetsTheDeadline(): void
    {
        foreach (['stalled-handshake', 'dripped-handshake'] as $id) {
            $stream = self::upgraded($id);
            $begun = microtime(true);
            $verifier = self::verifier(['handshake_timeout_ms' => 500]);
            $fault = self::refused(static fn () => Stream::enableCrypto($stream, $verifier, self::peer($id)));
            self::assertInstanceOf(ConnectionException::class, $fault);
            self::assertSame('io.timeout', $fault->getFindingCode());
            self::assertLessThan(1.5, microtime(true) - $begun);
        }
    }

    public function testBrokenHandshakesHaveTheirCodes(): void
    {
        foreach (['tls-1.0', 'alert', 'garbled-handshake', 'closed-handshake'] as $id) {
            $stream = self::upgraded($id);
            $fault = self::refused(static fn () => Stream::enableCrypto($stream, self::verifier(), self::peer($id)));
            self::assertSame(self::lab()->scenario($id)['code'], $fault->getFindingCode());
        }
    }

    public function testTheDefaultContextStaysAsItWas(): void
    {
        $neutral = ['verify_peer' => true, 'verify_peer_name' => true, 'capture_peer_cert_chain' => false,
            'peer_certificate_chain' => null, 'SNI_enabled' => true];
        foreach (['honest', 'eve'] as $id) {
            $stream = self::upgraded($id, static fn (string $address) => stream_socket_client('tcp://' . $address));
            try {
                Stream::enableCrypto($stream, self::verifier(), self::peer($id));
            } catch (RejectedException) {
                self::assertSame('eve', $id);
            }
            $after = stream_context_get_options(stream_context_get_default())['ssl'] ?? [];
            self::assertSame([], array_diff_key($after, $neutral));
            foreach ($after as $name => $value) {
                self::assertSame($neutral[$name], $value, $name);
            }
        }
    }

    public function testWhatWouldStayInTheDefaultContextIsRefused(): void
    {
        $verifier = self::verifier(['ciphers' => 'ECDHE+AESGCM']);
        $stream = self::upgraded('honest', static fn (string $address) => stream_socket_client('tcp://' . $address));
        $fault = self::failing(static fn () => Stream::enableCrypto($stream, $verifier, self::peer('honest')));
        self::assertInstanceOf(StateException::class, $fault);
        self::assertFalse(is_resource($stream));
        $stream = self::upgraded('honest');
        self::assertTrue(Stream::enableCrypto($stream, $verifier, self::peer('honest'))->isTrusted());
    }

    public function testAnotherPeersChainInTheContextIsNotJudged(): void
    {
        $context = stream_context_create(['ssl' => ['ciphers' => 'aNULL:@SECLEVEL=0', 'verify_peer' => true]]);
        stream_context_set_option($context, 'ssl', 'peer_certificate_chain', [openssl_x509_read(self::lab()->chain('honest'))]);
        [$address, $child] = self::anonymousServer();
        $stream = stream_socket_client("tcp://{$address}", $number, $words, 2.0, STREAM_CLIENT_CONNECT, $context);
        $verifier = self::verifier(['max_tls' => '1.2']);
        $fault = self::refused(static fn () => Stream::enableCrypto($stream, $verifier, self::peer('honest')));
        pcntl_waitpid($child, $status);
        self::assertSame('chain.empty', $fault->getFindingCode());
    }

    /** @return array{string, int} address and process of a server without a certificate */
    private static function anonymousServer(): array
    {
        $context = stream_context_create(['ssl' => ['ciphers' => 'aNULL:@SECLEVEL=0']]);
        $server = stream_socket_server('tcp://127.0.0.1:0', $number, $words, STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, $context);
        self::assertIsResource($server);
        $child = pcntl_fork();
        if ($child === 0) {
            $connection = stream_socket_accept($server, 2.0);
            @stream_socket_enable_crypto($connection, true, STREAM_CRYPTO_METHOD_TLSv1_2_SERVER);
            @fread($connection, 1);
            posix_kill(posix_getpid(), SIGKILL);
        }
        return [(string) stream_socket_get_name($server, false), $child];
    }

    public function testOptionsThatPhpCannotObeyAreRefused(): void
    {
        foreach (['groups' => 'X25519', 'insecure_min_tls' => '1.0', 'audit' => true] as $name => $value) {
            $stream = self::upgraded('honest');
            $fault = self::failing(static fn () => Stream::enableCrypto($stream, self::verifier([$name => $value]), self::peer('honest')));
            self::assertSame('STV_E_UNSUPPORTED', $fault->getStatusName());
            self::assertFalse(is_resource($stream));
        }
    }

    public function testAStreamIsUpgradedOnce(): void
    {
        $stream = self::upgraded('honest');
        Stream::enableCrypto($stream, self::verifier(), self::peer('honest'));
        $fault = self::failing(static fn () => Stream::enableCrypto($stream, self::verifier(), self::peer('honest')));
        self::assertInstanceOf(StateException::class, $fault);
    }

    public function testOnlyAStreamWillDo(): void
    {
        foreach ([null, 'stream', 3, fopen('php://memory', 'r'), fopen(__FILE__, 'r')] as $wrong) {
            self::assertSame(Status::E_ARGUMENT, self::failing(static fn () => Stream::enableCrypto($wrong, self::verifier(), self::peer('honest')))->getCode());
        }
    }

    public function testTheServerNameIsSentAsALabelAndNeverAnAddress(): void
    {
        foreach (['mail.bücher.test' => 'mail.xn--bcher-kva.test', '127.0.0.1' => null, '::1' => null] as $host => $sent) {
            [$ours, $theirs] = self::pair();
            $peer = new Peer((string) $host, 'smtp');
            self::refused(static fn () => Stream::enableCrypto($ours, self::verifier(['handshake_timeout_ms' => 50]), $peer));
            $hello = (string) fread($theirs, 4096);
            self::assertStringStartsWith("\x16\x03", $hello);
            // Extension 0, server_name, stands in the hello with the name in clear.
            self::assertSame($sent !== null, $sent !== null && str_contains($hello, $sent));
            self::assertStringNotContainsString((string) $host, $hello);
        }
    }

    /** @return array{resource, resource} two ends of a TCP connection */
    private static function pair(): array
    {
        $server = stream_socket_server('tcp://127.0.0.1:0');
        self::assertIsResource($server);
        $ours = self::ownContext((string) stream_socket_get_name($server, false));
        $theirs = stream_socket_accept($server, 2.0);
        self::assertIsResource($theirs);
        return [$ours, $theirs];
    }

    /**
     * A stream on which the server has said 220 to STARTTLS.
     *
     * @return resource
     */
    private static function upgraded(string $id, ?callable $open = null)
    {
        $stream = ($open ?? self::ownContext(...))(self::lab()->address($id));
        self::assertIsResource($stream);
        stream_set_timeout($stream, 2);
        self::assertStringStartsWith('220', (string) fgets($stream));
        fwrite($stream, "EHLO localhost\r\n");
        do {
            $line = (string) fgets($stream);
        } while (str_starts_with($line, '250-'));
        fwrite($stream, "STARTTLS\r\n");
        self::assertStringStartsWith('220', (string) fgets($stream));
        return $stream;
    }

    /** @return resource */
    private static function ownContext(string $address)
    {
        $stream = stream_socket_client("tcp://{$address}", $number, $words, 2.0, STREAM_CLIENT_CONNECT, stream_context_create());
        self::assertIsResource($stream);
        return $stream;
    }
}
