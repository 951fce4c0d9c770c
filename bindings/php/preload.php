<?php

/**
 * For FPM, where ffi.enable=preload lets only preloaded code use FFI. In php.ini:
 *
 *     ffi.enable = preload
 *     opcache.preload = /path/to/bindings/php/preload.php
 *     opcache.preload_user = www-data
 *
 * Where FPM runs under opcache.preload_user, PHP forbids FFI::load here; then the header is given by
 * ffi.preload as well: a file that bin/ffi-preload-header.php prints.
 */

declare(strict_types=1);

require_once __DIR__ . '/autoload.php';

foreach (glob(__DIR__ . '/src/*.php') ?: [] as $file) {
    require_once $file;
}

if (!\StarttlsVerify\Library::isInScope()) {
    \StarttlsVerify\Library::declareScope();
}
