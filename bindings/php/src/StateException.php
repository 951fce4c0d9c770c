<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** The object is not in a state that allows this call (STV_E_STATE). */
final class StateException extends ArgumentException
{
}
