<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** How a check came out; the numbers are those of stv_outcome. */
enum Outcome: int
{
    /** Not checked, which never counts as Pass. */
    case Skip = 0;
    case Pass = 1;
    case Fail = 2;
    /** Worth knowing; weighs nothing. */
    case Note = 3;

    /** The word in JSON: "pass". */
    public function word(): string
    {
        return strtolower($this->name);
    }
}
