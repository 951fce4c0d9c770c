--TEST--
Streams inside TLS answer as PHP's own do (mode=enforce)
--INI--
starttls_verify.ports=1-65535
starttls_verify.mode=enforce
--FILE--
<?php require __DIR__ . '/streams.inc'; ?>
--EXPECTF--
-- lines and blocks
string(5) "one
"
string(5) "two
"
string(5) "three"
int(40000)
int(6)
string(6) "HELLO
"
bool(true)
string(14) "tcp_socket/ssl"
string(7) "TLSv1.3"
string(22) "TLS_AES_256_GCM_SHA384"
bool(false)
bool(false)
bool(true)
-- time-outs
bool(false)
bool(true)
bool(false)
bool(true)
string(4) "late"
bool(false)
-- without blocking
string(0) ""
bool(false)
bool(true)
bool(true)
-- select sees what is decrypted
int(1000)
int(0)
-- much in both directions
bool(true)
bool(true)
bool(true)
-- a peer who does not read
bool(false)
string(7) "8388608"
-- the end
string(4) "last"
bool(true)
string(0) ""
string(3) "cut"
bool(true)
-- filters
string(6) "HELLO
"
-- shutdown
string(5) "one
"
bool(true)
