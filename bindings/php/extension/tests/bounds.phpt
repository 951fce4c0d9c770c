--TEST--
Where TLS is demanded, a server says little before it, and soon
--INI--
starttls_verify.ports=1-65535
starttls_verify.require_tls=*
default_socket_timeout=2
memory_limit=32M
--FILE--
<?php
require __DIR__ . '/lab.inc';
foreach (['endless-greeting', 'slow-greeting', 'tls-first'] as $id) {
    $stream = connected($id);
    $begun = microtime(true);
    var_dump(strlen((string) @fgets($stream)) <= 8192, code($stream), microtime(true) - $begun < 4, @fwrite($stream, "QUIT\r\n"));
}
$stream = connected('endless-reply');
reply($stream);
fwrite($stream, "EHLO localhost\r\n");
reply($stream);
var_dump(code($stream), feof($stream));
// An honest server may take its time for each answer.
$stream = connected('honest');
stream_set_timeout($stream, 1);
reply($stream);
foreach (["EHLO localhost\r\n", "NOOP\r\n", "NOOP\r\n"] as $command) {
    usleep(600000);
    fwrite($stream, $command);
    echo reply($stream), "\n";
}
?>
--EXPECTF--
bool(true)
string(31) "rejected starttls.line_too_long"
bool(true)
bool(false)
bool(true)
string(18) "unknown io.timeout"
bool(true)
bool(false)
bool(true)
string(35) "rejected starttls.tls_on_plain_port"
bool(true)
bool(false)

Warning: fgets(): REJECTED smtp://127.0.0.1:%d [starttls.too_many_lines] the server says more before TLS than has a place there in %s on line %d
string(32) "rejected starttls.too_many_lines"
bool(true)
250 STARTTLS
250 2.0.0 OK
250 2.0.0 OK
