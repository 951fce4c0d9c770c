//! Do the records decide? Pure: mode, protocol and records in, standing out.
//!
//! | records             | usable ones | none usable         | none at all | with `dane=require`         |
//! |---------------------|-------------|---------------------|-------------|-----------------------------|
//! | given by the caller | decide      | refused             | not checked | no usable ones: refused     |
//! | secure              | decide      | as without DANE (1) | not checked | no usable ones: refused     |
//! | insecure            | ignored     | ignored             | ignored     | refused                     |
//! | bogus               | refused     | refused             | refused     | refused                     |
//! | look-up failed      | refused     | refused             | refused     | refused                     |
//! | never spoken of     | -           | -                   | not checked | refused                     |
//!
//! (1) RFC 7672 §2.2: TLS is mandatory then, and nobody is authenticated. So the peer is
//! UNAUTHENTICATED where chain and name are only preferred, and what chain and name say where they are
//! required (RFC 6698 §4.1).
//!
//! Bogus and failed are refused because whoever can disturb a look-up could else switch DANE off; a
//! mail relay tries again later (RFC 7672 §2.1.1). A record that the caller states and that cannot be
//! used is a mistyped one: to go on without it would be to do without what was asked for.

use crate::proto::TlsaUsages;
use crate::report::{Code, Finding, Outcome};
use crate::tlsa::{Record, State, Tlsa, Usable};

use super::super::policy::DaneMode;
use super::listed;

/// Whether the records decide.
#[derive(Debug)]
pub enum Standing {
    /// They do.
    Decide {
        /// Those that something can be made of; at least one.
        records: Vec<Usable>,
        /// What is wrong with the others.
        unusable: Option<Finding>,
    },
    /// They do not, and this is why. A failure refuses the peer.
    Aside(Finding),
}

/// What stands in the table above.
pub fn standing(mode: DaneMode, usages: TlsaUsages, tlsa: &Tlsa) -> Standing {
    let count = tlsa.records().len();
    if mode == DaneMode::Off {
        let words = format!("the option dane is off; {count} TLSA records were given");
        return Standing::Aside(Finding::skip(Code::DaneNotChecked, words));
    }
    let told = |words: &str| match tlsa.story() {
        "" => words.to_owned(),
        story => format!("{words} ({story})"),
    };
    match tlsa.state() {
        None => {
            let words = told("no TLSA records were given");
            aside(mode, Code::DaneNotChecked, Outcome::Skip, &words)
        }
        Some(State::Given | State::Secure) if tlsa.records().is_empty() => {
            let words = told("there are no TLSA records for this server");
            aside(mode, Code::DaneNotChecked, Outcome::Skip, &words)
        }
        Some(State::Given | State::Secure) => signed(mode, usages, tlsa),
        Some(State::Insecure) => {
            let words = "the answer about TLSA records is not signed (DNSSEC) and was ignored";
            aside(mode, Code::DaneInsecure, Outcome::Note, &told(words))
        }
        Some(State::Bogus) => {
            let words = "the answer about TLSA records fails DNSSEC validation";
            Standing::Aside(Finding::fail(Code::DaneBogus, told(words)))
        }
        Some(State::LookupFailed) => {
            let words = "the look-up of TLSA records failed, so nobody knows whether there are any";
            Standing::Aside(Finding::fail(Code::DaneLookupFailed, told(words)))
        }
    }
}

/// A host that insecure records named: its own records prove who it is, and not that it serves the
/// domain (RFC 7672 §2.2.1). What was disturbed refuses it all the same.
pub fn astray(mode: DaneMode, usages: TlsaUsages, tlsa: &Tlsa) -> Standing {
    match (mode, tlsa.state()) {
        (DaneMode::Opportunistic | DaneMode::Require, Some(State::Given | State::Secure)) => {
            let words = "the host was named by an answer (MX, SRV) that is not signed: its TLSA records \
                         say nothing of the domain";
            aside(mode, Code::DaneInsecure, Outcome::Note, words)
        }
        _ => standing(mode, usages, tlsa),
    }
}

fn signed(mode: DaneMode, usages: TlsaUsages, tlsa: &Tlsa) -> Standing {
    let (records, reasons) = sorted(usages, tlsa.records());
    let count = reasons.len();
    let reasons = listed(reasons.into_iter(), "; ");
    if !records.is_empty() {
        let words = format!("TLSA records that cannot be used: {reasons}");
        let unusable = (count > 0).then(|| Finding::note(Code::DaneUnusable, words));
        return Standing::Decide { records, unusable };
    }
    let words = format!("none of the {count} TLSA records can be used: {reasons}");
    let outcome = match tlsa.state() {
        Some(State::Secure) => Outcome::Note,
        _ => Outcome::Fail,
    };
    aside(mode, Code::DaneUnusable, outcome, &words)
}

fn aside(mode: DaneMode, code: Code, outcome: Outcome, words: &str) -> Standing {
    let outcome = match mode {
        DaneMode::Require => Outcome::Fail,
        DaneMode::Opportunistic | DaneMode::Off => outcome,
    };
    let finding = Finding::new(code, outcome, words);
    let finding = match (mode, code) {
        (DaneMode::Require, Code::DaneNotChecked) => {
            finding.hinting("dane=require needs a TLSA record: publish one, or give it.")
        }
        _ => finding,
    };
    Standing::Aside(finding)
}

/// The usable records, and why each of the others is not.
fn sorted(usages: TlsaUsages, records: &[Record]) -> (Vec<Usable>, Vec<String>) {
    let mut usable = Vec::new();
    let mut reasons = Vec::new();
    for record in records {
        let why = match (record.usable(), usages) {
            (Ok(one), TlsaUsages::DaneOnly) if one.usage.is_pkix() => {
                "mail relays use the usages 2 and 3 only (RFC 7672 §3.1.3)".to_owned()
            }
            (Ok(one), TlsaUsages::DaneOnly | TlsaUsages::All) => {
                usable.push(one);
                continue;
            }
            (Err(why), _) => why.to_string(),
        };
        reasons.push(format!("{}: {why}", record.brief()));
    }
    (usable, reasons)
}

#[cfg(test)]
mod tests {
    use super::*;
    use DaneMode::{Off, Opportunistic, Require};
    use Outcome::{Fail, Note, Skip};
    use State::{Bogus, Given, Insecure, LookupFailed, Secure};

    const EE: &str = "3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const PKIX: &str = "1 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const SHORT: &str = "3 1 1 00";

    fn tlsa(records: &[&str], state: Option<State>) -> Tlsa {
        let mut tlsa = Tlsa::default();
        for text in records {
            tlsa.add(Record::parse(text).expect("a record")).expect("room");
        }
        if let Some(state) = state {
            tlsa.set_state(state);
        }
        tlsa
    }

    /// `None`: the records decide.
    fn outcome(mode: DaneMode, usages: TlsaUsages, tlsa: &Tlsa) -> Option<(&'static str, Outcome)> {
        match standing(mode, usages, tlsa) {
            Standing::Decide { .. } => None,
            Standing::Aside(finding) => Some((finding.code.name(), finding.outcome)),
        }
    }

    #[test]
    fn the_table_row_by_row() {
        let every = [None, Some(Given), Some(Secure), Some(Insecure), Some(Bogus)];
        let (none, not) = (Some(("dane.not_checked", Skip)), Some(("dane.not_checked", Fail)));
        let (given, secure) = (Some(("dane.unusable", Fail)), Some(("dane.unusable", Note)));
        let (insecure, refused) = (Some(("dane.insecure", Note)), Some(("dane.insecure", Fail)));
        let bogus = Some(("dane.bogus", Fail));
        for (records, opportunistic, require) in [
            (&[EE][..], [None, None, None, insecure, bogus], [None, None, None, refused, bogus]),
            (&[SHORT, EE], [None, None, None, insecure, bogus], [None, None, None, refused, bogus]),
            (
                &[SHORT],
                [given, given, secure, insecure, bogus],
                [given, given, given, refused, bogus],
            ),
            (&[], [none, none, none, insecure, bogus], [not, not, not, refused, bogus]),
        ] {
            for (at, state) in every.into_iter().enumerate() {
                let tlsa = tlsa(records, state);
                let of = |mode| outcome(mode, TlsaUsages::All, &tlsa);
                assert_eq!(of(Opportunistic), opportunistic[at], "{records:?} {state:?}");
                assert_eq!(of(Require), require[at], "{records:?} {state:?} require");
            }
        }
    }

    #[test]
    fn a_disturbed_look_up_switches_nothing_off() {
        for mode in [Opportunistic, Require] {
            for records in [&[][..], &[EE], &[SHORT]] {
                let failed = tlsa(records, Some(LookupFailed));
                let wanted = Some(("dane.lookup_failed", Fail));
                assert_eq!(outcome(mode, TlsaUsages::DaneOnly, &failed), wanted);
            }
        }
    }

    #[test]
    fn a_perfect_record_of_an_insecure_host_decides_nothing() {
        let code = |mode, state| match astray(mode, TlsaUsages::All, &tlsa(&[EE], state)) {
            Standing::Decide { .. } => panic!("{mode:?} {state:?} decides"),
            Standing::Aside(finding) => (finding.code.name(), finding.outcome),
        };
        for state in [None, Some(Given), Some(Secure), Some(Insecure)] {
            assert_eq!(code(Opportunistic, state), ("dane.insecure", Note));
            assert_eq!(code(Require, state), ("dane.insecure", Fail));
            assert_eq!(code(Off, state), ("dane.not_checked", Skip));
        }
        assert_eq!(code(Opportunistic, Some(Bogus)), ("dane.bogus", Fail));
        assert_eq!(code(Opportunistic, Some(LookupFailed)), ("dane.lookup_failed", Fail));
    }

    #[test]
    fn off_is_off() {
        for state in [Given, Secure, Insecure, Bogus, LookupFailed] {
            let wanted = Some(("dane.not_checked", Skip));
            assert_eq!(outcome(Off, TlsaUsages::All, &tlsa(&[EE], Some(state))), wanted);
        }
    }

    #[test]
    fn mail_relays_pass_pkix_usages_over() {
        let of = |usages, records: &[&str]| outcome(Opportunistic, usages, &tlsa(records, None));
        assert_eq!(of(TlsaUsages::All, &[PKIX]), None);
        assert_eq!(of(TlsaUsages::DaneOnly, &[PKIX]), Some(("dane.unusable", Fail)));
        assert_eq!(of(TlsaUsages::DaneOnly, &[PKIX, EE]), None);
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let tlsa = tlsa(&[EE, SHORT, PKIX], None);
        let Standing::Decide { records, unusable } =
            standing(Opportunistic, TlsaUsages::DaneOnly, &tlsa)
        else {
            panic!("one can be used");
        };
        assert_eq!(records.len(), 1);
        let words = unusable.expect("two cannot").detail;
        assert!(words.contains("1 octets in place of 32"), "{words}");
        assert!(words.contains("RFC 7672"), "{words}");
    }
}
