<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** The verdict of a report; the numbers are those of stv_verdict. */
enum Verdict: int
{
    /** Nothing was decided, because the peer could not be judged. */
    case Unknown = 0;
    /** The peer is who was meant. */
    case Trusted = 1;
    /** It is not. */
    case Rejected = 2;
    /** Encrypted and nothing more, by the caller's own choice. */
    case Unauthenticated = 3;

    /** The word in JSON: "trusted". */
    public function word(): string
    {
        return strtolower($this->name);
    }
}
