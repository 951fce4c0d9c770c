<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * A store of known peers on disk (trust on first use): for each protocol, host and port the key that was
 * seen. Several processes may share one.
 *
 * A session that is made with the store holds its peer against it; a new peer passes only with the option
 * accept_new. Nothing is written but by remember() and by what an administrator asks for.
 */
final class KnownPeers
{
    private readonly Handle $handle;

    /**
     * Opens a store. One that is missing or damaged is an error, never a first use.
     *
     * @param bool $create make an empty store where there is none; for setting up, because a program that
     *     always says so takes a store that was deleted for a new beginning
     * @throws ArgumentException
     */
    public function __construct(string $path, bool $create = false)
    {
        $library = Library::shared();
        [$status, $handle] = $library->make('known_peers', 'stv_known_peers_new');
        $this->handle = $handle ?? throw $library->fault($status);
        $this->obey($create ? 'stv_known_peers_create_file' : 'stv_known_peers_open_file', $path);
    }

    /**
     * Takes down the peer of an open session, who is trusted and was held against this store.
     *
     * @return bool false where there is nothing to take down, because the session was resumed with a peer
     *     whose key is known
     * @throws StateException for any other: broken, not trusted, never asked about, or with another key
     *     in the store in the meantime
     * @throws ArgumentException when the store cannot be written
     */
    public function remember(Session $session): bool
    {
        if (self::isResumedAcquaintance($session->report())) {
            return false;
        }
        $this->obey('stv_known_peers_remember', $session->reportHandle());
        return true;
    }

    /** Announces a key that the peer will have: "spki-sha256:BASE64". */
    public function announce(Peer $peer, string $pin): void
    {
        $this->obey('stv_known_peers_announce', $peer->handle(), $pin);
    }

    /** Takes an announced key back. */
    public function withdraw(Peer $peer, string $pin): void
    {
        $this->obey('stv_known_peers_withdraw', $peer->handle(), $pin);
    }

    /** Forgets a peer: it is new again. */
    public function forget(Peer $peer): void
    {
        $this->obey('stv_known_peers_forget', $peer->handle());
    }

    /** The whole store as text, for import(). */
    public function export(): string
    {
        $this->obey('stv_known_peers_export');
        return $this->handle->library->text('stv_known_peers_text', $this->handle);
    }

    /** Adds the peers of an export, all of them or, when anything is wrong, none. */
    public function import(string $text): void
    {
        $this->obey('stv_known_peers_import_mem', $text);
    }

    /**
     * Every peer, sorted by host: "peer" ("smtp://mail.example.com:25"), "keys", "backups", "origin",
     * "first_seen", "last_seen", "addresses".
     *
     * @return list<array<string, mixed>>
     */
    public function peers(): array
    {
        $peers = [];
        foreach (array_slice(explode("\n", trim($this->export())), 1, -1) as $line) {
            $peer = json_decode($line, true, 8, JSON_THROW_ON_ERROR);
            $peers[] = is_array($peer) ? $peer : [];
        }
        return $peers;
    }

    /** Whether no certificate was shown, to a store that has this key. */
    private static function isResumedAcquaintance(Report $report): bool
    {
        $tls = $report->toArray()['tls'] ?? [];
        $same = array_filter($report->findings, static fn (Finding $finding): bool => $finding->code === 'known.same');
        return $report->isTrusted() && $same !== [] && is_array($tls) && ($tls['resumed'] ?? false) === true;
    }

    private function obey(string $function, Handle|string ...$arguments): void
    {
        $library = $this->handle->library;
        $status = $library->number($function, $this->handle, ...$arguments);
        if ($status !== Status::OK) {
            throw $library->fault($status, $library->text('stv_known_peers_error', $this->handle));
        }
    }

    /** @internal */
    public function handle(): Handle
    {
        return $this->handle;
    }
}
