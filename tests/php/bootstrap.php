<?php

declare(strict_types=1);

error_reporting(E_ALL);

require_once __DIR__ . '/../../bindings/php/autoload.php';
require_once __DIR__ . '/Lab.php';
require_once __DIR__ . '/LabCase.php';
