<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** Certificates as the peer sent them, leaf first. */
final class Chain implements \Countable
{
    private const PEM = '-----BEGIN ';

    private readonly Handle $handle;

    /**
     * @param iterable<string> $certificates each in DER, or PEM text with any number of them
     * @throws ArgumentException when one cannot be read
     */
    public function __construct(iterable $certificates = [])
    {
        $library = Library::shared();
        [$status, $handle] = $library->make('chain', 'stv_chain_new');
        $this->handle = $handle ?? throw $library->fault($status);
        foreach ($certificates as $certificate) {
            $this->add($certificate);
        }
    }

    /** The chain in a PEM or DER file. */
    public static function fromFile(string $path): self
    {
        // A NUL is refused here: PHP answers it with a ValueError.
        $bytes = str_contains($path, "\0") ? false : @file_get_contents($path);
        if ($bytes === false) {
            throw Library::shared()->fault(Status::E_FILE_UNREADABLE, 'cannot read ' . addcslashes($path, "\0..\37\177"));
        }
        return new self([$bytes]);
    }

    /**
     * Sets the OCSP response that the server staples to the chain, DER; an empty one takes it away.
     *
     * @throws ArgumentException when it is too long to be one
     */
    public function setOcsp(string $response): self
    {
        $library = $this->handle->library;
        $status = $library->number('stv_chain_set_ocsp', $this->handle, $response);
        if ($status !== Status::OK) {
            throw $library->fault($status, $library->text('stv_chain_error', $this->handle));
        }
        return $this;
    }

    /** How many certificates there are. */
    public function count(): int
    {
        return $this->handle->library->number('stv_chain_count', $this->handle);
    }

    private function add(mixed $certificate): void
    {
        $library = $this->handle->library;
        if (!is_string($certificate)) {
            throw $library->fault(Status::E_ARGUMENT, 'a certificate is a string of DER or PEM; ' . get_debug_type($certificate) . ' given');
        }
        $adder = str_contains($certificate, self::PEM) && $certificate[0] !== "\x30" ? 'stv_chain_add_pem' : 'stv_chain_add_der';
        $status = $library->number($adder, $this->handle, $certificate);
        if ($status !== Status::OK) {
            throw $library->fault($status, $library->text('stv_chain_error', $this->handle));
        }
    }

    /** @internal */
    public function handle(): Handle
    {
        return $this->handle;
    }
}
