<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

use StarttlsVerify\StarttlsVerifyException;

require_once 'Net/Socket.php';

/**
 * PEAR's socket with the library as judge. Its errors are PEAR_Errors with our reason.
 *
 * @internal
 */
class NetSocket extends \Net_Socket
{
    private ?Address $address = null;
    private bool $secured = false;

    /** @param array{string, string} $protocols with STARTTLS, and with TLS from the first byte */
    public function __construct(private readonly Backends $backends, private readonly array $protocols)
    {
    }

    public function connect($addr, $port = 0, $persistent = null, $timeout = null, $options = null)
    {
        $this->secured = false;
        $this->address = Address::of((string) $addr, (int) $port);
        $done = parent::connect($this->address->host, $this->address->port, $persistent, $timeout, $options);
        if ($done !== true || !$this->address->implicit) {
            return $done;
        }
        return $this->secure($this->protocols[1]);
    }

    public function enableCrypto($enabled, $type)
    {
        return $this->secure($this->protocols[0]);
    }

    public function isSecured(): bool
    {
        return $this->secured;
    }

    /** @return true|\PEAR_Error */
    private function secure(string $protocol)
    {
        try {
            $this->backends->secure($this->fp, (string) $this->address?->host, (int) $this->address?->port, $protocol);
            return $this->secured = true;
        } catch (StarttlsVerifyException $fault) {
            $this->fp = null;
            return $this->raiseError($fault->getMessage());
        }
    }
}
