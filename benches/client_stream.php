<?php
/*
 * A PHP stream: the median CPU time of a connection, in microseconds.
 *
 *     client_stream.php HOST PORT COUNT CAFILE     verified
 *     client_stream.php HOST PORT COUNT            not verified at all
 */
declare(strict_types=1);

function cpu_us(): int
{
    $used = getrusage();
    return ($used['ru_utime.tv_sec'] + $used['ru_stime.tv_sec']) * 1000000
        + $used['ru_utime.tv_usec'] + $used['ru_stime.tv_usec'];
}

/** @param resource $stream */
function expect($stream, string $code): void
{
    do {
        $line = (string) fgets($stream);
        if (strncmp($line, $code, 3) !== 0) {
            throw new RuntimeException("want $code, got '$line'");
        }
    } while ($line[3] === '-');
}

function connection(string $host, int $port, ?string $cafile): int
{
    $begin = cpu_us();
    $trust = $cafile === null
        ? ['verify_peer' => false, 'verify_peer_name' => false]
        : ['cafile' => $cafile];
    $context = stream_context_create(['ssl' => ['peer_name' => $host] + $trust]);
    $stream = stream_socket_client(
        "tcp://127.0.0.1:$port", $number, $words, 10, STREAM_CLIENT_CONNECT, $context
    );
    expect($stream, '220');
    fwrite($stream, "EHLO localhost\r\n");
    expect($stream, '250');
    fwrite($stream, "STARTTLS\r\n");
    expect($stream, '220');
    if (stream_socket_enable_crypto($stream, true, STREAM_CRYPTO_METHOD_TLS_CLIENT) !== true) {
        throw new RuntimeException('no TLS');
    }
    fwrite($stream, "QUIT\r\n");
    expect($stream, '221');
    fclose($stream);
    return cpu_us() - $begin;
}

[, $host, $port, $count] = $argv;
$cafile = $argv[4] ?? null;
connection($host, (int) $port, $cafile);
$turns = [];
for ($i = 0; $i < (int) $count; $i++) {
    $turns[] = connection($host, (int) $port, $cafile);
}
sort($turns);
echo $turns[intdiv(count($turns), 2)], "\n";
