<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** Every failure of this library. getCode() is the status, a number of stv_status_code. */
class StarttlsVerifyException extends \RuntimeException
{
    final public function __construct(
        string $message,
        int $status,
        private readonly string $statusName,
        ?\Throwable $previous = null,
    ) {
        parent::__construct($message, $status, $previous);
    }

    /** The name of the status, such as "STV_E_REJECTED". */
    public function getStatusName(): string
    {
        return $this->statusName;
    }
}
