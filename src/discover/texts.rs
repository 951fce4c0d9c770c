//! TXT records: the strings that a domain publishes below a name, such as `_mta-sts` (RFC 8461 §3.1).
//!
//! They need no DNSSEC where they are used: what they lead to proves itself. So a secure and an insecure
//! answer are the same here, and none is told from one that was not found out.

use crate::dns::{Data, Kind, Name, Question};

use super::outcome::Outcome;
use super::resolver::Ask;
use super::sts::TxtRecords;

/// The TXT records of `LABEL.domain`. One that is no UTF-8 is none that anybody meant.
pub fn texts(resolver: &impl Ask, domain: &Name, label: &str) -> TxtRecords {
    let Some(owner) = domain.below(label) else {
        return TxtRecords::Found(Vec::new());
    };
    let question = Question::new(owner, Kind::Txt);
    let outcome = resolver.ask(&question);
    match outcome {
        Outcome::Secure(found) | Outcome::Insecure(found) => {
            let texts = found.data.into_iter().filter_map(|data| match data {
                Data::Txt(text) => String::from_utf8(text).ok(),
                _ => None,
            });
            TxtRecords::Found(texts.collect())
        }
        Outcome::Absent(_) => TxtRecords::Found(Vec::new()),
        Outcome::Bogus(_) | Outcome::Failed(_) => TxtRecords::Failed(outcome.words(&question)),
    }
}
