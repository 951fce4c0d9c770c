<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** How a check came out; the numbers are those of stv_outcome. */
enum Outcome: int
{
    case Pass = 0;
    case Fail = 1;
    /** Not checked, which never counts as Pass. */
    case Skip = 2;
    /** Worth knowing; weighs nothing. */
    case Note = 3;

    /** The word in JSON: "pass". */
    public function word(): string
    {
        return strtolower($this->name);
    }
}
