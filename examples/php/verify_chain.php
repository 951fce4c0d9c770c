<?php

/**
 * Is the chain in a file one of HOST's? No network.
 *
 *     php verify_chain.php HOST CHAIN.pem CAFILE
 *
 * Exit: 0 trusted, 1 not trusted, 2 wrong usage, configuration or file.
 */

declare(strict_types=1);

use StarttlsVerify\{Chain, Peer, StarttlsVerifyException, Verifier};

require_once __DIR__ . '/../../bindings/php/autoload.php';

if ($argc !== 4) {
    fwrite(STDERR, "usage: php verify_chain.php HOST CHAIN.pem CAFILE\n");
    exit(2);
}
[, $host, $file, $cafile] = $argv;

try {
    $report = (new Verifier(['cafile' => $cafile]))->judge(new Peer($host), Chain::fromFile($file));
    echo $report->text();
    exit($report->isTrusted() ? 0 : 1);
} catch (StarttlsVerifyException $exception) {
    fwrite(STDERR, "{$exception->getStatusName()}: {$exception->getMessage()}\n");
    exit(2);
}
