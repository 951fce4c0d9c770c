<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * The summing report of TLSRPT (RFC 8460) for one mail domain: how the TLS of those who send it mail fared.
 * To send it is the caller's business.
 */
final class TlsRpt
{
    private readonly Handle $handle;

    /**
     * Begins a report.
     *
     * @param string      $id        one that no other report of yours has
     * @param string      $contact   an e-mail address; its domain is the sender in the file name
     * @param int         $begin     seconds since 1970
     * @param int         $end       seconds since 1970
     * @param string|null $sendingIp the address that the world sees us under, where that of the connections
     *     is not it
     * @throws ArgumentException
     */
    public function __construct(
        string $domain,
        string $id,
        string $organization,
        string $contact,
        int $begin,
        int $end,
        ?string $sendingIp = null,
    ) {
        $library = Library::shared();
        [$status, $handle] = $library->make('tls_rpt', 'stv_tls_rpt_new');
        $this->handle = $handle ?? throw $library->fault($status);
        $this->obey('stv_tls_rpt_begin', $domain, $id);
        $this->obey('stv_tls_rpt_set_organization', $organization);
        $this->obey('stv_tls_rpt_set_contact', $contact);
        $this->obey('stv_tls_rpt_set_range', $begin, $end);
        if ($sendingIp !== null) {
            $this->obey('stv_tls_rpt_set_sending_ip', $sendingIp);
        }
    }

    /**
     * Counts a session, whatever became of it; Session::tlsRptResult() says as what.
     *
     * @throws ArgumentException when it is of another protocol than SMTP between relays, or for another
     *     domain
     */
    public function add(Session $session): void
    {
        $this->obey('stv_tls_rpt_add', $session->reportHandle());
    }

    /** How many sessions were counted as successes. */
    public function successes(): int
    {
        return $this->handle->library->number('stv_tls_rpt_successes', $this->handle);
    }

    /** How many sessions were counted as failures. */
    public function failures(): int
    {
        return $this->handle->library->number('stv_tls_rpt_failures', $this->handle);
    }

    /** The report as JSON (application/tlsrpt+json). */
    public function json(): string
    {
        $this->obey('stv_tls_rpt_write');
        return $this->handle->library->text('stv_tls_rpt_json', $this->handle);
    }

    /** The report compressed (application/tlsrpt+gzip). */
    public function gzip(): string
    {
        $this->obey('stv_tls_rpt_write');
        return $this->handle->library->octets('stv_tls_rpt_gzip', $this->handle);
    }

    /** The name under which the compressed report is sent. */
    public function fileName(): string
    {
        $this->obey('stv_tls_rpt_write');
        return $this->handle->library->text('stv_tls_rpt_file_name', $this->handle);
    }

    /**
     * Where the domain wants its reports: the URIs of the TXT record at _smtp._tls and the domain.
     *
     * @return list<string>
     * @throws ArgumentException when it is no such record; the domain wants none then
     */
    public function destinations(string $record): array
    {
        $this->obey('stv_tls_rpt_set_record', $record);
        $library = $this->handle->library;
        $destinations = [];
        $count = $library->number('stv_tls_rpt_destination_count', $this->handle);
        for ($index = 0; $index < $count; $index++) {
            $destinations[] = $library->text('stv_tls_rpt_destination', $this->handle, $index);
        }
        return $destinations;
    }

    private function obey(string $function, Handle|string|int ...$arguments): void
    {
        $library = $this->handle->library;
        $status = $library->number($function, $this->handle, ...$arguments);
        if ($status !== Status::OK) {
            throw $library->fault($status, $library->text('stv_tls_rpt_error', $this->handle));
        }
    }
}
