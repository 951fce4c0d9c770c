<?php

declare(strict_types=1);

// A server that was stripped of STARTTLS: only what TLS needs may be said to it in clear.
$server = stream_socket_server('tcp://127.0.0.1:2525');
$client = stream_socket_client('tcp://127.0.0.1:2525');
$accepted = stream_socket_accept($server);
fwrite($accepted, "220 mail.bob.test\r\n");
fgets($client);
fwrite($client, "EHLO localhost\r\n");
fgets($accepted);
fwrite($accepted, "250 mail.bob.test\r\n");
fgets($client);
@fwrite($client, "AUTH PLAIN c2VjcmV0\r\n");
stream_set_timeout($accepted, 1);
exit(str_contains((string) fgets($accepted), 'AUTH') ? 1 : 0);
