<?php

declare(strict_types=1);

namespace StarttlsVerify;

if (!\function_exists(__NAMESPACE__ . '\verifyChain')) {
    /**
     * Judges a chain that the caller has.
     *
     * @param array<string> $certificates leaf first, each DER, or PEM text with any number of them
     * @return Report trusted
     * @throws RejectedException when it is not
     * @throws ArgumentException when a certificate cannot be read
     */
    function verifyChain(Verifier $verifier, Peer $peer, array $certificates): Report
    {
        $report = $verifier->judge($peer, new Chain($certificates));
        if (!$report->isTrusted()) {
            throw PeerException::of($report);
        }
        return $report;
    }
}
