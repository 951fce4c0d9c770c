--TEST--
mode=enforce: a program may tighten and never loosen
--INI--
starttls_verify.ports=1-65535
--FILE--
<?php
require __DIR__ . '/lab.inc';
$pem = file_get_contents(Lab::directory() . '/self-signed/chain.pem');
$sha256 = openssl_x509_fingerprint($pem, 'sha256');
$sha1 = openssl_x509_fingerprint($pem, 'sha1');
$lax = ['verify_peer' => false, 'verify_peer_name' => false, 'allow_self_signed' => true, 'security_level' => 0];
$cases = [
    ['eve', $lax], ['self-signed', $lax], ['unknown-ca', $lax],
    ['tls-1.0', $lax + ['crypto_method' => STREAM_CRYPTO_METHOD_TLSv1_0_CLIENT]],
    ['self-signed', ['verify_peer' => false, 'peer_fingerprint' => $sha256]],
    ['self-signed', ['allow_self_signed' => true, 'peer_fingerprint' => ['sha256' => $sha256, 'sha1' => $sha1]]],
    ['self-signed', ['verify_peer' => false, 'peer_fingerprint' => $sha1]],
    ['self-signed', ['peer_fingerprint' => $sha256]],
    ['honest', ['verify_peer' => false, 'peer_fingerprint' => $sha256]],
    ['honest', ['peer_fingerprint' => $sha256]],
    ['honest', ['peer_fingerprint' => $sha1]],
    ['honest', ['ciphers' => 'ALL:@SECLEVEL=0']],
];
foreach ($cases as [$id, $ssl]) {
    $stream = upgraded(connected($id, $ssl));
    echo $id, ' ', var_export(@secure($stream), true), ' ', code($stream), "\n";
}
foreach (['insecure_no_chain' => true, 'audit' => true, 'time' => 1, 'ocsp' => 'off'] as $name => $value) {
    $stream = upgraded(connected('honest', [], [$name => $value]));
    var_dump(secure($stream), code($stream), @fwrite($stream, 'x'));
}
?>
--EXPECTF--
eve false rejected name.mismatch
self-signed false rejected chain.self_signed
unknown-ca false rejected chain.unknown_issuer
tls-1.0 false rejected tls.version
self-signed true trusted 
self-signed true trusted 
self-signed false rejected chain.self_signed
self-signed false rejected chain.self_signed
honest false rejected pin.mismatch
honest false rejected pin.mismatch
honest false rejected pin.mismatch
honest true trusted 

Warning: stream_socket_enable_crypto(): option insecure_no_chain weakens security, which starttls_verify.mode=enforce in php.ini does not leave to programs in %s on line %d
bool(false)
string(9) "no report"
bool(false)

Warning: stream_socket_enable_crypto(): option audit weakens security, which starttls_verify.mode=enforce in php.ini does not leave to programs in %s on line %d
bool(false)
string(9) "no report"
bool(false)

Warning: stream_socket_enable_crypto(): option time weakens security, which starttls_verify.mode=enforce in php.ini does not leave to programs in %s on line %d
bool(false)
string(9) "no report"
bool(false)

Warning: stream_socket_enable_crypto(): option ocsp weakens security, which starttls_verify.mode=enforce in php.ini does not leave to programs in %s on line %d
bool(false)
string(9) "no report"
bool(false)
