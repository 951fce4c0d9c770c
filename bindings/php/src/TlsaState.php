<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** How TLSA records came from the DNS, or why there are none; the numbers are those of stv_tlsa_state. */
enum TlsaState: int
{
    /** You state them, as an administrator who types them in does: they count as secure. */
    case Given = 0;
    /** Validated by DNSSEC. */
    case Secure = 1;
    /** From a zone that is not signed: worth nothing. */
    case Insecure = 2;
    /** Validation failed: the peer is refused. */
    case Bogus = 3;
    /** The look-up failed: the peer is refused. */
    case LookupFailed = 4;
}
