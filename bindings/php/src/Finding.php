<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** One check and what came of it. All texts are UTF-8; "" where there is nothing to say. */
final class Finding
{
    /**
     * @param string   $check   what was checked: "chain", "name", "pin", "starttls", "tls", "io", ...
     * @param string   $code    stable word, such as "name.mismatch"
     * @param int|null $depth   the certificate it is about, 0 is the leaf; null where it is about none
     * @param string   $wanted  what was to be seen
     * @param string   $found   what was seen
     * @param string   $detail  one sentence; its wording may change
     * @param string   $hint    what to do about it
     * @param string   $source  where the fact came from: "library", "openssl", "system",
     *                          "peer-unauthenticated"
     */
    public function __construct(
        public readonly string $check,
        public readonly Outcome $outcome,
        public readonly string $code,
        public readonly ?int $depth,
        public readonly string $wanted,
        public readonly string $found,
        public readonly string $detail,
        public readonly string $hint,
        public readonly string $source,
    ) {
    }

    /**
     * The finding as it stands in the report's JSON.
     *
     * @return array{check: string, outcome: string, code: string, depth: int|null, wanted: string,
     *               found: string, detail: string, hint: string, source: string}
     */
    public function toArray(): array
    {
        return ['check' => $this->check, 'outcome' => $this->outcome->word(), 'code' => $this->code,
            'depth' => $this->depth, 'wanted' => $this->wanted, 'found' => $this->found,
            'detail' => $this->detail, 'hint' => $this->hint, 'source' => $this->source];
    }
}
