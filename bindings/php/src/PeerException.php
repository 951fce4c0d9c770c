<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** The connection must not be used, and the report says why (status 200-499). */
abstract class PeerException extends StarttlsVerifyException
{
    private ?Report $report = null;

    /**
     * The exception that belongs to a report: a RejectedException or a ConnectionException. Its
     * message is the report's summary.
     */
    final public static function of(Report $report): self
    {
        $class = Status::isRejection($report->status) ? RejectedException::class : ConnectionException::class;
        $exception = new $class($report->summary(), $report->status, $report->statusName);
        $exception->report = $report;
        return $exception;
    }

    /** Every check with its outcome. */
    final public function getReport(): Report
    {
        return $this->report ?? throw new \LogicException('a PeerException is made by PeerException::of()');
    }

    /** The stable code of what failed first, such as "name.mismatch". */
    final public function getFindingCode(): string
    {
        return $this->getReport()->code();
    }
}
