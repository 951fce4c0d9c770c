<?php

/**
 * One program against every scenario of its protocol, a line of JSON each:
 *
 *     php play.php PROGRAM
 *     {"id": "eve", "reason": null or words, "seconds": 0.1, "notes": "", "clear": "EHLO localhost\n"}
 *
 * `tests/php/hosts.sh` gives it the names. Each scenario has a process of its own, as a mail has in
 * these programs, and several run at once, because some servers are slow.
 */

declare(strict_types=1);

use StarttlsVerify\Adapter\Backends;
use StarttlsVerify\Tests\Lab;
use StarttlsVerify\Tests\Programs\Programs;

require_once __DIR__ . '/bootstrap.php';

const AT_ONCE = 6;

ini_set('display_errors', 'stderr');
ini_set('log_errors', '0');
[$protocol, $login] = Programs::all()[$argv[1]];
$lab = Lab::running($protocol);

/** What the program says of this server; null when it is logged in. */
$reason = static function (array $scenario) use ($lab, $login): ?string {
    $backends = new Backends(['cafile' => $lab->ca(), 'handshake_timeout_ms' => $scenario['deadline_ms']]);
    try {
        return $login($backends, $scenario['host'], $scenario['port'], intdiv($scenario['deadline_ms'], 1000));
    } catch (\Throwable $exception) {
        return 'UNEXPECTED ' . get_class($exception) . ': ' . $exception->getMessage();
    }
};

$begun = $running = [];
$collect = static function () use ($lab, &$begun, &$running): void {
    $id = $running[$child = pcntl_wait($status)];
    unset($running[$child]);
    $file = "{$lab->directory}/{$id}/reason.json";
    echo json_encode([
        'id' => $id,
        'reason' => is_file($file) ? json_decode((string) file_get_contents($file)) : 'DIED',
        'seconds' => (hrtime(true) - $begun[$id]) / 1e9,
        'notes' => $lab->notes($id),
        'clear' => $lab->cleartext($id),
    ], JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR), "\n";
};
foreach (array_diff_key($lab->scenarios(), array_flip(Programs::OUT_OF_REACH)) as $id => $scenario) {
    $begun[$id] = hrtime(true);
    $child = pcntl_fork();
    if ($child === 0) {
        $answer = json_encode($reason($scenario), JSON_INVALID_UTF8_SUBSTITUTE);
        file_put_contents("{$lab->directory}/{$id}/reason.json", $answer);
        exit(0);
    }
    $running[$child] = $id;
    if (count($running) >= AT_ONCE) {
        $collect();
    }
}
while ($running !== []) {
    $collect();
}
