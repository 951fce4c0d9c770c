--TEST--
A persistent stream keeps its session; one that was refused is not used again
--INI--
starttls_verify.ports=1-65535
--FILE--
<?php
require __DIR__ . '/server.inc';
require __DIR__ . '/lab.inc';
$address = server(static function ($peer): void {
    while (($line = fgets($peer)) !== false) {
        fwrite($peer, strtoupper($line));
    }
});
$file = sys_get_temp_dir() . '/stv-extension-' . getmypid() . '.pem.crt';
$context = stream_context_create(['ssl' => ['cafile' => $file, 'peer_name' => 'localhost']]);
$open = static fn (string $to) => stream_socket_client("tcp://{$to}", $n, $w, 5, STREAM_CLIENT_CONNECT | STREAM_CLIENT_PERSISTENT, $context);
$stream = $open($address);
fgets($stream);
encrypted($stream);
fwrite($stream, "one\n");
echo fgets($stream);
unset($stream);
$stream = $open($address);
fwrite($stream, "two\n");
echo fgets($stream), starttls_verify_last_report($stream)['verdict'], "\n";
fclose($stream);
$stream = upgraded($open(Lab::address('eve')));
var_dump(@secure($stream));
unset($stream);
$stream = $open(Lab::address('eve'));
var_dump(reply($stream));
?>
--EXPECT--
ONE
TWO
trusted
bool(false)
string(31) "220 mail.bob.test ESMTP stv-lab"
