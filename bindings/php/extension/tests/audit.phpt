--TEST--
mode=audit: PHP's own TLS goes on, and what would be refused is logged
--INI--
starttls_verify.ports=1-65535
starttls_verify.mode=audit
starttls_verify.log=php
starttls_verify.require_tls=127.0.0.1
error_log=
log_errors=1
--FILE--
<?php
require __DIR__ . '/lab.inc';
$log = tempnam(sys_get_temp_dir(), 'stv');
ini_set('error_log', $log);
foreach (['honest' => [], 'cn-only' => [], 'injected' => [], 'eve' => ['verify_peer' => false, 'verify_peer_name' => false], 'expired' => []] as $id => $ssl) {
    $stream = upgraded(connected($id, $ssl));
    var_dump(@secure($stream));
    echo $id, ' ', code($stream), ' ', isset(stream_get_meta_data($stream)['crypto']) ? 'encrypted' : 'clear', "\n";
    if (isset(stream_get_meta_data($stream)['crypto'])) {
        fwrite($stream, "NOOP\r\n");
        echo reply($stream), ' ', var_export(stream_context_get_options($stream)['ssl']['capture_peer_cert_chain'] ?? null, true), "\n";
    }
}
// fsockopen's streams have no context.
$stream = fsockopen('127.0.0.1', Lab::scenario('honest')['port']);
upgraded($stream);
var_dump(@secure($stream), fwrite($stream, "AUTH PLAIN x\r\n"));
$stream = fsockopen('127.0.0.1', Lab::scenario('stripped')['port']);
reply($stream);
var_dump(fwrite($stream, "AUTH PLAIN x\r\n"), fwrite($stream, "NOOP\r\n"), code($stream));
echo preg_replace(['/^\[.*?\] /m', '/:\d+/'], ['', ':N'], file_get_contents($log));
unlink($log);
?>
--EXPECTF--
bool(true)
honest trusted  encrypted
250 2.0.0 OK false
bool(true)
cn-only rejected name.no_san encrypted
250 2.0.0 OK false
bool(true)
injected rejected starttls.plaintext_injection encrypted
250 evil.eve.test false
bool(true)
eve rejected name.mismatch encrypted
250 2.0.0 OK false
bool(false)
expired no report clear
bool(false)
int(14)
int(14)
int(6)
string(26) "rejected starttls.required"
starttls_verify: would be trusted: TRUSTED smtp://127.0.0.1:N the chain leads to the trusted CA CN=stv-lab Root; the certificate is for mail.bob.test
starttls_verify: would be refused: REJECTED smtp://127.0.0.1:N [name.no_san] the certificate has no subjectAltName (its CN 'mail.bob.test' does not count), but mail.bob.test was wanted
starttls_verify: would be refused: REJECTED smtp://127.0.0.1:N [starttls.plaintext_injection] plaintext of the server was waiting when TLS began
starttls_verify: overridden: the program's verify_peer=false
starttls_verify: overridden: the program's verify_peer_name=false
starttls_verify: would be refused: REJECTED smtp://127.0.0.1:N [name.mismatch] the certificate is for mail.eve.test, but mail.bob.test was wanted
starttls_verify: refused by PHP itself: 127.0.0.1:N
starttls_verify: refused by PHP itself: 127.0.0.1:N
starttls_verify: would be refused: REJECTED smtp://127.0.0.1:N [starttls.required] a command that has no place before TLS was sent in clear
