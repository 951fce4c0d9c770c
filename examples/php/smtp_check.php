<?php

/**
 * Is the SMTP server at CONNECT really HOST? The session does everything.
 *
 *     php smtp_check.php HOST CONNECT CAFILE [DEADLINE_MS]
 *     php smtp_check.php mail.bob.test 127.0.0.1:2525 ca.pem 2000
 *
 * Exit: 0 trusted, 1 not trusted, 2 wrong usage or configuration, 3 could not check, 4 encrypted but
 * not authenticated, as asked for.
 */

declare(strict_types=1);

use StarttlsVerify\{Peer, PeerException, RejectedException, Session, StarttlsVerifyException, Verifier};

require_once __DIR__ . '/../../bindings/php/autoload.php';

if ($argc < 4 || $argc > 5) {
    fwrite(STDERR, "usage: php smtp_check.php HOST CONNECT CAFILE [DEADLINE_MS]\n");
    exit(2);
}
[, $host, $connect, $cafile] = $argv;
$deadline = filter_var($argv[4] ?? 10_000, FILTER_VALIDATE_INT);

try {
    $verifier = new Verifier([
        'cafile' => $cafile,
        'connect_timeout_ms' => $deadline,
        'negotiation_timeout_ms' => $deadline,
        'handshake_timeout_ms' => $deadline,
    ]);
    $session = new Session($verifier, new Peer($host, 'smtp', connect: $connect));
    $report = $session->connect();
    // From here on: $session->write("EHLO ...\r\n"); $session->read();
    $session->close();
    echo $report->text();
    exit($report->isTrusted() ? 0 : 4);
} catch (PeerException $exception) {
    echo $exception->getReport()->text();
    exit($exception instanceof RejectedException ? 1 : 3);
} catch (StarttlsVerifyException $exception) {
    fwrite(STDERR, "{$exception->getStatusName()}: {$exception->getMessage()}\n");
    exit(2);
}
