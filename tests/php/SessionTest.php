<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests;

use StarttlsVerify\ConnectionException;
use StarttlsVerify\Outcome;
use StarttlsVerify\Peer;
use StarttlsVerify\RejectedException;
use StarttlsVerify\Session;
use StarttlsVerify\StateException;
use StarttlsVerify\Status;
use StarttlsVerify\Verdict;

final class SessionTest extends LabCase
{
    public function testAnHonestServerIsTrustedAndTalks(): void
    {
        $session = self::session('honest');
        $report = $session->connect();
        self::assertTrue($report->isTrusted());
        self::assertSame([Status::OK, ''], [$report->status, $report->code()]);
        self::assertSame(16, $session->write("EHLO localhost\r\n"));
        self::assertStringStartsWith('250', (string) $session->read());
        $session->close();
        $session->close();
        self::assertSame(Status::E_STATE, self::failing(static fn () => $session->write('x'))->getCode());
    }

    public function testOnlyFtpHasDataConnections(): void
    {
        $session = self::session('honest');
        self::assertStringContainsString('not open', self::failing(static fn () => $session->data())->getMessage());
        $session->connect();
        $words = self::failing(static fn () => $session->data())->getMessage();
        self::assertStringContainsString('smtp has no data connections', $words);
    }

    public function testEveIsRefusedWithTheWords(): void
    {
        $fault = self::refused(static fn () => self::session('eve')->connect());
        self::assertInstanceOf(RejectedException::class, $fault);
        self::assertSame([400, 'STV_E_REJECTED'], [$fault->getCode(), $fault->getStatusName()]);
        self::assertSame('name.mismatch', $fault->getFindingCode());
        self::assertSame('REJECTED smtp://mail.bob.test:25 [name.mismatch] ' . self::EVE, $fault->getMessage());
    }

    public function testTheReportHasEveryCheck(): void
    {
        $report = self::refused(static fn () => self::session('eve')->connect())->getReport();
        self::assertSame(Verdict::Rejected, $report->verdict);
        $first = $report->findings[0];
        self::assertSame(['name', Outcome::Fail, 'name.mismatch'], [$first->check, $first->outcome, $first->code]);
        self::assertStringContainsString('mail.bob.test', $first->wanted);
        self::assertStringContainsString('mail.eve.test', $first->found);
        self::assertNotSame('', $first->hint);
        self::assertContains('chain.trusted', array_column($report->findings, 'code'));
        self::assertStringStartsWith($report->summary() . "\n", $report->text());
        self::assertSame([1, 'rejected', 'name.mismatch'], array_values(array_intersect_key(
            $report->toArray(),
            ['v' => 0, 'verdict' => 0, 'code' => 0],
        )));
        self::assertSame(
            array_map(static fn ($finding) => $finding->toArray(), $report->findings),
            $report->toArray()['findings'],
        );
        self::assertSame(['dns:mail.eve.test'], $report->certificates()[0]['names']);
        self::assertEquals($report, unserialize(serialize($report)));
    }

    /** @dataProvider everyScenario */
    public function testEveryScenario(string $id): void
    {
        $scenario = self::lab()->scenario($id);
        $deadline = ['negotiation_timeout_ms' => $scenario['deadline_ms'], 'handshake_timeout_ms' => $scenario['deadline_ms']];
        $session = self::session($id, $deadline);
        if ($scenario['expect'] === 'trusted') {
            self::assertTrue($session->connect()->isTrusted());
            return;
        }
        $fault = self::refused(static fn () => $session->connect());
        self::assertSame($scenario['code'], $fault->getFindingCode());
        $kind = $scenario['expect'] === 'rejected' ? RejectedException::class : ConnectionException::class;
        self::assertInstanceOf($kind, $fault);
    }

    /** @return iterable<string, array{string}> */
    public function everyScenario(): iterable
    {
        foreach (array_keys(Lab::running()->scenarios()) as $id) {
            yield $id => [$id];
        }
    }

    public function testAFailureIsFinal(): void
    {
        $session = self::session('injected');
        $first = self::refused(static fn () => $session->connect());
        $calls = [
            static fn () => $session->write('AUTH PLAIN secret'),
            static fn () => $session->read(),
            static fn () => $session->step(),
            static fn () => $session->feed('x'),
            static fn () => $session->connect(),
        ];
        foreach ($calls as $call) {
            $again = self::refused($call);
            self::assertSame([$first->getCode(), $first->getMessage()], [$again->getCode(), $again->getMessage()]);
        }
        self::assertSame('starttls.plaintext_injection', $session->report()->code());
    }

    public function testAStreamIsTakenOverByItsDescriptor(): void
    {
        foreach (['honest' => '', 'eve' => 'name.mismatch'] as $id => $code) {
            $stream = fsockopen('127.0.0.1', self::lab()->scenario($id)['port']);
            self::assertIsResource($stream);
            $session = self::session($id);
            if ($code !== '') {
                self::assertSame($code, self::refused(static fn () => $session->runStream($stream))->getFindingCode());
                continue;
            }
            self::assertTrue($session->runStream($stream)->isTrusted());
            $session->write("EHLO localhost\r\n");
            self::assertStringStartsWith('250', (string) $session->read());
            $session->close();
        }
    }

    public function testAStreamThatWasReadFromIsRefused(): void
    {
        $stream = stream_socket_client('tcp://' . self::lab()->address('honest'));
        self::assertIsResource($stream);
        fread($stream, 1);
        $fault = self::failing(static fn () => self::session('honest')->runStream($stream));
        self::assertInstanceOf(StateException::class, $fault);
        self::assertStringContainsString("wait in PHP's buffer", $fault->getMessage());
        fclose($stream);
        $closed = self::failing(static fn () => self::session('honest')->runStream($stream));
        self::assertSame(Status::E_ARGUMENT, $closed->getCode());
    }

    public function testTheCallerMayMoveTheBytes(): void
    {
        foreach (['honest' => Status::OK, 'eve' => Status::E_REJECTED, 'injected' => Status::E_INJECTED] as $id => $wanted) {
            $socket = stream_socket_client('tcp://' . self::lab()->address($id));
            self::assertIsResource($socket);
            $session = self::session($id);
            self::assertSame($wanted, self::pump($session, $socket));
            if ($wanted !== Status::OK) {
                continue;
            }
            self::assertNull($session->read());
            self::assertSame(16, $session->write("EHLO localhost\r\n"));
            self::send($session, $socket);
            while (($answer = $session->read(3)) === null) {
                $session->feed((string) fread($socket, 8192));
            }
            self::assertSame('250', $answer);
            self::assertGreaterThan(0, $session->pending());
        }
    }

    /** @param resource $socket */
    private static function pump(Session $session, $socket): int
    {
        try {
            while (($status = $session->step()) !== Status::OK) {
                if ($status === Status::WANT_WRITE) {
                    self::send($session, $socket);
                } elseif (($bytes = (string) fread($socket, 8192)) !== '') {
                    $session->feed($bytes);
                } else {
                    $session->feedEof();
                }
            }
            return $status;
        } catch (RejectedException $exception) {
            return $exception->getCode();
        }
    }

    /** @param resource $socket */
    private static function send(Session $session, $socket): void
    {
        while (($bytes = $session->take(100)) !== '') {
            fwrite($socket, $bytes);
        }
    }

    public function testAuditOpensAndNeverCallsItTrusted(): void
    {
        $session = self::session('eve', ['audit' => true]);
        $report = $session->connect();
        self::assertFalse($report->isTrusted());
        self::assertSame([Verdict::Rejected, 'name.mismatch'], [$report->verdict, $report->code()]);
        self::assertSame(Status::OPEN_UNVERIFIED, $session->step());
    }

    public function testNobodyListens(): void
    {
        $server = stream_socket_server('tcp://127.0.0.1:0');
        self::assertIsResource($server);
        $address = stream_socket_get_name($server, false);
        fclose($server);
        $session = new Session(self::verifier(), new Peer(self::BOB, 'smtp', connect: (string) $address));
        $fault = self::refused(static fn () => $session->connect());
        self::assertInstanceOf(ConnectionException::class, $fault);
        self::assertSame(['STV_E_CONNECT', Verdict::Unknown], [$fault->getStatusName(), $fault->getReport()->verdict]);
    }

    public function testReadingNothingIsRefused(): void
    {
        self::assertSame(Status::E_ARGUMENT, self::failing(static fn () => self::session('honest')->read(0))->getCode());
    }
}
