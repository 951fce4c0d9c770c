<?php

declare(strict_types=1);

namespace StarttlsVerify;

/** Nothing could be found out about the peer, or the open connection broke: the other 300s. */
final class ConnectionException extends PeerException
{
}
