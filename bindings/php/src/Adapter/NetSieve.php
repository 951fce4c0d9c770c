<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

require_once 'Net/Sieve.php';

/**
 * PEAR's Net_Sieve with the library as judge. The arguments behind the first are Net_Sieve's:
 *
 *     $sieve = new NetSieve(new Backends());
 *     $sieve->connect('mail.bob.test', 4190);     // a PEAR_Error with the reason
 *     $sieve->login('bob', $password);
 *
 * A server that offers no STARTTLS is refused as well; Net_Sieve itself would log in in clear.
 */
class NetSieve extends \Net_Sieve
{
    public function __construct(private readonly Backends $backends, mixed ...$others)
    {
        parent::__construct(...$others);
    }

    public function connect($host, $port, $options = null, $useTLS = true)
    {
        $socket = new NetSocket($this->backends, ['sieve', 'tls']);
        $this->_sock = $socket;
        $done = parent::connect($host, $port, $options, $useTLS);
        if ($done === true && !$socket->isSecured()) {
            $socket->disconnect();
            return $this->_pear->raiseError(Backends::NOT_OFFERED, 2);
        }
        return $done;
    }

    /** Net_Sieve's, but for the one call in its middle. */
    public function _startTLS()
    {
        foreach ([fn () => $this->_doCmd('STARTTLS'), fn () => $this->_sock->enableCrypto(true, 0)] as $step) {
            $done = $step();
            if ($done instanceof \PEAR_Error) {
                return $done;
            }
        }
        // The server says unasked what it can do now (RFC 5804 §2.2).
        $greeting = $this->_doCmd();
        $this->_parseCapability(is_string($greeting) ? $greeting : '');
        return true;
    }
}
