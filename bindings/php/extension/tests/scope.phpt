--TEST--
Other ports, servers and server-side crypto stay PHP's
--INI--
starttls_verify.ports=25,587
--FILE--
<?php
require __DIR__ . '/server.inc';
$address = server(static fn ($peer) => fwrite($peer, "hello\n"));
// PHP's own TLS: a name that is in the CN only would pass, and there is no report.
$stream = encrypted(client($address));
var_dump(fgets($stream), starttls_verify_last_report($stream), starttls_verify_last_report());
fclose($stream);
var_dump(@ini_set('starttls_verify.mode', 'audit'), @ini_set('starttls_verify.ports', ''), @ini_set('starttls_verify.require_tls', ''),
    @ini_set('starttls_verify.config', ''), ini_get('starttls_verify.mode'));
try {
    starttls_verify_last_report('x');
} catch (TypeError $error) {
    echo $error->getMessage(), "\n";
}
var_dump(starttls_verify_last_report(fopen('php://memory', 'r')));
?>
--EXPECTF--
string(6) "hello
"
NULL
NULL
bool(false)
bool(false)
bool(false)
bool(false)
string(7) "enforce"
starttls_verify_last_report(): Argument #1 ($stream) must be of type resource or null, string given
NULL
