<?php

/**
 * For FPM, where ffi.enable=preload lets only preloaded code use FFI:
 *
 *     php bindings/php/bin/ffi-preload-header.php > /etc/php/starttls_verify.ffi.h
 *
 * and in php.ini (opcache.preload_user only where FPM is started by root):
 *
 *     ffi.enable = preload
 *     ffi.preload = /etc/php/starttls_verify.ffi.h
 *     opcache.preload = /path/to/bindings/php/preload.php
 *     opcache.preload_user = www-data
 */

declare(strict_types=1);

require_once __DIR__ . '/autoload.php';

foreach (glob(__DIR__ . '/src/*.php') ?: [] as $file) {
    require_once $file;
}

// Without opcache.preload_user the header may also be declared here.
if (!\StarttlsVerify\Library::isInScope()) {
    \StarttlsVerify\Library::declareScope();
}
