--TEST--
A setting that means nothing is not taken for another one
--INI--
starttls_verify.mode=off
starttls_verify.ports=mail
starttls_verify.require_tls=mail.*.test
starttls_verify.log=on
--FILE--
<?php
foreach (['mode', 'ports', 'require_tls', 'log'] as $name) {
    echo $name, '=', ini_get("starttls_verify.{$name}"), "\n";
}
ob_start();
phpinfo(INFO_MODULES);
preg_match_all('/^(Mode|Ports in scope|TLS demanded of|libstarttls_verify|ssl:.*) => (.*)$/m', ob_get_clean(), $rows, PREG_SET_ORDER);
foreach ($rows as [, $name, $value]) {
    echo $name, ': ', $name === 'libstarttls_verify' ? preg_replace('/\d+/', 'N', $value) : $value, "\n";
}
?>
--EXPECTF--
Warning: PHP Startup: starttls_verify.mode="" will not do: it is enforce, honour or audit; the default stays in Unknown on line 0

Warning: PHP Startup: starttls_verify.ports="mail" will not do: it is a list of ports and ranges, "25,587,2500-2599"; the default stays in Unknown on line 0

Warning: PHP Startup: starttls_verify.require_tls="mail.*.test" will not do: it is a list of HOST, *.HOST or *, each also with :PORT; TLS is demanded of all until it is put right in Unknown on line 0

Warning: PHP Startup: starttls_verify.log="1" will not do: it is off, syslog or php; the default stays in Unknown on line 0
mode=enforce
ports=24,25,110,143,465,587,993,995,2525,4190
require_tls=mail.*.test
log=off
libstarttls_verify: N.N.N
Mode: enforce
Ports in scope: 24,25,110,143,465,587,993,995,2525,4190
TLS demanded of: *
ssl:// and tls://: left to PHP
