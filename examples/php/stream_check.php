<?php

/**
 * The same as smtp_check.php for a program that speaks SMTP itself, on a bare PHP stream, and asks
 * the library in place of stream_socket_enable_crypto().
 *
 *     php stream_check.php HOST CONNECT CAFILE [DEADLINE_MS]
 */

declare(strict_types=1);

use StarttlsVerify\{Peer, PeerException, RejectedException, StarttlsVerifyException, Stream, Verifier};

require_once __DIR__ . '/../../bindings/php/autoload.php';

/** Prints an answer of this program's own, which knows less than the library, and ends it. */
function give_up(string $code, string $words): never
{
    global $host;
    $unchecked = str_starts_with($code, 'io.');
    echo $unchecked ? 'UNKNOWN' : 'REJECTED', " smtp://{$host}:25 [{$code}] {$words}\n";
    exit($unchecked ? 3 : 1);
}

/**
 * One line of the server, at most 2048 octets, until the deadline.
 *
 * @param resource $stream
 */
function line($stream, float $until): string
{
    for ($line = ''; !str_ends_with($line, "\n"); $line .= (string) fgets($stream, 2049 - strlen($line))) {
        $read = [$stream];
        $none = null;
        match (true) {
            str_starts_with($line, "\x16") => give_up('starttls.tls_on_plain_port', 'the server speaks TLS at once'),
            strlen($line) >= 2048 => give_up('starttls.line_too_long', 'a line without end'),
            microtime(true) > $until => give_up('io.timeout', 'the server is too slow'),
            feof($stream) => give_up('io.closed', 'the server hung up before TLS'),
            default => stream_select($read, $none, $none, 0, 100_000),
        };
    }
    return $line;
}

/**
 * The lines of the reply to a command, whose code must be the one that is wanted.
 *
 * @param resource $stream
 * @return list<string>
 */
function ask($stream, float $until, string $command, string $wanted, string $refused): array
{
    if (stream_get_meta_data($stream)['unread_bytes'] > 0) {
        give_up('starttls.pipelined_reply', 'the server answered before it was asked');
    }
    fwrite($stream, $command);
    $lines = [];
    do {
        $lines[] = $line = line($stream, $until);
    } while (substr($line, 3, 1) === '-' && count($lines) <= 128);
    return match (true) {
        count($lines) > 128 => give_up('starttls.too_many_lines', 'a reply without end'),
        str_starts_with($line, $wanted) => $lines,
        $line[0] === '4' => give_up("{$refused}_temporarily", 'the server refuses for now'),
        $line[0] === '5' => give_up($refused, 'the server refuses'),
        default => give_up('starttls.protocol', 'the server does not speak SMTP'),
    };
}

if ($argc < 4 || $argc > 5) {
    fwrite(STDERR, "usage: php stream_check.php HOST CONNECT CAFILE [DEADLINE_MS]\n");
    exit(2);
}
[, $host, $connect, $cafile] = $argv;
$deadline = (int) ($argv[4] ?? 10_000);

try {
    $verifier = new Verifier(['cafile' => $cafile, 'handshake_timeout_ms' => $deadline]);
    $peer = new Peer($host, 'smtp');

    $context = stream_context_create();
    $stream = @stream_socket_client("tcp://{$connect}", $number, $words, $deadline / 1000, STREAM_CLIENT_CONNECT, $context);
    if ($stream === false) {
        give_up('io.connect', $words);
    }
    stream_set_blocking($stream, false);
    $until = microtime(true) + $deadline / 1000;
    ask($stream, $until, '', '220', 'starttls.greeting_rejected');
    $offers = ask($stream, $until, "EHLO localhost\r\n", '250', 'starttls.protocol');
    if (preg_grep('/\A250[ -]STARTTLS\s*\z/i', $offers) === []) {
        give_up('starttls.not_offered', 'the server does not offer STARTTLS');
    }
    ask($stream, $until, "STARTTLS\r\n", '220', 'starttls.refused');
    stream_set_blocking($stream, true);
    $report = Stream::enableCrypto($stream, $verifier, $peer);
    // From here on the stream is encrypted, and the server is who was meant.
    echo $report->text();
} catch (PeerException $exception) {
    echo $exception->getReport()->text();
    exit($exception instanceof RejectedException ? 1 : 3);
} catch (StarttlsVerifyException $exception) {
    fwrite(STDERR, "{$exception->getStatusName()}: {$exception->getMessage()}\n");
    exit(2);
}
