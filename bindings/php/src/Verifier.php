<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * A frozen configuration with its CA certificates loaded, and the judge. Make it once and keep it:
 * loading the CA certificates is the expensive part. It may be used after a fork.
 */
final class Verifier
{
    /** What stands in the table of options for a handshake without a deadline of its own. */
    private const HANDSHAKE_TIMEOUT_MS = 30_000;

    private readonly Handle $handle;

    /** @var array<string, mixed> */
    private readonly array $options;

    /**
     * @param array<string, mixed> $options    docs/options.md lists them; the names of PHP's ssl
     *     context are among them: ['cafile' => '/etc/ca.pem', 'verify_depth' => 5]. What weakens
     *     security is accepted only under its insecure_ name.
     * @param string|null          $configFile a configuration file with defaults and sections for
     *     hosts; $options go before it
     * @throws OptionException   for an unknown or misspelt option, a wrong type, a value out of range
     * @throws ArgumentException for a file that is missing, unreadable or empty, a malformed pin, ...
     */
    public function __construct(array $options = [], ?string $configFile = null)
    {
        $library = Library::shared();
        $config = self::config($library);
        (new Options($library, $config))->put($options);
        if ($configFile !== null) {
            self::demand($library, $config, $library->number('stv_config_load_file', $config, $configFile));
        }
        [$status, $handle] = $library->make('verifier', 'stv_verifier_new', $config);
        self::demand($library, $config, $status);
        $this->handle = $handle ?? throw $library->fault($status);
        $this->options = $options;
    }

    private static function config(Library $library): Handle
    {
        [$status, $config] = $library->make('config', 'stv_config_new');
        return $config ?? throw $library->fault($status);
    }

    private static function demand(Library $library, Handle $config, int $status): void
    {
        if ($status !== Status::OK) {
            throw $library->fault($status, $library->text('stv_config_error', $config));
        }
    }

    /**
     * Judges a chain: is this the peer who was meant? No network, no disk. The report is returned
     * whatever the verdict: ask isTrusted(), or use verifyChain(), which throws.
     */
    public function judge(Peer $peer, Chain $chain): Report
    {
        $library = $this->handle->library;
        [$status, $report] = $library->make('report', 'stv_verifier_judge', $this->handle, $peer->handle(), $chain->handle());
        return Report::take($report ?? throw $library->fault($status));
    }

    /** Whether CA files, CRLs or the configuration file have changed, so that a new one is due. */
    public function isStale(): bool
    {
        return $this->handle->library->number('stv_verifier_stale', $this->handle) === 1;
    }

    /**
     * The option as it was given, or null. What a configuration file says is not seen here.
     *
     * @internal
     */
    public function option(string $name): mixed
    {
        return $this->options[$name] ?? null;
    }

    /**
     * Milliseconds that a handshake may take.
     *
     * @internal
     */
    public function handshakeTimeout(): int
    {
        $given = $this->option('handshake_timeout_ms');
        return is_int($given) ? $given : self::HANDSHAKE_TIMEOUT_MS;
    }

    /** @internal */
    public function handle(): Handle
    {
        return $this->handle;
    }

    /** @return array<string, mixed> without the options, which may hold a passphrase */
    public function __debugInfo(): array
    {
        return ['options' => array_keys($this->options)];
    }
}
