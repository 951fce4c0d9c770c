--TEST--
peer_certificate and peer_certificate_chain as PHP has them
--INI--
starttls_verify.ports=1-65535
--FILE--
<?php
require __DIR__ . '/lab.inc';
foreach (['honest', 'eve'] as $id) {
    $stream = upgraded(connected($id, ['capture_peer_cert' => true, 'capture_peer_cert_chain' => true]));
    @secure($stream);
    $ssl = stream_context_get_options($stream)['ssl'];
    var_dump(isset($ssl['peer_certificate']), count($ssl['peer_certificate_chain'] ?? []));
}
$stream = upgraded(connected('honest', ['capture_peer_cert' => true, 'capture_peer_cert_chain' => true]));
secure($stream);
$ssl = stream_context_get_options($stream)['ssl'];
var_dump(get_class($ssl['peer_certificate']), openssl_x509_parse($ssl['peer_certificate_chain'][0])['extensions']['subjectAltName']);
openssl_x509_export($ssl['peer_certificate'], $pem);
var_dump(str_starts_with(file_get_contents(Lab::directory() . '/honest/chain.pem'), $pem));
?>
--EXPECT--
bool(true)
int(2)
bool(false)
int(0)
string(18) "OpenSSLCertificate"
string(17) "DNS:mail.bob.test"
bool(true)
