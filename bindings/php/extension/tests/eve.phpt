--TEST--
Eve is refused with the reason, and nothing goes through afterwards
--INI--
starttls_verify.ports=1-65535
--FILE--
<?php
require __DIR__ . '/lab.inc';
$stream = upgraded(connected('eve'));
var_dump(secure($stream));
var_dump(fwrite($stream, "AUTH PLAIN s\r\n"), stream_socket_sendto($stream, 'AUTH'), fgets($stream), feof($stream), secure($stream));
$report = starttls_verify_last_report($stream);
echo $report['protocol'], ' ', $report['host'], ' ', $report['status'], ' ', $report['code'], "\n";
var_dump($report === starttls_verify_last_report(), Lab::heard('eve'));
fclose($stream);
?>
--EXPECTF--
Warning: stream_socket_enable_crypto(): REJECTED smtp://127.0.0.1:%d [name.mismatch] the certificate is for mail.eve.test, but mail.bob.test was wanted%A in %s on line %d
bool(false)

Notice: fwrite(): nothing was sent: the peer of this connection was refused in %s on line %d

Notice: stream_socket_sendto(): nothing was sent: the peer of this connection was refused in %s on line %d
bool(false)
int(-1)
bool(false)
bool(true)
bool(false)
smtp 127.0.0.1 STV_E_REJECTED name.mismatch
bool(true)
string(0) ""
