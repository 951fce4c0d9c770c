<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** The caller's fault: an argument, option, name or file that will not do (status 100-199). */
class ArgumentException extends StarttlsVerifyException
{
}
