<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** The library or its header cannot be loaded, or PHP does not allow FFI (STV_E_UNSUPPORTED). */
final class LoadException extends ArgumentException
{
}
