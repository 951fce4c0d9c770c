<?php

declare(strict_types=1);

use StarttlsVerify\Adapter\{Backends, RoundcubeImap, RoundcubeSmtp};

/**
 * Roundcube plugin: IMAP and SMTP servers are judged by libstarttls_verify before a password leaves.
 *
 * Copy or link this directory to plugins/, add 'starttls_verify' to $config['plugins'], and write
 * tls://HOST:143 and tls://HOST:587 as servers. config.inc.php.dist has the options.
 */
class starttls_verify extends rcube_plugin
{
    private Backends $backends;

    public function init(): void
    {
        $this->load_config();
        $config = rcube::get_instance()->config;
        require_once $config->get('starttls_verify_autoload', 'starttls_verify/autoload.php');
        $this->backends = new Backends(
            $config->get('starttls_verify_options', []),
            $config->get('starttls_verify_backends', []),
            $config->get('starttls_verify_config_file'),
        );
        $this->add_hook('storage_connect', [$this, 'judge_imap']);
        $this->add_hook('smtp_connect', [$this, 'judge_smtp']);
    }

    /**
     * @param array<string, mixed> $options
     * @return array<string, mixed>
     */
    public function judge_imap(array $options): array
    {
        $storage = rcube::get_instance()->get_storage();
        if (!$storage->conn instanceof RoundcubeImap) {
            $storage->conn = new RoundcubeImap($this->backends);
        }
        return $options;
    }

    /**
     * @param array<string, mixed> $options
     * @return array<string, mixed>
     */
    public function judge_smtp(array $options): array
    {
        return RoundcubeSmtp::guard($this->backends, $options);
    }
}
