--TEST--
Nothing goes past TLS: recvfrom, sendto, descriptors, taking TLS off, other processes
--INI--
starttls_verify.ports=1-65535
--FILE--
<?php
require __DIR__ . '/server.inc';
$address = server(static function ($peer): void {
    while (($line = fgets($peer)) !== false) {
        fwrite($peer, strtoupper($line));
    }
});
$stream = encrypted(client($address));
echo stream_socket_sendto($stream, "one\n"), ' ', stream_socket_recvfrom($stream, 10, STREAM_PEEK), stream_socket_recvfrom($stream, 2, STREAM_PEEK), "\n";
echo stream_socket_recvfrom($stream, 2, 0, $from), fgets($stream), $from === $address ? "from it\n" : "from {$from}\n";
stream_socket_sendto($stream, "two\n");
echo stream_socket_recvfrom($stream, 10);
var_dump(stream_socket_sendto($stream, 'x', STREAM_OOB), stream_socket_recvfrom($stream, 1, STREAM_OOB), stream_socket_sendto($stream, 'x', 0, '127.0.0.1:9'));
var_dump(@proc_open(['cat'], [0 => $stream], $pipes));
var_dump(stream_socket_enable_crypto($stream, false), stream_socket_enable_crypto($stream, true, STREAM_CRYPTO_METHOD_TLS_CLIENT));
fwrite($stream, "three\n");
echo fgets($stream);
// A child has the socket and not the session; it must neither speak nor end it.
$child = pcntl_fork();
if ($child === 0) {
    var_dump(fwrite($stream, "child\n"), fgets($stream));
    fclose($stream);
    vanish();
}
pcntl_waitpid($child, $status);
fwrite($stream, "four\n");
echo fgets($stream);
fclose($stream);
// Between the go-ahead and the verdict nothing is said.
$silent = stream_socket_server('tcp://127.0.0.1:0');
$stream = stream_socket_client('tcp://' . stream_socket_get_name($silent, false));
stream_set_blocking($stream, false);
var_dump(stream_socket_enable_crypto($stream, true, STREAM_CRYPTO_METHOD_TLS_CLIENT), @fwrite($stream, 'AUTH'));
?>
--EXPECTF--
4 ONE
ON
ONE
from it
TWO

Warning: stream_socket_sendto(): there is no out-of-band data and no other address inside TLS in %s on line %d

Warning: stream_socket_recvfrom(): there is no out-of-band data inside TLS in %s on line %d

Warning: stream_socket_sendto(): there is no out-of-band data and no other address inside TLS in %s on line %d
int(-1)
bool(false)
int(-1)
bool(false)

Warning: stream_socket_enable_crypto(): TLS is not taken off again in %s on line %d

Warning: stream_socket_enable_crypto(): SSL/TLS already set-up for this stream in %s on line %d
bool(false)
bool(false)
THREE

Warning: fwrite(): the TLS session belongs to the process that made it in %s on line %d
bool(false)
bool(false)
FOUR
int(0)
bool(false)
