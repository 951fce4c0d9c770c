--TEST--
mode=honour: what a program weakens counts, and the report says insecure
--INI--
starttls_verify.ports=1-65535
starttls_verify.mode=honour
--FILE--
<?php
require __DIR__ . '/lab.inc';
foreach ([
    ['eve', ['verify_peer_name' => false]],
    ['unknown-ca', ['verify_peer' => false]],
    ['self-signed', ['allow_self_signed' => true]],
    ['eve', ['verify_peer' => false]],
    ['unknown-ca', ['verify_peer_name' => false]],
    ['injected', ['verify_peer' => false, 'verify_peer_name' => false]],
    ['honest', ['security_level' => 0]],
] as [$id, $ssl]) {
    $stream = upgraded(connected($id, $ssl));
    $done = @secure($stream);
    $report = starttls_verify_last_report($stream);
    echo $id, ' ', var_export($done, true), ' ', $report['verdict'], ' ', $report['code'], ' ', implode(' ', $report['insecure']), "\n";
}
$stream = upgraded(connected('eve', [], ['audit' => true]));
var_dump(secure($stream), code($stream));
?>
--EXPECTF--
eve true trusted  insecure_no_name
unknown-ca true trusted  insecure_no_chain
self-signed true trusted  insecure_allow_self_signed
eve false rejected name.mismatch insecure_no_chain
unknown-ca false rejected chain.unknown_issuer insecure_no_name
injected false rejected starttls.plaintext_injection insecure_no_chain insecure_no_name
honest true trusted  insecure_security_level
bool(true)
string(22) "rejected name.mismatch"
