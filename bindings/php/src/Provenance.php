<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** How the host of a peer came to be the one that is meant; the numbers are those of stv_provenance. */
enum Provenance: int
{
    /** The user named it. */
    case User = 0;
    /** Validated MX or SRV records named it: the certificate may be for it or for the domain. */
    case Secure = 1;
    /** Records that nobody vouches for named it: the certificate must be for the domain. */
    case Insecure = 2;
}
