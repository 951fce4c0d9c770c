--TEST--
Options of the library by their names; a misspelt one is refused, with the nearest name
--INI--
starttls_verify.ports=1-65535
--FILE--
<?php
require __DIR__ . '/lab.inc';
function certificate(string $id): string
{
    $pem = explode('-----END', file_get_contents(Lab::directory() . "/{$id}/chain.pem"))[0];
    return base64_decode(preg_replace('/-----.*-----|\s/', '', $pem));
}
function spki(string $id): string
{
    $key = openssl_pkey_get_details(openssl_pkey_get_public(file_get_contents(Lab::directory() . "/{$id}/chain.pem")))['key'];
    return hash('sha256', base64_decode(preg_replace('/-----.*-----|\s/', '', $key)), true);
}
$bob = spki('honest');
foreach ([
    ['cafil' => 'x'], ['pins' => []], ['verify_depth' => '3'], ['verify_depth' => null], ['min_tls' => '1.0'],
    ['pins' => ['spki-sha256:' . base64_encode($bob)]], ['pins' => 'spki-sha256:' . base64_encode(str_repeat('x', 32))],
    ['dane' => ['3 1 1 ' . bin2hex($bob)]], ['tlsa' => '3 1 1 ' . str_repeat('00', 32)], ['tlsa' => 'what'], ['tlsa' => 5],
    ['dane' => 'require'], ['policy' => "version: STSv1\nmode: enforce\nmx: other.test\nmax_age: 1000\n"], ['policy' => 'x'],
    ['min_tls' => '1.3', 'verify_depth' => 4],
] as $own) {
    $stream = upgraded(connected('honest', [], $own));
    echo implode(' ', array_keys($own)), ' ', var_export(secure($stream), true), ' ', code($stream), "\n";
}
// PHP swallows what it does not know; so do we, and say so.
$stream = upgraded(connected('honest', ['cafil' => 'x']));
var_dump(secure($stream));
$stream = upgraded(connected('honest', ['cafile' => '/nowhere']));
var_dump(secure($stream));
?>
--EXPECTF--
cafil 
Warning: stream_socket_enable_crypto(): there is no option 'cafil'; did you mean 'cafile'? in %s on line %d
false no report
pins 
Warning: stream_socket_enable_crypto(): option pin: the list is empty; leave the option out in %s on line %d
false no report
verify_depth 
Warning: stream_socket_enable_crypto(): option verify_depth takes a value of type int in %s on line %d
false no report
verify_depth 
Warning: stream_socket_enable_crypto(): option verify_depth takes a value of type int; null given in %s on line %d
false no report
min_tls 
Warning: stream_socket_enable_crypto(): option min_tls: 1.0 weakens security; if you must, write insecure_min_tls=1.0 in %s on line %d
false no report
pins true trusted 
pins 
Warning: stream_socket_enable_crypto(): REJECTED smtp://127.0.0.1:%d [pin.mismatch] none of the pins matches: spki-sha256:eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg= wanted, the server has %s in %s on line %d
false rejected pin.mismatch
dane true trusted 
tlsa 
Warning: stream_socket_enable_crypto(): REJECTED smtp://127.0.0.1:%d [dane.mismatch] none of the TLSA records matches: 3 1 1 0000000000000000000000000000000000000000000000000000000000000000 wanted, the server has 3 1 1 %s in %s on line %d
false rejected dane.mismatch
tlsa 
Warning: stream_socket_enable_crypto(): TLSA record 'what' is malformed: the usage is no number to 255; write "3 1 1 HEX" in %s on line %d
false no report
tlsa 
Warning: stream_socket_enable_crypto(): starttls_verify context: tlsa is a list of records, policy a text in %s on line %d
false no report
dane 
Warning: stream_socket_enable_crypto(): REJECTED smtp://127.0.0.1:%d [dane.not_checked] no TLSA records were given in %s on line %d
false rejected dane.not_checked
policy 
Warning: stream_socket_enable_crypto(): REJECTED smtp://127.0.0.1:%d [mta_sts.mismatch] the domain's MTA-STS policy is for other.test, and this is 127.0.0.1 in %s on line %d
false rejected mta_sts.mismatch
policy 
Warning: stream_socket_enable_crypto(): this is no MTA-STS policy (RFC 8461): 'x' is no field in %s on line %d
false no report
min_tls verify_depth true trusted 

Warning: stream_socket_enable_crypto(): ssl context: there is no option 'cafil'; did you mean 'cafile'?; PHP ignores it too in %s on line %d
bool(true)

Warning: stream_socket_enable_crypto(): option cafile: /nowhere does not exist in %s on line %d
bool(false)
