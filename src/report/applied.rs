//! Which policy of a mail domain a session was under, as its report keeps it for TLSRPT (RFC 8460).

use super::Code;

/// What kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// TLSA records (DANE): they decided, or they refused the peer.
    Tlsa,
    /// An MTA-STS policy.
    Sts,
    /// Neither.
    NoneFound,
}

/// The policy that a session was under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What kind.
    pub kind: PolicyKind,
    /// The policy itself: a TLSA record, or a line of the MTA-STS policy, each.
    pub strings: Vec<String>,
    /// The MX patterns of an MTA-STS policy.
    pub mx_hosts: Vec<String>,
    /// The domain that the policy is of, where the session knows: for TLSA records their base domain,
    /// for the others the mail domain. Empty where nobody named it.
    pub domain: String,
    /// Why the session does not meet the policy, if it does not. It may be open all the same: a
    /// policy that is tested, or cannot be used, refuses nobody.
    pub breach: Option<Code>,
}

impl Applied {
    /// No policy.
    pub const fn none() -> Applied {
        Applied {
            kind: PolicyKind::NoneFound,
            strings: Vec::new(),
            mx_hosts: Vec::new(),
            domain: String::new(),
            breach: None,
        }
    }
}

impl PolicyKind {
    /// The word of RFC 8460 §4.4.
    pub const fn word(self) -> &'static str {
        match self {
            PolicyKind::Tlsa => "tlsa",
            PolicyKind::Sts => "sts",
            PolicyKind::NoneFound => "no-policy-found",
        }
    }
}
