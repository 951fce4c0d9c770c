--TEST--
Where TLS is demanded, nothing but the words before TLS leaves in clear
--INI--
starttls_verify.ports=1-65535
starttls_verify.require_tls=127.0.0.1, *.bob.test:587
--FILE--
<?php
require __DIR__ . '/lab.inc';
// A session from which the offer was cut out never asks for crypto.
$stream = connected('stripped');
reply($stream);
var_dump(fwrite($stream, "EHLO localhost\r\n"));
reply($stream);
var_dump(fwrite($stream, "AUTH PLAIN secret\r\n"), fwrite($stream, "QUIT\r\n"), code($stream), Lab::heard('stripped'));

/** What arrives at a server of ours when these are written; what was written before a refusal counts. */
function arrives(string $greeting, array $writes, callable $write): string
{
    $server = stream_socket_server('tcp://127.0.0.1:0');
    $stream = stream_socket_client('tcp://' . stream_socket_get_name($server, false));
    $peer = stream_socket_accept($server);
    fwrite($peer, $greeting);
    fgets($stream);
    foreach ($writes as $text) {
        if ($write($stream, $text) !== strlen($text)) {
            break;
        }
    }
    usleep(5000);
    stream_set_blocking($peer, false);
    return json_encode((string) stream_get_contents($peer)) . ' ' . (starttls_verify_last_report($stream)['code'] ?? 'said');
}
$fwrite = static fn ($stream, $text) => @fwrite($stream, $text);
$cases = [
    "220 hi\r\n" => [["EHLO x\r\nAUTH PLAIN s\r\n"], ['AU', 'TH PLAIN s'], ['E', "XPN s\r\n"], ["MAIL FROM:<a@b>\r\n"], ["\r\n"],
        ["NOOP\rAUTH PLAIN s\r\n"], ["NOOP s\r\n"], ["STARTTLS s\r\n"], ["STARTTLS\r\nAUTH PLAIN s\r\n"], ["EHLO x\0AUTH\r\n"],
        ['EHLO ' . str_repeat('x', 600)], ["EHLO x\r\n", "STARTTLS\r\n"], ["HELO x\r\n", "QUIT\r\n"], ["q", "u", "it", "\r", "\n"]],
    "* OK hi\r\n" => [["a LOGIN bob s\r\n"], ['a LO', "GIN bob s\r\n"], ["a AUTHENTICATE PLAIN\r\n"], ["AGJvYgBz\r\n"], ["a NOOP\r\nb LOGIN bob s\r\n"],
        ["a ID (\"name\" \"x\")\r\n", "b CAPABILITY\r\n", "c LO", "GOUT\r\n"], ["a STARTTLS\r\n"]],
    "+OK hi\r\n" => [["USER bob\r\n"], ["APOP bob s\r\n"], ["AUTH PLAIN\r\n"], ["CAPA\r\n", "STLS\r\n"], ["PA", "SS s\r\n"]],
    "\"IMPLEMENTATION\" \"x\"\r\n" => [["AUTHENTICATE \"PLAIN\" \"s\"\r\n"], ["CAPABILITY\r\n", "STARTTLS\r\n"]],
    "who knows\r\n" => [["USER bob\r\n"], ["a LOGIN bob s\r\n"], ["PASS s\r\n"], ["a NOOP\r\n"], ["CAPA\r\n"]],
];
foreach ($cases as $greeting => $all) {
    foreach ($all as $writes) {
        echo substr(json_encode($writes), 0, 60), ' => ', arrives($greeting, $writes, $fwrite), "\n";
    }
}
echo arrives("220 hi\r\n", ["AUTH PLAIN s\r\n"], static fn ($stream, $text) => @stream_socket_sendto($stream, $text)), "\n";
// Nobody gets the descriptor and writes past us.
$stream = connected('stripped');
var_dump(@proc_open(['cat'], [0 => $stream], $pipes));
?>
--EXPECTF--
int(16)

Warning: fwrite(): REJECTED smtp://127.0.0.1:%d [starttls.required] %s in %s on line %d

Notice: fwrite(): nothing was sent: the peer of this connection was refused in %s on line %d
bool(false)
bool(false)
string(26) "rejected starttls.required"
string(0) ""
["EHLO x\r\nAUTH PLAIN s\r\n"] => "" starttls.required
["AU","TH PLAIN s"] => "" starttls.required
["E","XPN s\r\n"] => "E" starttls.required
["MAIL FROM:<a@b>\r\n"] => "" starttls.required
["\r\n"] => "" starttls.required
["NOOP\rAUTH PLAIN s\r\n"] => "" starttls.required
["NOOP s\r\n"] => "" starttls.required
["STARTTLS s\r\n"] => "" starttls.required
["STARTTLS\r\nAUTH PLAIN s\r\n"] => "" starttls.required
["EHLO x\u0000AUTH\r\n"] => "" starttls.required
["EHLO xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx => "" starttls.required
["EHLO x\r\n","STARTTLS\r\n"] => "EHLO x\r\nSTARTTLS\r\n" said
["HELO x\r\n","QUIT\r\n"] => "HELO x\r\nQUIT\r\n" said
["q","u","it","\r","\n"] => "quit\r\n" said
["a LOGIN bob s\r\n"] => "" starttls.required
["a LO","GIN bob s\r\n"] => "a LO" starttls.required
["a AUTHENTICATE PLAIN\r\n"] => "" starttls.required
["AGJvYgBz\r\n"] => "" starttls.required
["a NOOP\r\nb LOGIN bob s\r\n"] => "" starttls.required
["a ID (\"name\" \"x\")\r\n","b CAPABILITY\r\n","c LO","GOUT => "a ID (\"name\" \"x\")\r\nb CAPABILITY\r\nc LOGOUT\r\n" said
["a STARTTLS\r\n"] => "a STARTTLS\r\n" said
["USER bob\r\n"] => "" starttls.required
["APOP bob s\r\n"] => "" starttls.required
["AUTH PLAIN\r\n"] => "" starttls.required
["CAPA\r\n","STLS\r\n"] => "CAPA\r\nSTLS\r\n" said
["PA","SS s\r\n"] => "" starttls.required
["AUTHENTICATE \"PLAIN\" \"s\"\r\n"] => "" starttls.required
["CAPABILITY\r\n","STARTTLS\r\n"] => "CAPABILITY\r\nSTARTTLS\r\n" said
["USER bob\r\n"] => "" starttls.required
["a LOGIN bob s\r\n"] => "" starttls.required
["PASS s\r\n"] => "" starttls.required
["a NOOP\r\n"] => "a NOOP\r\n" said
["CAPA\r\n"] => "CAPA\r\n" said
"" starttls.required
bool(false)
