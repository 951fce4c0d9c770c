<?php

/** Loads the programs of tests/php/programs.sh. STV_PHP_PROGRAMS is where Roundcube was unpacked. */

declare(strict_types=1);

error_reporting(E_ALL & ~E_DEPRECATED);

require_once __DIR__ . '/../../../bindings/php/autoload.php';
require_once __DIR__ . '/../Lab.php';
require_once 'libphp-phpmailer/autoload.php';
require_once 'Symfony/Component/Mailer/autoload.php';
require_once 'PEAR.php';
require_once 'Net/SMTP.php';
require_once __DIR__ . '/Programs.php';

spl_autoload_register(static function (string $class): void {
    $roundcube = getenv('STV_PHP_PROGRAMS') . '/roundcube/program/lib/Roundcube';
    // Horde's classes are found by their name (PSR-0).
    $files = str_starts_with($class, 'rcube_')
        ? ["{$roundcube}/{$class}.php"]
        : [stream_resolve_include_path(strtr($class, ['\\' => '/', '_' => '/']) . '.php')];
    foreach ($files as $file) {
        if (is_string($file) && is_file($file)) {
            require_once $file;
        }
    }
});
