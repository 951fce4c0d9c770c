<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

require_once 'Net/SMTP.php';

/**
 * PEAR's Net_SMTP with the library as judge:
 *
 *     $smtp = new NetSmtp(new Backends(), 'mail.bob.test', 587);
 *     $smtp->connect();
 *     $smtp->starttls();          // a PEAR_Error with the reason; auth() does it as well
 *
 * Neither a password nor a letter leaves before TLS stands. Net_SMTP itself goes on in clear where
 * STARTTLS was stripped.
 */
class NetSmtp extends \Net_SMTP
{
    private readonly NetSocket $judged;

    /** Behind $backends the arguments are those of Net_SMTP. */
    public function __construct(Backends $backends, ?string $host = null, ?int $port = null, mixed ...$others)
    {
        parent::__construct($host, $port, ...$others);
        $this->judged = new NetSocket($backends, [$port === 587 ? 'submission' : 'smtp', 'submissions']);
        $this->socket = $this->judged;
    }

    public function starttls()
    {
        $done = $this->judged->isSecured() ? true : parent::starttls();
        return $done === false ? $this->inClear() : $done;
    }

    public function auth($uid, $pwd, $method = '', $tls = true, $authz = '')
    {
        $done = $this->starttls();
        return $done === true ? parent::auth($uid, $pwd, $method, false, $authz) : $done;
    }

    public function mailFrom($sender, $params = null)
    {
        return $this->judged->isSecured() ? parent::mailFrom($sender, $params) : $this->inClear();
    }

    /** @return \PEAR_Error */
    private function inClear()
    {
        return \PEAR::raiseError(Backends::NOT_OFFERED);
    }
}
