<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

use PHPMailer\PHPMailer\SMTP;
use StarttlsVerify\StarttlsVerifyException;

/**
 * PHPMailer's SMTP with the library as judge:
 *
 *     $mail->setSMTPInstance(new PhpMailerSmtp(new Backends()));
 *
 * A server that is not who was meant is an error of PHPMailer's with our reason in it. Neither a
 * password nor a letter leaves before TLS stands: PHPMailer itself goes on in clear where STARTTLS
 * was stripped and SMTPSecure is not set.
 */
class PhpMailerSmtp extends SMTP
{
    private ?Address $address = null;
    private bool $secured = false;

    public function __construct(private readonly Backends $backends)
    {
    }

    /** @return resource|false */
    protected function getSMTPConnection($host, $port = null, $timeout = 30, $options = [])
    {
        $this->secured = false;
        $this->address = Address::of($host, (int) ($port ?? self::DEFAULT_PORT));
        $stream = parent::getSMTPConnection($this->address->host, $this->address->port, $timeout, $options);
        if ($stream !== false && $this->address->implicit) {
            $this->smtp_conn = $stream;
            return $this->secure('submissions') ? $stream : false;
        }
        return $stream;
    }

    public function startTLS()
    {
        return $this->sendCommand('STARTTLS', 'STARTTLS', 220)
            && $this->secure($this->address?->port === 587 ? 'submission' : 'smtp');
    }

    public function authenticate($username, $password, $authtype = null, $OAuth = null)
    {
        return $this->demandTls('password') && parent::authenticate($username, $password, $authtype, $OAuth);
    }

    public function mail($from)
    {
        return $this->demandTls('letter') && parent::mail($from);
    }

    public function close()
    {
        if (!is_resource($this->smtp_conn)) {
            // The judge has closed it.
            $this->smtp_conn = null;
        }
        parent::close();
        $this->secured = false;
    }

    private function secure(string $protocol): bool
    {
        try {
            $this->backends->secure($this->smtp_conn, (string) $this->address?->host, (int) $this->address?->port, $protocol);
            return $this->secured = true;
        } catch (StarttlsVerifyException $fault) {
            // In this order: closing wipes the error.
            $this->close();
            $this->setError($fault->getMessage());
            return false;
        }
    }

    private function demandTls(string $what): bool
    {
        if (!$this->secured) {
            $this->close();
            $this->setError("no {$what} goes to {$this->address?->host} before TLS: set SMTPSecure, or STARTTLS was stripped");
        }
        return $this->secured;
    }
}
