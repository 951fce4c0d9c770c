<?php

declare(strict_types=1);

namespace StarttlsVerify;

/**
 * Every check, its outcome, and the verdict. A plain value: it outlives the library, may be
 * serialised and logged. Words of the peer in it are quoted and not authenticated.
 */
final class Report
{
    /**
     * @param int           $status   of the call that the report belongs to
     * @param list<Finding> $findings what to fix first in front
     */
    private function __construct(
        public readonly Verdict $verdict,
        public readonly int $status,
        public readonly string $statusName,
        public readonly array $findings,
        private readonly string $summary,
        private readonly string $text,
        private readonly string $json,
    ) {
    }

    /** Whether the peer is who was meant. */
    public function isTrusted(): bool
    {
        return $this->verdict === Verdict::Trusted;
    }

    /** The code of the first finding that failed, such as "name.mismatch"; "" when none did. */
    public function code(): string
    {
        foreach ($this->findings as $finding) {
            if ($finding->outcome === Outcome::Fail) {
                return $finding->code;
            }
        }
        return '';
    }

    /** The whole answer in one line: verdict, peer, code and reason. */
    public function summary(): string
    {
        return $this->summary;
    }

    /** For people: the summary, a line per finding with what to do, the certificates. */
    public function text(): string
    {
        return $this->text;
    }

    /** For programs: one line of JSON with "v":1. */
    public function json(): string
    {
        return $this->json;
    }

    /**
     * The JSON as an array.
     *
     * @return array<string, mixed>
     */
    public function toArray(): array
    {
        $array = json_decode($this->json, true, 64, JSON_THROW_ON_ERROR);
        return is_array($array) ? $array : [];
    }

    /**
     * What is known of the peer's certificates, also when verification failed: subject, issuer,
     * names, validity, key, fingerprints.
     *
     * @return list<array<string, mixed>>
     */
    public function certificates(): array
    {
        $certificates = $this->toArray()['certificates'] ?? [];
        return is_array($certificates) ? array_values($certificates) : [];
    }

    /**
     * Reads a report of the library.
     *
     * @internal
     */
    public static function take(Handle $handle): self
    {
        $library = $handle->library;
        $status = $library->number('stv_report_status', $handle);
        return new self(
            Verdict::tryFrom($library->number('stv_report_verdict', $handle)) ?? Verdict::Unknown,
            $status,
            $library->text('stv_status_name', $status),
            self::findings($handle),
            $library->text('stv_report_summary', $handle),
            $library->text('stv_report_text', $handle),
            $library->text('stv_report_json', $handle),
        );
    }

    /**
     * This report with the verdict that somebody outside of the library's sight came to: PHP's own
     * TLS failed before there was a chain. The summary keeps its shape.
     *
     * @internal
     */
    public function failing(int $status, string $statusName, Finding $failure): self
    {
        $verdict = Status::isRejection($status) ? Verdict::Rejected : Verdict::Unknown;
        [, $target] = explode(' ', $this->summary, 3);
        $summary = strtoupper($verdict->word()) . " {$target} [{$failure->code}] {$failure->detail}";
        $hint = $failure->hint === '' ? '' : "       what to do: {$failure->hint}\n";
        $array = ['verdict' => $verdict->word(), 'status' => $statusName, 'code' => $failure->code,
            'summary' => $summary, 'findings' => [$failure->toArray()]] + $this->toArray();
        $json = json_encode($array, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
        $text = "{$summary}\n  fail {$failure->code}: {$failure->detail}\n{$hint}";
        return new self($verdict, $status, $statusName, [$failure], $summary, $text, $json);
    }

    /** @return list<Finding> */
    private static function findings(Handle $handle): array
    {
        $findings = [];
        $count = $handle->library->number('stv_report_count', $handle);
        for ($index = 0; $index < $count; $index++) {
            $findings[] = self::finding($handle, $index);
        }
        return $findings;
    }

    private static function finding(Handle $handle, int $index): Finding
    {
        $number = static fn (string $what): int => $handle->library->number("stv_report_finding_{$what}", $handle, $index);
        $text = static fn (string $what): string => $handle->library->text("stv_report_finding_{$what}", $handle, $index);
        $depth = $number('depth');
        return new Finding(
            $handle->library->text('stv_check_name', $number('check')),
            // A number that is not known here is one that did not pass.
            Outcome::tryFrom($number('outcome')) ?? Outcome::Fail,
            $text('code'),
            $depth < 0 ? null : $depth,
            $text('wanted'),
            $text('found'),
            $text('detail'),
            $text('hint'),
            $text('source'),
        );
    }
}
