<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * The loaded library. All FFI happens here; no FFI object leaves.
 *
 * It is loaded once, at first use, and kept for the process. unload() lets it go, and the next use
 * loads it again. What was made before stays usable, but not together with what was made after.
 */
final class Library
{
    /** The ABI level this binding is written for. */
    public const ABI_LEVEL = 1;

    /** The name under which FPM's preloading declares the library. */
    public const SCOPE = 'starttls_verify';

    private static ?self $loaded = null;

    /** @var \WeakMap<Handle, \FFI\CData> */
    private \WeakMap $handles;

    private function __construct(private readonly \FFI $ffi)
    {
        $this->handles = new \WeakMap();
    }

    /**
     * The library, loaded if need be.
     *
     * @throws LoadException when it cannot be: FFI not allowed, library or header missing, too old
     */
    public static function shared(): self
    {
        return self::$loaded ??= self::load();
    }

    /** Forgets the loaded library; it is closed when the last object made with it has gone. */
    public static function unload(): void
    {
        self::$loaded = null;
    }

    /** Version of the library, such as "0.1.0". */
    public static function version(): string
    {
        return self::shared()->text('stv_version');
    }

    private static function load(): self
    {
        if (!class_exists(\FFI::class, false)) {
            throw Locator::fault("PHP has no FFI: install and enable the extension (php.ini: extension=ffi)");
        }
        try {
            $library = new self(self::fromScope() ?? self::fromFile());
        } catch (\FFI\Exception $exception) {
            throw self::explained($exception);
        }
        self::demandLevel($library->number('stv_abi_level'));
        return $library;
    }

    private static function fromScope(): ?\FFI
    {
        try {
            return \FFI::scope(self::SCOPE);
        } catch (\FFI\Exception) {
            return null;
        }
    }

    /** In two steps: FFI resolves every declared symbol, and an older library lacks some. */
    private static function fromFile(): \FFI
    {
        $path = Locator::library();
        // @phpstan-ignore-next-line the function is declared in the string
        self::demandLevel(\FFI::cdef('uint32_t stv_abi_level(void);', $path)->stv_abi_level());
        return \FFI::cdef(Locator::header(), $path);
    }

    private static function demandLevel(int $level): void
    {
        if ($level < self::ABI_LEVEL) {
            $need = self::ABI_LEVEL;
            throw Locator::fault("the library found is too old: it has ABI level {$level}, this binding needs {$need}; install a newer one");
        }
    }

    private static function explained(\FFI\Exception $exception): LoadException
    {
        $words = $exception->getMessage();
        if (str_contains($words, 'ffi.enable')) {
            $words = 'PHP does not allow FFI here. In php.ini set ffi.enable=true, or keep ffi.enable=preload and set '
                . 'ffi.preload and opcache.preload as ' . dirname(__DIR__) . '/preload.php says';
        } elseif (str_contains($words, 'preload_user')) {
            $words = 'under opcache.preload_user PHP takes FFI headers only from the setting ffi.preload: write the file that bin/ffi-preload-header.php '
                . 'prints, and name it there';
        } elseif (str_contains($words, 'resolving')) {
            $words = "library and header do not belong together ({$words}); install both from one release";
        } else {
            $words .= '; set STARTTLS_VERIFY_LIBRARY to its path';
        }
        return Locator::fault($words, $exception);
    }

    /**
     * Whether preloading has declared the library already.
     *
     * @internal
     */
    public static function isInScope(): bool
    {
        return self::fromScope() !== null;
    }

    /**
     * The header for ffi.preload, with library and scope named.
     *
     * @internal
     */
    public static function scopeHeader(): string
    {
        $library = Locator::library();
        return '#define FFI_SCOPE "' . self::SCOPE . "\"\n#define FFI_LIB \"{$library}\"\n" . Locator::header();
    }

    /**
     * Declares the library for FFI::scope(); only while preloading.
     *
     * @internal
     */
    public static function declareScope(): void
    {
        $file = tempnam(sys_get_temp_dir(), 'stv');
        if ($file === false || file_put_contents($file, self::scopeHeader()) === false) {
            throw Locator::fault('no temporary file for the header can be written');
        }
        try {
            \FFI::load($file);
        } catch (\FFI\Exception $exception) {
            throw self::explained($exception);
        } finally {
            unlink($file);
        }
    }

    /**
     * Calls a function that answers a number. A string becomes pointer and length, so that NULs and
     * bytes that are not UTF-8 arrive; a handle becomes its pointer.
     *
     * @internal
     */
    public function number(string $function, Handle|string|int ...$arguments): int
    {
        return $this->ffi->{$function}(...$this->lowered($arguments));
    }

    /**
     * Calls a function that answers text.
     *
     * @internal
     */
    public function text(string $function, Handle|string|int ...$arguments): string
    {
        return $this->ffi->{$function}(...$this->lowered($arguments));
    }

    /**
     * Calls a function whose last parameter receives a new handle. The status, and the handle where
     * the library gave one.
     *
     * @param string $noun "config", "verifier", ... of stv_NOUN
     * @return array{int, Handle|null}
     * @internal
     */
    public function make(string $noun, string $function, Handle|string|int ...$arguments): array
    {
        $out = $this->ffi->new("stv_{$noun} *");
        $status = $this->ffi->{$function}(...$this->lowered($arguments), ...[\FFI::addr($out)]);
        if (\FFI::isNull($out)) {
            return [$status, null];
        }
        $handle = new Handle($this, "stv_{$noun}_free");
        $this->handles[$handle] = $out;
        return [$status, $handle];
    }

    /**
     * Calls a function (session, buffer, capacity, length out). The status and the bytes.
     *
     * @return array{int, string}
     * @internal
     */
    public function fill(string $function, Handle $session, int $capacity): array
    {
        $buffer = $this->ffi->new("char[{$capacity}]");
        $length = $this->ffi->new('size_t');
        $status = $this->ffi->{$function}($this->pointer($session), $buffer, $capacity, \FFI::addr($length));
        return [$status, \FFI::string($buffer, $length->cdata)];
    }

    /**
     * Calls a function that answers bytes, of which FUNCTION_len are there.
     *
     * @internal
     */
    public function octets(string $function, Handle $handle): string
    {
        $start = $this->ffi->{$function}($this->pointer($handle));
        return $start === null ? '' : \FFI::string($start, $this->number("{$function}_len", $handle));
    }

    /**
     * Calls a function (session, bytes, length, taken out). The status and how many were taken.
     *
     * @return array{int, int}
     * @internal
     */
    public function pour(string $function, Handle $session, string $bytes): array
    {
        $taken = $this->ffi->new('size_t');
        $status = $this->ffi->{$function}($this->pointer($session), $bytes, strlen($bytes), \FFI::addr($taken));
        return [$status, $taken->cdata];
    }

    /**
     * The number of a protocol's URL scheme, or null where there is none.
     *
     * @internal
     */
    public function protocol(string $scheme): ?int
    {
        $out = $this->ffi->new('int');
        $status = $this->ffi->stv_protocol_from_scheme($scheme, strlen($scheme), \FFI::addr($out));
        return $status === Status::OK ? $out->cdata : null;
    }

    /**
     * Frees what a handle stands for; called once, by the handle.
     *
     * @internal
     */
    public function free(Handle $handle, string $function): void
    {
        if (isset($this->handles[$handle])) {
            $this->ffi->{$function}($this->handles[$handle]);
            unset($this->handles[$handle]);
        }
    }

    /**
     * The exception for a status of 100-199. Without words, those of the status.
     *
     * @internal
     */
    public function fault(int $status, string $words = ''): StarttlsVerifyException
    {
        $class = match (true) {
            // Nobody's argument is at fault.
            $status === Status::E_PANIC || $status === Status::E_MEMORY => StarttlsVerifyException::class,
            $status === Status::E_STATE => StateException::class,
            $status >= Status::E_OPTION_UNKNOWN && $status <= Status::E_INSECURE => OptionException::class,
            // A look-up that came to nobody.
            $status >= 300 => StarttlsVerifyException::class,
            default => ArgumentException::class,
        };
        $words = $words !== '' ? $words : $this->text('stv_status_text', $status);
        return new $class($words, $status, $this->text('stv_status_name', $status));
    }

    private function pointer(Handle $handle): \FFI\CData
    {
        return $this->handles[$handle]
            ?? throw $this->fault(Status::E_STATE, 'the object was made before the library was unloaded and loaded again; make it anew');
    }

    /**
     * @param array<int|string, Handle|string|int> $arguments
     * @return list<mixed>
     */
    private function lowered(array $arguments): array
    {
        $lowered = [];
        foreach ($arguments as $argument) {
            if ($argument instanceof Handle) {
                $lowered[] = $this->pointer($argument);
                continue;
            }
            $lowered[] = $argument;
            if (is_string($argument)) {
                $lowered[] = strlen($argument);
            }
        }
        return $lowered;
    }
}
