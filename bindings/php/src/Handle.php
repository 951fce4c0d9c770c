<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * Stands for a handle of the library and frees it at its end. It holds no FFI object: those stay
 * inside Library, so that none can escape, be copied or be freed twice.
 *
 * @internal
 */
final class Handle
{
    /** @param string $free the function that ends the handle */
    public function __construct(public readonly Library $library, private readonly string $free)
    {
    }

    public function __destruct()
    {
        $this->library->free($this, $this->free);
    }

    private function __clone()
    {
    }

    /** @return array<string, mixed> */
    public function __serialize(): array
    {
        throw new StateException('a handle belongs to its process and cannot be serialised', Status::E_STATE, 'STV_E_STATE');
    }
}
