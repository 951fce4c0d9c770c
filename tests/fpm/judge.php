<?php

/** One connection through the binding; ?port=P&host=H. The pool's environment says which CA it trusts. */

declare(strict_types=1);

use StarttlsVerify\{Peer, PeerException, Session, Verifier};

$code = null;
try {
    $verifier = new Verifier(['cafile' => getenv('POOL_CAFILE')]);
    $session = new Session($verifier, new Peer($_GET['host'], 'smtp', connect: "127.0.0.1:{$_GET['port']}"));
    $session->connect();
    $session->close();
} catch (PeerException $exception) {
    $code = $exception->getFindingCode();
}
echo json_encode(['code' => $code, 'pool' => getenv('POOL_NAME'), 'pid' => getmypid()]);
