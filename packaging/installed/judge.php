<?php

declare(strict_types=1);

use StarttlsVerify\{Chain, Peer, Verifier};

require_once 'starttls_verify/autoload.php';

// Is the chain in a file one of mail.bob.test's?
$report = (new Verifier(['cafile' => 'ca.pem']))->judge(new Peer('mail.bob.test'), Chain::fromFile($argv[1]));
echo $report->summary(), "\n";
exit($report->isTrusted() ? 0 : 1);
