--TEST--
Plaintext behind the go-ahead, in its place, or before its question is refused
--INI--
starttls_verify.ports=1-65535
--FILE--
<?php
require __DIR__ . '/lab.inc';
foreach (['injected', 'injected-late', 'pipelined'] as $id) {
    $stream = upgraded(connected($id));
    var_dump(secure($stream), code($stream), fgets($stream), stream_get_meta_data($stream)['unread_bytes']);
}
// Behind PHP's buffer: still in the socket.
$server = stream_socket_server('tcp://127.0.0.1:0');
$stream = stream_socket_client('tcp://' . stream_socket_get_name($server, false));
$peer = stream_socket_accept($server);
fwrite($peer, "220 go\r\n");
fgets($stream);
fwrite($peer, "250 evil\r\n");
usleep(20000);
var_dump(secure($stream), code($stream));
?>
--EXPECTF--
Warning: stream_socket_enable_crypto(): REJECTED smtp://127.0.0.1:%d [starttls.plaintext_injection] %s in %s on line %d
bool(false)
string(37) "rejected starttls.plaintext_injection"
bool(false)
int(0)

Warning: stream_socket_enable_crypto(): REJECTED smtp://127.0.0.1:%d [starttls.plaintext_injection] %s in %s on line %d
bool(false)
string(37) "rejected starttls.plaintext_injection"
bool(false)
int(0)

Warning: stream_socket_enable_crypto(): REJECTED smtp://127.0.0.1:%d [starttls.pipelined_reply] %s in %s on line %d
bool(false)
string(33) "rejected starttls.pipelined_reply"
bool(false)
int(0)

Warning: stream_socket_enable_crypto(): REJECTED smtp://127.0.0.1:%d [starttls.plaintext_injection] %s in %s on line %d
bool(false)
string(37) "rejected starttls.plaintext_injection"
