<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** An option that does not exist, or does not take this type or value (status 105-108). */
final class OptionException extends ArgumentException
{
}
