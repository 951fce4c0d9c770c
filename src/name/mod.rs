//! Whom we want, whom the certificate shows, and whether the two are the same.
//!
//! A [`ReferenceId`] is what the caller means; a [`PresentedId`] is what a certificate says. They
//! are different types, made only by parsing, so that the two sides of the comparison cannot be
//! swapped and an unchecked name cannot enter it. The rules are those of RFC 9525, with RFC 5280
//! §4.2.1.6 for the encoding, RFC 4985 for SRVName, RFC 6120 §13.7 for XmppAddr, RFC 7817 for mail:
//!
//! | reference | presented entry that can satisfy it | rules in |
//! |---|---|---|
//! | `dns:mail.example.com` | dNSName, a wildcard being the whole left-most label | [`dns`] |
//! | `ip:192.0.2.1` | iPAddress of the same octets | [`ip`] |
//! | `srv:_imap.example.com` | otherName SRVName | [`srv`] |
//! | `xmpp:example.com` | otherName XmppAddr | [`xmpp`] |
//! | `email:bob@example.com` | rfc822Name, otherName SmtpUTF8Mailbox | [`email`] |
//! | `uri:sip:example.com` | uniformResourceIdentifier | [`uri`] |
//!
//! The common name is in no row: RFC 9525 §2 retired it. It counts only behind the insecure knob
//! [`CommonName::FallbackInsecure`].

pub mod comparison;
pub mod constraints;
pub mod differences;
pub mod dns;
pub mod email;
pub mod idna;
pub mod ip;
pub mod matches;
pub mod policy;
pub mod presented;
pub mod question;
pub mod reference;
pub mod srv;
pub mod subtrees;
pub mod suffix;
pub mod uri;
pub mod xmpp;

pub use comparison::{Comparison, MatchedBy, NameOutcome, Withheld, compare};
pub use dns::{DnsFault, DnsName, PresentedDns, Stars};
pub use email::{EmailAddress, PresentedEmail};
pub use idna::Idna;
pub use matches::{Answer, Withholding, examine, matches};
pub use policy::{CommonName, NamePolicy, SanRule, Wildcards};
pub use presented::{OtherKind, PresentedId, escaped};
pub use question::is_named;
pub use reference::ReferenceId;
pub use srv::{PresentedSrv, SrvName};
pub use suffix::SuffixList;
pub use uri::{PresentedUri, UriName};
pub use xmpp::{PresentedXmpp, XmppAddr};
