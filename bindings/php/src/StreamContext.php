<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * The ssl context options of a stream, changed for one handshake and put back.
 *
 * A stream that was opened without a context shares PHP's default one with every other such stream,
 * https:// included: verify_peer=false must not stay there. PHP cannot remove an option, only set
 * it, so on the shared context nothing is set that has no neutral value.
 *
 * @internal
 */
final class StreamContext
{
    /** What an option that was not set means. */
    private const NEUTRAL = [
        'verify_peer' => true,
        'verify_peer_name' => true,
        'capture_peer_cert_chain' => false,
        'peer_certificate_chain' => null,
        'SNI_enabled' => true,
    ];
    private const MARK = 'starttls_verify';

    /** @var array<string, mixed> */
    private array $before = [];

    /** @var array<string, mixed> */
    private array $changed = [];

    /** @param resource $stream */
    public function __construct(private $stream)
    {
        $this->before = $this->read();
    }

    /** @param array<string, mixed> $options */
    public function set(array $options): void
    {
        $shared = $this->isShared();
        foreach ($options as $name => $value) {
            $lasting = $shared && !array_key_exists($name, self::NEUTRAL) && !array_key_exists($name, $this->before);
            if ($lasting && $name !== 'peer_name') {
                throw Library::shared()->fault(Status::E_STATE, "option {$name} would hold for every stream of the process: "
                    . 'open the stream with a context of its own, stream_context_create()');
            }
            if (!$lasting) {
                stream_context_set_option($this->stream, 'ssl', $name, $value);
                $this->changed[$name] = $value;
            }
        }
    }

    /** Puts back what was there. */
    public function restore(): void
    {
        foreach (array_keys($this->changed) as $name) {
            $known = array_key_exists($name, $this->before);
            if ($known || array_key_exists($name, self::NEUTRAL)) {
                stream_context_set_option($this->stream, 'ssl', $name, $known ? $this->before[$name] : self::NEUTRAL[$name]);
            }
        }
        $this->changed = [];
    }

    /**
     * The chain of the handshake as the peer sent it, leaf first, DER.
     *
     * @return list<string>
     */
    public function chain(): array
    {
        $certificates = $this->read()['peer_certificate_chain'] ?? [];
        $chain = [];
        foreach (is_array($certificates) ? $certificates : [] as $certificate) {
            if (!$certificate instanceof \OpenSSLCertificate || !openssl_x509_export($certificate, $pem)) {
                throw Library::shared()->fault(Status::E_CERTIFICATE, 'PHP cannot export a certificate of the peer');
            }
            $chain[] = self::der($pem);
        }
        return $chain;
    }

    private static function der(string $pem): string
    {
        $body = preg_replace('/-----[A-Z ]+-----|\s/', '', $pem);
        $der = base64_decode((string) $body, true);
        return $der === false ? '' : $der;
    }

    /** Marks the stream's context and looks whether the default one is marked. */
    private function isShared(): bool
    {
        $mark = bin2hex(random_bytes(8));
        stream_context_set_option($this->stream, self::MARK, 'mark', $mark);
        $default = stream_context_get_options(stream_context_get_default());
        return ($default[self::MARK]['mark'] ?? null) === $mark;
    }

    /** @return array<string, mixed> */
    private function read(): array
    {
        $options = stream_context_get_options($this->stream)['ssl'] ?? [];
        return is_array($options) ? $options : [];
    }
}
