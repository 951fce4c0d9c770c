--TEST--
A rules file that is missing lets nobody through
--INI--
starttls_verify.ports=1-65535
starttls_verify.config=/nowhere/rules.toml
--FILE--
<?php
require __DIR__ . '/lab.inc';
$stream = upgraded(connected('honest'));
var_dump(secure($stream), @fwrite($stream, 'x'), starttls_verify_last_report());
?>
--EXPECTF--
Warning: stream_socket_enable_crypto(): starttls_verify.config: %s/nowhere/rules.toml%s in %s on line %d
bool(false)
bool(false)
NULL
