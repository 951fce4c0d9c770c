<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

use Symfony\Component\Mailer\Exception\TransportException;
use Symfony\Component\Mailer\Transport\Smtp\EsmtpTransport;
use Symfony\Component\Mailer\Transport\Smtp\Stream\AbstractStream;

/**
 * Symfony Mailer's SMTP transport with the library as judge:
 *
 *     $mailer = new Mailer(new SymfonyTransport(new Backends(), 'mail.bob.test', 587));
 *
 * A server that is not who was meant, or one that offers no STARTTLS, is a TransportException with
 * the reason. TLS from the first byte (port 465) is out of reach here, since Symfony opens such a
 * stream itself: it is refused, and the PHP extension covers it.
 */
class SymfonyTransport extends EsmtpTransport
{
    private ?SymfonyStream $judged = null;

    public function __construct(Backends $backends, string $host, int $port = 587)
    {
        if ($port === 465) {
            throw new \InvalidArgumentException('TLS from the first byte is opened by Symfony itself, before anybody can judge: use 587');
        }
        parent::__construct($host, $port, false);
        $this->judged = new SymfonyStream(parent::getStream(), $backends, $host, $port);
    }

    public function getStream(): AbstractStream
    {
        return $this->judged ?? parent::getStream();
    }

    public function executeCommand(string $command, array $codes): string
    {
        $clear = preg_match('/^(EHLO|HELO|STARTTLS|QUIT|RSET|NOOP)\b/i', $command) === 1;
        if (!$clear && $this->judged?->isSecured() !== true) {
            throw new TransportException(ucfirst(Backends::NOT_OFFERED));
        }
        return parent::executeCommand($command, $codes);
    }
}
