--TEST--
The administrator's file goes before what a program sets, host by host
--INI--
starttls_verify.ports=1-65535
starttls_verify.config={PWD}/rules.toml
--FILE--
<?php
require __DIR__ . '/lab.inc';
// The file says: TLS 1.3 everywhere, and no wildcards on 127.0.0.1.
foreach (['honest' => [], 'wildcard' => ['wildcards' => 'left-most-label']] as $id => $own) {
    $stream = upgraded(connected($id, [], $own));
    var_dump(@secure($stream), code($stream));
}
$stream = upgraded(connected('honest'));
var_dump(secure($stream, STREAM_CRYPTO_METHOD_TLSv1_2_CLIENT));
?>
--EXPECTF--
bool(true)
string(8) "trusted "
bool(false)
string(22) "rejected name.mismatch"

Warning: stream_socket_enable_crypto(): option min_tls is newer than max_tls in %s on line %d
bool(false)
