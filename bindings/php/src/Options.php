<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * Puts an options array into a config of the library. Types are the library's: nothing is converted
 * silently, so that "false" is never true and 0 never a name.
 *
 * | type of the option | PHP value |
 * |--------------------|-----------|
 * | bool               | bool |
 * | int                | int |
 * | str                | string |
 * | bytes              | string |
 * | list of str        | string, or a list of them that is not empty |
 * | list of bytes      | string, or a list of them that is not empty |
 * | peer_fingerprint   | as in PHP besides: ['sha256' => HEX, ...], all of which must match |
 *
 * @internal
 */
final class Options
{
    private const BYTES = ['bytes', 'list of bytes'];

    /** @var array<string, string>|null name, also the insecure_ one, to type */
    private ?array $types = null;

    public function __construct(private readonly Library $library, private readonly Handle $config)
    {
    }

    /**
     * @param array<array-key, mixed> $options
     * @throws OptionException with the library's words
     */
    public function put(array $options): void
    {
        foreach ($options as $name => $value) {
            if (is_int($name)) {
                throw $this->fault(Status::E_OPTION_UNKNOWN, "options are NAME => VALUE; entry {$name} has no name");
            }
            $this->putOne($name, $value);
        }
    }

    private function putOne(string $name, mixed $value): void
    {
        match (true) {
            is_bool($value) => $this->obey('stv_config_set_bool', $name, (int) $value),
            is_int($value) => $this->obey('stv_config_set_int', $name, $value),
            is_string($value) => $this->obey($this->isBytes($name) ? 'stv_config_set_bytes' : 'stv_config_set_str', $name, $value),
            is_array($value) => $this->putList($name, $value),
            default => $this->refuseType($name, get_debug_type($value)),
        };
    }

    /** @param array<array-key, mixed> $values */
    private function putList(string $name, array $values): void
    {
        if ($values === []) {
            // Asks about the name first; then an empty list is what a forgotten pin looks like.
            $this->type($name);
            throw $this->fault(Status::E_OPTION_VALUE, "option {$name}: the list is empty; leave the option out");
        }
        $add = $this->isBytes($name) ? 'stv_config_add_bytes' : 'stv_config_add_str';
        foreach ($values as $key => $value) {
            if (!is_string($value)) {
                $this->refuseType($name, 'array with ' . get_debug_type($value));
            }
            $this->obey($add, $name, is_int($key) ? $value : $this->fingerprint($name, $key, $value));
        }
    }

    /** PHP's ['sha256' => HEX] is the library's "sha256:HEX". */
    private function fingerprint(string $name, string $algorithm, string $digest): string
    {
        if (!in_array($name, ['peer_fingerprint', 'insecure_peer_fingerprint'], true)) {
            $this->type($name);
            throw $this->fault(Status::E_OPTION_TYPE, "option {$name} takes a plain list; there is a key '{$algorithm}'");
        }
        return "{$algorithm}:{$digest}";
    }

    private function obey(string $setter, string $name, string|int $value): void
    {
        $status = $this->library->number($setter, $this->config, $name, $value);
        if ($status !== Status::OK) {
            throw $this->library->fault($status, $this->library->text('stv_config_error', $this->config));
        }
    }

    private function refuseType(string $name, string $given): never
    {
        $type = $this->type($name);
        throw $this->fault(Status::E_OPTION_TYPE, "option {$name} takes a value of type {$type}; {$given} given");
    }

    private function isBytes(string $name): bool
    {
        return in_array($this->types()[$name] ?? null, self::BYTES, true);
    }

    /** The option's type; the library refuses a name it does not know, and names the nearest. */
    private function type(string $name): string
    {
        $type = $this->types()[$name] ?? null;
        if ($type === null) {
            $this->obey('stv_config_set_str', $name, '');
            throw $this->fault(Status::E_OPTION_UNKNOWN, "there is no option '{$name}'");
        }
        return $type;
    }

    /** @return array<string, string> */
    private function types(): array
    {
        return $this->types ??= $this->readTable();
    }

    /** @return array<string, string> */
    private function readTable(): array
    {
        $types = [];
        for ($index = $this->library->number('stv_option_count'); $index-- > 0;) {
            $type = $this->library->text('stv_option_type', $index);
            foreach (['stv_option_name', 'stv_option_insecure_name'] as $function) {
                $types[$this->library->text($function, $index)] = $type;
            }
        }
        unset($types['']);
        return $types;
    }

    private function fault(int $status, string $words): StarttlsVerifyException
    {
        return $this->library->fault($status, $words);
    }
}
