<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** Whom we expect. Checked when it is made, and never changed. */
final class Peer
{
    private Handle $handle;

    /** Where the library made this peer: the servers, and which of them. */
    private ?Handle $servers = null;

    private int $index = 0;

    /**
     * @param string       $host       DNS name (U-labels are converted) or IP address: what the
     *                                 certificate must be for
     * @param string       $protocol   URL scheme: "smtp", "submission", "tls", ...
     * @param int          $port       1-65535; 0 is the protocol's own
     * @param string|null  $connect    where to connect, if not to the host: "192.0.2.1:25",
     *                                 "[2001:db8::1]:25"; never what the certificate must be for
     * @param string|null  $serverName what to send as SNI, if not the host
     * @param list<string> $references further names, one of which the certificate may be for:
     *                                 "dns:example.com", "srv:_imap.example.com", ...
     * @param list<string> $tlsa       TLSA records of this server and port: "3 1 1 HEX"; they decide
     *                                 in place of the public CAs
     * @param TlsaState|null $tlsaState how they came from the DNS, or why there are none; null is your
     *                                 own statement
     * @param string|null  $tlsaBase   host name below which they stand, if not the host
     * @param string|null  $origin     domain that the user named, if MX or SRV records led from it to
     *                                 the host
     * @param Provenance   $provenance how they did
     * @throws ArgumentException for a name or record that is none, holds a NUL, or is not UTF-8
     */
    public function __construct(
        private readonly string $host,
        private readonly string $protocol = 'tls',
        private readonly int $port = 0,
        private readonly ?string $connect = null,
        private readonly ?string $serverName = null,
        private readonly array $references = [],
        private readonly array $tlsa = [],
        private readonly ?TlsaState $tlsaState = null,
        private readonly ?string $tlsaBase = null,
        private readonly ?string $origin = null,
        private readonly Provenance $provenance = Provenance::Insecure,
    ) {
        $library = Library::shared();
        [$status, $handle] = $library->make('peer', 'stv_peer_new');
        $this->handle = $handle ?? throw $library->fault($status);
        $this->set('stv_peer_set_protocol', self::protocolNumber($library, $protocol));
        $this->set('stv_peer_set_host', $host);
        $this->setPort($port);
        $this->setTexts('stv_peer_set_connect', $connect === null ? [] : [$connect]);
        $this->setTexts('stv_peer_set_sni', $serverName === null ? [] : [$serverName]);
        $this->setTexts('stv_peer_add_reference', $references);
        $this->setTexts('stv_peer_add_tlsa', $tlsa);
        $this->setTexts('stv_peer_set_tlsa_base', $tlsaBase === null ? [] : [$tlsaBase]);
        if ($tlsaState !== null) {
            $this->set('stv_peer_set_tlsa_state', $tlsaState->value);
        }
        if ($origin !== null) {
            $this->obey($library->number('stv_peer_set_origin', $this->handle, $origin, $provenance->value));
        }
    }

    /**
     * The peers that serve the domain that is the host of $domain, the best first; at least one. Found by
     * MX for mail relays and by SRV for other protocols, as the verifier's options dns, ... say. Each knows
     * how it came to be named; look its TLSA records up with new Session($verifier, $peer, discover: true).
     *
     * @return list<self>
     * @throws ArgumentException        for a protocol whose servers the DNS does not name, or an address
     * @throws StarttlsVerifyException  STV_E_NO_SERVICE, STV_E_DNS_BOGUS, STV_E_DNS_FAILED: there is nobody
     */
    public static function servers(Verifier $verifier, self $domain): array
    {
        $library = $domain->handle->library;
        [$status, $servers] = $library->make('servers', 'stv_servers_discover', $domain->handle, $verifier->handle());
        if ($servers === null) {
            throw $library->fault($status, $library->text('stv_peer_error', $domain->handle));
        }
        $peers = [];
        for ($index = 0; $index < $library->number('stv_servers_count', $servers); $index++) {
            $host = $library->text('stv_servers_host', $servers, $index);
            $peer = new self($host, $domain->protocol, $library->number('stv_servers_port', $servers, $index));
            $peer->servers = $servers;
            $peer->index = $index;
            $peer->handle = $peer->made($servers);
            $peers[] = $peer;
        }
        return $peers;
    }

    private function made(Handle $servers): Handle
    {
        [$status, $handle] = $servers->library->make('peer', 'stv_servers_peer', $servers, $this->index);
        return $handle ?? throw $servers->library->fault($status);
    }

    /** The host: the server, where the DNS named it. */
    public function host(): string
    {
        return $this->host;
    }

    /**
     * The peer of an URL such as "smtp://mail.example.com:25". Only scheme, host and port may be in
     * it.
     */
    public static function fromUrl(string $url, ?string $connect = null): self
    {
        $pattern = '~\A([a-z][a-z0-9+.-]*)://(\[[^][\s]*\]|[^]\[:/?#@\s]+)(?::(\d{1,5}))?/?\z~i';
        if (preg_match($pattern, $url, $part) !== 1) {
            throw Library::shared()->fault(Status::E_ARGUMENT, 'an URL is SCHEME://HOST or SCHEME://HOST:PORT');
        }
        return new self($part[2], strtolower($part[1]), (int) ($part[3] ?? 0), $connect);
    }

    private static function protocolNumber(Library $library, string $scheme): int
    {
        return $library->protocol($scheme)
            ?? throw $library->fault(Status::E_ARGUMENT, "'" . addcslashes($scheme, "\0..\37\177..\377") . "' is no protocol that the library knows");
    }

    private function setPort(int $port): void
    {
        // C would cut 65561 to 25 where an int is short; the library refuses the rest itself.
        if ($port < 0 || $port > 65_535) {
            throw $this->handle->library->fault(Status::E_ARGUMENT, "{$port} is no port");
        }
        if ($port !== 0) {
            $this->set('stv_peer_set_port', $port);
        }
    }

    /** @param array<mixed> $texts */
    private function setTexts(string $setter, array $texts): void
    {
        foreach ($texts as $text) {
            if (!is_string($text)) {
                throw $this->handle->library->fault(Status::E_ARGUMENT, 'references and records are strings; ' . get_debug_type($text) . ' given');
            }
            $this->set($setter, $text);
        }
    }

    private function set(string $setter, string|int $value): void
    {
        $library = $this->handle->library;
        $status = $library->number($setter, $this->handle, $value);
        if ($status !== Status::OK) {
            throw $library->fault($status, $library->text('stv_peer_error', $this->handle));
        }
    }

    /**
     * The same peer with what this store knows of it now, and with what the DNS says of it as this
     * verifier's options ask. A peer of its own, because the answers are for one session.
     *
     * @internal
     */
    public function forSession(?KnownPeers $known, ?Verifier $discover): self
    {
        if ($known === null && $discover === null) {
            return $this;
        }
        $peer = new self(
            $this->host,
            $this->protocol,
            $this->port,
            $this->connect,
            $this->serverName,
            $this->references,
            $this->tlsa,
            $this->tlsaState,
            $this->tlsaBase,
            $this->origin,
            $this->provenance,
        );
        if ($this->servers !== null) {
            $peer->handle = $this->made($this->servers);
        }
        $library = $peer->handle->library;
        if ($known !== null) {
            $peer->obey($library->number('stv_peer_set_known', $peer->handle, $known->handle()));
        }
        if ($discover !== null) {
            $peer->obey($library->number('stv_peer_discover', $peer->handle, $discover->handle()));
        }
        return $peer;
    }

    private function obey(int $status): void
    {
        if ($status !== Status::OK) {
            throw $this->handle->library->fault($status, $this->handle->library->text('stv_peer_error', $this->handle));
        }
    }

    /** @internal */
    public function serverName(): ?string
    {
        return $this->serverName;
    }

    /** @internal */
    public function handle(): Handle
    {
        return $this->handle;
    }
}
