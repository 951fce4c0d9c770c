<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** The peer is not who was meant, or somebody in between meddled: status 200-299, 301, 400-499. */
final class RejectedException extends PeerException
{
}
