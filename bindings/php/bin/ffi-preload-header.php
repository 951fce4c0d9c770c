<?php

/**
 * Prints the header for the php.ini setting ffi.preload:
 *
 *     php ffi-preload-header.php > /etc/php/starttls_verify.ffi.h
 */

declare(strict_types=1);

require_once __DIR__ . '/../autoload.php';

echo \StarttlsVerify\Library::scopeHeader();
