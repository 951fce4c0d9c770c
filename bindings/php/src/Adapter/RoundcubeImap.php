<?php

declare(strict_types=1);

namespace StarttlsVerify\Adapter;

use StarttlsVerify\StarttlsVerifyException;

/**
 * Roundcube's IMAP connection with the library as judge. The plugin puts it in the place of
 * rcube_imap_generic.
 *
 * Roundcube connects and hears the greeting as without TLS; then TLS is started here, and a server
 * that does not offer it is refused: Roundcube itself would send the password in clear.
 */
class RoundcubeImap extends \rcube_imap_generic
{
    public function __construct(private readonly Backends $backends)
    {
        // Roundcube's own has no constructor.
    }

    /** @param string $host */
    protected function _connect($host)
    {
        $mode = $this->prefs['ssl_mode'] ?? null;
        if ($mode !== 'tls') {
            // TLS from the first byte is opened by PHP; no TLS at all is the administrator's choice.
            return parent::_connect($host);
        }
        $this->prefs['ssl_mode'] = null;
        try {
            return parent::_connect($host) && $this->upgrade($host);
        } finally {
            $this->prefs['ssl_mode'] = $mode;
        }
    }

    private function upgrade(string $host): bool
    {
        if (!$this->getCapability('STARTTLS')) {
            return $this->fail(Backends::NOT_OFFERED);
        }
        $answer = $this->execute('STARTTLS');
        if (empty($answer) || $answer[0] !== self::ERROR_OK) {
            return $this->fail('the server refused STARTTLS (starttls.refused)');
        }
        try {
            $this->backends->secure($this->fp, $host, (int) ($this->prefs['port'] ?? 143), 'imap');
        } catch (StarttlsVerifyException $fault) {
            $this->fp = null;
            return $this->fail($fault->getMessage());
        }
        // What was said in clear does not count any more.
        $this->clearCapability();
        return true;
    }

    private function fail(string $words): bool
    {
        $this->setError(self::ERROR_BAD, $words);
        $this->closeConnection();
        return false;
    }
}
