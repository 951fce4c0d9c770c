//! The matcher: is this presented identifier the one that is meant?
//!
//! RFC 9525 §6.3 for DNS names. Both sides are checked names in ASCII when they come here; letters
//! compare without regard to case.
//!
//! | reference | presented | answer |
//! |---|---|---|
//! | `mail.bob.test` | `mail.bob.test`, `MAIL.bob.test` | match |
//! | `mail.bob.test` | `*.bob.test` | match: one label for the `*` |
//! | `_x.bob.test`, `xn--bcher-kva.bob.test` | `*.bob.test` | match: any whole label |
//! | `bob.test`, `a.mail.bob.test` | `*.bob.test` | differs: none, two labels |
//! | `bob.test` | `*.test` | withheld: two more labels at least |
//! | `bob.co.uk` | `*.co.uk` | match; withheld with the public-suffix guard |
//! | `mail.bob.test` | `m*.bob.test` | withheld, but for the insecure knob |
//! | `mail.bob.test` | `*`, `*.*.test`, `mail.*.test` | differs: ignored (§6.3) |
//! | `dns:bob.test` | a URI, SRVName or XmppAddr at `bob.test` | differs: another kind |
//!
//! Q: Why may `*` stand for an A-label? A: It is one whole label; RFC 9525 §6.3 makes no exception,
//! and what is dangerous is a *part* of an A-label, which is refused even by the knob.
//!
//! Q: Why is the underscore allowed under `*` when no CA may issue it? A: The reference is the
//! caller's word, and such hosts are in use. OpenSSL refuses; see [`crate::name::differences`].
//!
//! Q: What does "withheld" mean? A: No match, and the report can say which rule stood in the way.

use crate::name::dns::{DnsName, PresentedDns, Stars};
use crate::name::{
    EmailAddress, NamePolicy, PresentedEmail, PresentedId, PresentedSrv, PresentedUri,
    PresentedXmpp, ReferenceId, SrvName, UriName, Wildcards, XmppAddr,
};

/// The answer for one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They are the same.
    Match,
    /// They are not.
    Differs,
    /// They would be, but for a rule. Not a match.
    Withheld(Withholding),
}

/// The rule that stood in the way of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withholding {
    /// The policy allows no wildcard.
    WildcardsOff,
    /// The `*` is a part of a label (RFC 9525 §6.3).
    PartOfLabel,
    /// Fewer than two labels stand behind the `*`.
    TooWide,
    /// What stands behind the `*` is a public suffix.
    PublicSuffix,
    /// Only the common name matches, and the certificate has a subjectAltName.
    CommonNameBesideSan,
    /// Only a common name matches, and there are several.
    SeveralCommonNames,
}

/// Whether the presented identifier satisfies the reference.
#[inline(always)]
pub fn matches(
    reference: &ReferenceId,
    presented: &PresentedId<'_>,
    policy: &NamePolicy<'_>,
) -> bool {
    examine(reference, presented, policy) == Answer::Match
}

/// The same with the reason.
///
/// Each kind of reference names the kinds that can satisfy it and the ones that cannot: a new kind
/// on either side does not compile until someone has decided.
#[inline(always)]
pub fn examine(
    reference: &ReferenceId,
    presented: &PresentedId<'_>,
    policy: &NamePolicy<'_>,
) -> Answer {
    use PresentedId as P;
    match reference {
        ReferenceId::Dns(wanted) => match presented {
            P::Dns(found) => dns(wanted, found, policy),
            P::Ip(_) | P::Srv(_) | P::Xmpp(_) | P::Email(_) | P::Uri(_) | P::Other(_) => {
                Answer::Differs
            }
        },
        ReferenceId::Ip(wanted) => match presented {
            P::Ip(found) => answer(wanted == found),
            P::Dns(_) | P::Srv(_) | P::Xmpp(_) | P::Email(_) | P::Uri(_) | P::Other(_) => {
                Answer::Differs
            }
        },
        ReferenceId::Srv(wanted) => match presented {
            P::Srv(found) => answer(srv(wanted, found)),
            P::Dns(_) | P::Ip(_) | P::Xmpp(_) | P::Email(_) | P::Uri(_) | P::Other(_) => {
                Answer::Differs
            }
        },
        ReferenceId::Xmpp(wanted) => match presented {
            P::Xmpp(found) => answer(xmpp(wanted, found)),
            P::Dns(_) | P::Ip(_) | P::Srv(_) | P::Email(_) | P::Uri(_) | P::Other(_) => {
                Answer::Differs
            }
        },
        ReferenceId::Email(wanted) => match presented {
            P::Email(found) => answer(email(wanted, found)),
            P::Dns(_) | P::Ip(_) | P::Srv(_) | P::Xmpp(_) | P::Uri(_) | P::Other(_) => {
                Answer::Differs
            }
        },
        ReferenceId::Uri(wanted) => match presented {
            P::Uri(found) => answer(uri(wanted, found)),
            P::Dns(_) | P::Ip(_) | P::Srv(_) | P::Xmpp(_) | P::Email(_) | P::Other(_) => {
                Answer::Differs
            }
        },
    }
}

const fn answer(same: bool) -> Answer {
    if same { Answer::Match } else { Answer::Differs }
}

/// A DNS-ID against a dNSName.
#[inline(always)]
pub(super) fn dns(wanted: &DnsName, found: &PresentedDns<'_>, policy: &NamePolicy<'_>) -> Answer {
    match found.stars() {
        Stars::None => answer(same(wanted.as_str(), found.octets())),
        Stars::WholeLabel | Stars::PartOfLabel => under_star(wanted, found, policy),
        Stars::Misplaced => Answer::Differs,
    }
}

#[inline(never)]
fn under_star(wanted: &DnsName, found: &PresentedDns<'_>, policy: &NamePolicy<'_>) -> Answer {
    match split_under(wanted, found) {
        Some((label, pattern)) => wildcard(label, pattern, wanted, policy),
        None => Answer::Differs,
    }
}

/// The first labels of both, when everything behind them is the same. The lengths say where the label
/// of the reference would end, so that nearly every other name is told apart at once.
fn split_under<'w, 'p>(
    wanted: &'w DnsName,
    found: &PresentedDns<'p>,
) -> Option<(&'w str, &'p [u8])> {
    let dot = found.octets().iter().position(|octet| *octet == b'.')?;
    let (pattern, suffix) = found.octets().split_at(dot);
    let label_octets = wanted.as_str().len().checked_sub(suffix.len())?;
    let (label, parent) = wanted.as_str().split_at_checked(label_octets)?;
    (same(parent, suffix) && !label.contains('.')).then_some((label, pattern))
}

/// Whether they are the same but for the case of letters. The length tells nearly all apart, and most of
/// those that are the same have the same case.
#[inline(always)]
fn same(wanted: &str, found: &[u8]) -> bool {
    wanted.len() == found.len() && alike(wanted.as_bytes(), found)
}

#[inline(never)]
fn alike(wanted: &[u8], found: &[u8]) -> bool {
    wanted == found || wanted.eq_ignore_ascii_case(found)
}

/// A label against one with a `*`; the names are the same behind it.
fn wildcard(label: &str, pattern: &[u8], wanted: &DnsName, policy: &NamePolicy<'_>) -> Answer {
    let part = pattern != b"*";
    if part && !part_matches(label, pattern) {
        return Answer::Differs;
    }
    if policy.wildcards == Wildcards::None {
        return Answer::Withheld(Withholding::WildcardsOff);
    }
    if part && policy.wildcards != Wildcards::PartialLabel {
        return Answer::Withheld(Withholding::PartOfLabel);
    }
    let parent = &wanted.as_str()[label.len() + 1..];
    if !parent.contains('.') {
        return Answer::Withheld(Withholding::TooWide);
    }
    match policy.suffixes {
        Some(list) if list.holds(parent) => Answer::Withheld(Withholding::PublicSuffix),
        Some(_) | None => Answer::Match,
    }
}

/// A label against `w*`, `*w` or `w*w`; never a part of an A-label.
fn part_matches(label: &str, pattern: &[u8]) -> bool {
    let Some(star) = pattern.iter().position(|octet| *octet == b'*') else { return false };
    let (front, back) = (&pattern[..star], &pattern[star + 1..]);
    let octets = label.as_bytes();
    let fits = octets.len() >= front.len() + back.len();
    fits && !starts_like(octets, b"xn--")
        && starts_like(octets, front)
        && octets[octets.len() - back.len()..].eq_ignore_ascii_case(back)
}

fn starts_like(octets: &[u8], front: &[u8]) -> bool {
    octets.get(..front.len()).is_some_and(|start| start.eq_ignore_ascii_case(front))
}

fn srv(wanted: &SrvName, found: &PresentedSrv<'_>) -> bool {
    wanted.service().eq_ignore_ascii_case(found.service())
        && wanted.name().as_str().eq_ignore_ascii_case(found.name())
}

fn xmpp(wanted: &XmppAddr, found: &PresentedXmpp<'_>) -> bool {
    let locals = match (wanted.local(), found.local()) {
        (Some(wanted), Some(found)) => wanted.eq_ignore_ascii_case(found),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    locals && wanted.domain().as_str().eq_ignore_ascii_case(found.domain())
}

fn email(wanted: &EmailAddress, found: &PresentedEmail<'_>) -> bool {
    wanted.local() == found.local() && wanted.domain().as_str().eq_ignore_ascii_case(found.domain())
}

fn uri(wanted: &UriName, found: &PresentedUri<'_>) -> bool {
    let Some(host) = found.host() else { return false };
    wanted.scheme().eq_ignore_ascii_case(found.scheme())
        && wanted.host().as_str().eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{Idna, SuffixList, ip};

    fn wanted(tagged: &str) -> ReferenceId {
        ReferenceId::parse_tagged(tagged, Idna::Convert).unwrap()
    }

    fn shown(tagged: &str) -> PresentedId<'_> {
        let (tag, text) = tagged.split_once(':').unwrap();
        match tag {
            "dns" => PresentedId::Dns(PresentedDns::parse(text.as_bytes()).unwrap()),
            "ip" => PresentedId::Ip(ip::parse(text).unwrap()),
            "srv" => PresentedId::Srv(PresentedSrv::parse(text.as_bytes()).unwrap()),
            "xmpp" => PresentedId::Xmpp(PresentedXmpp::parse(text.as_bytes()).unwrap()),
            "email" => PresentedId::Email(PresentedEmail::parse_utf8(text.as_bytes()).unwrap()),
            _ => PresentedId::Uri(PresentedUri::parse(text.as_bytes()).unwrap()),
        }
    }

    fn ask(reference: &str, presented: &str, policy: &NamePolicy<'_>) -> Answer {
        examine(&wanted(reference), &shown(presented), policy)
    }

    #[test]
    fn the_truth_table() {
        use Answer::{Differs, Match, Withheld};
        let cases: &[(&str, &str, Answer)] = &[
            ("dns:mail.bob.test", "dns:mail.bob.test", Match),
            ("dns:mail.bob.test", "dns:MAIL.Bob.test", Match),
            ("dns:mail.bob.test", "dns:mail.eve.test", Differs),
            ("dns:mail.bob.test", "dns:mail.bob.test.eve.test", Differs),
            ("dns:mail.bob.test", "dns:xmail.bob.test", Differs),
            ("dns:mail.bob.test", "dns:*.bob.test", Match),
            ("dns:mail.bob.test", "dns:*.BOB.test", Match),
            ("dns:_x.bob.test", "dns:*.bob.test", Match),
            ("dns:xn--bcher-kva.bob.test", "dns:*.bob.test", Match),
            ("dns:bücher.bob.test", "dns:xn--bcher-kva.bob.test", Match),
            ("dns:bob.test", "dns:*.bob.test", Differs),
            ("dns:a.mail.bob.test", "dns:*.bob.test", Differs),
            ("dns:bob.test", "dns:*.test", Withheld(Withholding::TooWide)),
            ("dns:test", "dns:*.test", Differs),
            ("dns:bob.co.uk", "dns:*.co.uk", Match),
            ("dns:mail.bob.test", "dns:m*.bob.test", Withheld(Withholding::PartOfLabel)),
            ("dns:mail.bob.test", "dns:x*.bob.test", Differs),
            ("dns:xn--bcher-kva.bob.test", "dns:x*.bob.test", Differs),
            ("dns:mail.bob.test", "dns:*", Differs),
            ("dns:mail.bob.test", "dns:*.*.test", Differs),
            ("dns:mail.bob.test", "dns:mail.*.test", Differs),
            ("dns:mail.bob.test", "dns:**.bob.test", Differs),
            // One kind never serves another.
            ("dns:bob.test", "uri:sip:bob.test", Differs),
            ("dns:bob.test", "xmpp:bob.test", Differs),
            ("dns:bob.test", "srv:_imap.bob.test", Differs),
            ("dns:_imap.bob.test", "srv:_imap.bob.test", Differs),
            ("dns:bob.test", "email:bob@bob.test", Differs),
            ("srv:_imap.bob.test", "dns:_imap.bob.test", Differs),
            ("xmpp:bob.test", "dns:bob.test", Differs),
            ("uri:sip:bob.test", "dns:bob.test", Differs),
            ("ip:192.0.2.1", "ip:192.0.2.1", Match),
            ("ip:192.0.2.1", "ip:192.0.2.2", Differs),
            ("ip:192.0.2.1", "ip:::ffff:192.0.2.1", Differs),
            ("ip:2001:db8::1", "ip:2001:db8:0::1", Match),
            ("srv:_imap.bob.test", "srv:_IMAP.Bob.test", Match),
            ("srv:_imap.bob.test", "srv:_imaps.bob.test", Differs),
            ("srv:_imap.bob.test", "srv:_imap.mail.bob.test", Differs),
            ("xmpp:bob.test", "xmpp:BOB.test", Match),
            ("xmpp:bücher.test", "xmpp:xn--bcher-kva.test", Match),
            ("xmpp:xn--bcher-kva.test", "xmpp:bücher.test", Match),
            ("xmpp:bob.test", "xmpp:eve@bob.test", Differs),
            ("xmpp:bob@bob.test", "xmpp:Bob@bob.test", Match),
            ("xmpp:bob@bob.test", "xmpp:eve@bob.test", Differs),
            ("xmpp:bob@bob.test", "xmpp:bob.test", Differs),
            ("email:bob@bob.test", "email:bob@BOB.test", Match),
            ("email:bob@bob.test", "email:Bob@bob.test", Differs),
            ("email:bøb@bob.test", "email:bøb@bob.test", Match),
            ("uri:sip:bob.test", "uri:SIP:Bob.test", Match),
            ("uri:sip:bob.test", "uri:sips:bob.test", Differs),
            ("uri:sip:bob.test", "uri:sip:bob@bob.test", Differs),
            ("uri:https:bob.test", "uri:https://bob.test/x", Match),
            ("uri:https:bob.test", "uri:https://bob.test@eve.test/", Differs),
            ("uri:https:bob.test", "uri:https://*.test/", Differs),
        ];
        for (reference, presented, answer) in cases {
            let found = ask(reference, presented, &NamePolicy::default());
            assert_eq!(found, *answer, "{reference} {presented}");
        }
    }

    #[test]
    fn the_knobs() {
        use Answer::{Differs, Match, Withheld};
        let off = NamePolicy { wildcards: Wildcards::None, ..NamePolicy::default() };
        let off_answer = Withheld(Withholding::WildcardsOff);
        assert_eq!(ask("dns:mail.bob.test", "dns:*.bob.test", &off), off_answer);
        assert_eq!(ask("dns:mail.bob.test", "dns:mail.bob.test", &off), Match);

        let part = NamePolicy { wildcards: Wildcards::PartialLabel, ..NamePolicy::default() };
        for pattern in ["dns:m*.bob.test", "dns:*l.bob.test", "dns:M*L.bob.test", "dns:*.bob.test"]
        {
            assert_eq!(ask("dns:mail.bob.test", pattern, &part), Match, "{pattern}");
        }
        for pattern in ["dns:x*.bob.test", "dns:mail*mail.bob.test", "dns:m*.*.test"] {
            assert_eq!(ask("dns:mail.bob.test", pattern, &part), Differs, "{pattern}");
        }
        assert_eq!(ask("dns:xn--bcher-kva.bob.test", "dns:x*.bob.test", &part), Differs);
        let wide = Withheld(Withholding::TooWide);
        assert_eq!(ask("dns:bob.test", "dns:b*.test", &part), wide);

        let list = SuffixList::parse("uk\nco.uk\n");
        let guard = NamePolicy { suffixes: Some(&list), ..NamePolicy::default() };
        let suffix = Withheld(Withholding::PublicSuffix);
        assert_eq!(ask("dns:bob.co.uk", "dns:*.co.uk", &guard), suffix);
        assert_eq!(ask("dns:mail.bob.co.uk", "dns:*.bob.co.uk", &guard), Match);
        assert_eq!(ask("dns:bob.co.uk", "dns:bob.co.uk", &guard), Match);
    }
}
