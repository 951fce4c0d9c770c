<?php

/**
 * One connection as a program makes it that knows nothing of the library and switches verification
 * off; ?port=P&host=H. The pool's settings decide.
 */

declare(strict_types=1);

$context = stream_context_create(['ssl' => ['peer_name' => $_GET['host'], 'verify_peer' => false, 'verify_peer_name' => false]]);
$stream = stream_socket_client("tcp://127.0.0.1:{$_GET['port']}", $number, $words, 10, STREAM_CLIENT_CONNECT, $context);
fgets($stream);
fwrite($stream, "EHLO localhost\r\n");
while (($line = fgets($stream)) !== false && $line[3] === '-') {
}
fwrite($stream, "STARTTLS\r\n");
fgets($stream);
$encrypted = @stream_socket_enable_crypto($stream, true, STREAM_CRYPTO_METHOD_TLS_CLIENT);
$code = starttls_verify_last_report()['code'] ?? null;
if ($encrypted) {
    fwrite($stream, "NOOP\r\n");
    $code ??= str_starts_with((string) fgets($stream), '250') ? null : 'no answer inside TLS';
}
if ($encrypted === ($code !== null)) {
    $code = "encrypted, and {$code}";
}
fclose($stream);
echo json_encode(['code' => $code, 'pool' => getenv('POOL_NAME'), 'pid' => getmypid()]);
