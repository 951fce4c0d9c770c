--TEST--
ssl:// and tls:// are taken over where php.ini says so
--INI--
starttls_verify.ports=1-65535
starttls_verify.implicit_tls=1
--FILE--
<?php
require __DIR__ . '/server.inc';
$address = server(static function ($peer): void {
    fwrite($peer, "* OK hello\n");
    fwrite($peer, strtoupper((string) fgets($peer)));
}, true);
$file = sys_get_temp_dir() . '/stv-extension-' . getmypid() . '.pem.crt';
foreach (['ssl', 'tls', 'tlsv1.2', 'tlsv1.3'] as $scheme) {
    $context = stream_context_create(['ssl' => ['cafile' => $file, 'peer_name' => 'localhost']]);
    $stream = stream_socket_client("{$scheme}://{$address}", $number, $words, 5, STREAM_CLIENT_CONNECT, $context);
    fwrite($stream, "bye\n");
    echo $scheme, ' ', fgets($stream), fgets($stream), stream_get_meta_data($stream)['crypto']['protocol'], ' ',
        starttls_verify_last_report($stream)['verdict'], "\n";
    fclose($stream);
}
foreach (['localhost' => [], 'eve.test' => ['cafile' => $file], 'lax.test' => ['cafile' => $file, 'verify_peer_name' => false]] as $name => $ssl) {
    $context = stream_context_create(['ssl' => $ssl + ['peer_name' => $name]]);
    var_dump(@stream_socket_client("ssl://{$address}", $number, $words, 5, STREAM_CLIENT_CONNECT, $context), $words);
}
// The handshake of a stream that is still being connected.
$context = stream_context_create(['ssl' => ['cafile' => $file, 'peer_name' => 'localhost']]);
$stream = stream_socket_client("ssl://{$address}", $number, $words, 5, STREAM_CLIENT_CONNECT | STREAM_CLIENT_ASYNC_CONNECT, $context);
echo fgets($stream);
var_dump(@fsockopen("ssl://127.0.0.1", 1, $number, $words, 1));
?>
--EXPECTF--
ssl * OK hello
BYE
TLSv1.3 trusted
tls * OK hello
BYE
TLSv1.3 trusted
tlsv1.2 * OK hello
BYE
TLSv1.2 trusted
tlsv1.3 * OK hello
BYE
TLSv1.3 trusted
bool(false)
string(%d) "REJECTED tls://127.0.0.1:%d [chain.self_signed] the server's certificate is signed by itself and is not trusted"
bool(false)
string(%d) "REJECTED tls://127.0.0.1:%d [name.mismatch] the certificate is for localhost, but eve.test was wanted"
bool(false)
string(%d) "REJECTED tls://127.0.0.1:%d [name.mismatch] the certificate is for localhost, but lax.test was wanted"
* OK hello
bool(false)
