//! The exit code: the one thing that a shell script reads.

use std::process::ExitCode;

use starttls_verify::report::Verdict;
use starttls_verify::status::Status;

/// What the program ends with. The order is from good to bad, for `--strict` and for several peers:
/// a peer who failed is worse than one of whom nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: the peer is who was meant.
    Trusted,
    /// 4: encrypted but unauthenticated, by request.
    Unauthenticated,
    /// 3: nothing can be said about the peer.
    Unchecked,
    /// 2: wrong usage or configuration.
    Usage,
    /// 1: the peer failed, or somebody stands in between.
    NotTrusted,
}

impl Exit {
    /// The code of a verdict and the status of the call that reached it. A verdict alone does not
    /// do: a connection may break after its peer was found trusted.
    pub fn of(status: Status, verdict: Verdict) -> Exit {
        match (status, verdict) {
            (Status::Ok, Verdict::Trusted) => Exit::Trusted,
            (Status::OpenUnverified | Status::Rejected, Verdict::Unauthenticated) => {
                Exit::Unauthenticated
            }
            (status, _) => Exit::of_failure(status),
        }
    }

    /// The code of a status that did not come with trust.
    pub fn of_failure(status: Status) -> Exit {
        match status.number() {
            100..=199 => Exit::Usage,
            // Only TLS 1.0: the server's doing, or that of somebody who took the rest away.
            301 => Exit::NotTrusted,
            300..=399 => Exit::Unchecked,
            // The 200s and 400s; and below 100 what opened without trust, as in audit mode.
            _ => Exit::NotTrusted,
        }
    }

    /// The number that the shell sees.
    pub const fn number(self) -> u8 {
        match self {
            Exit::Trusted => 0,
            Exit::NotTrusted => 1,
            Exit::Usage => 2,
            Exit::Unchecked => 3,
            Exit::Unauthenticated => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use starttls_verify::status::ALL;

    #[test]
    fn statuses_by_their_hundreds() {
        for (status, verdict, number) in [
            (Status::Ok, Verdict::Trusted, 0),
            (Status::Rejected, Verdict::Rejected, 1),
            (Status::NotOffered, Verdict::Rejected, 1),
            (Status::Injected, Verdict::Rejected, 1),
            (Status::TlsVersion, Verdict::Rejected, 1),
            (Status::OptionUnknown, Verdict::Unknown, 2),
            (Status::TlsHandshake, Verdict::Unknown, 3),
            (Status::Timeout, Verdict::Unknown, 3),
            (Status::Connect, Verdict::Unknown, 3),
            (Status::OpenUnverified, Verdict::Rejected, 1),
            (Status::OpenUnverified, Verdict::Unauthenticated, 4),
            (Status::Rejected, Verdict::Unauthenticated, 4),
            (Status::Io, Verdict::Trusted, 3),
        ] {
            assert_eq!(Exit::of(status, verdict).number(), number, "{status:?} {verdict:?}");
        }
    }

    #[test]
    fn nothing_but_ok_and_trusted_is_zero() {
        let verdicts =
            [Verdict::Unknown, Verdict::Trusted, Verdict::Rejected, Verdict::Unauthenticated];
        for status in ALL {
            for verdict in verdicts {
                let good = *status == Status::Ok && verdict == Verdict::Trusted;
                assert_eq!(Exit::of(*status, verdict) == Exit::Trusted, good);
            }
        }
    }
}
