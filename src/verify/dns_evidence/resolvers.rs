//! Whether other resolvers say the same.
//!
//! A difference is no attack by itself: load balancers and content networks answer each asker with
//! addresses near him, and a record that has just changed is old in one cache and new in another. So the
//! finding names both answers and leaves the judgement to who reads it.

use crate::dns::{Answer, Data, Kind, Said, Witness};
use crate::report::{Code, Finding, Source};

use super::super::peer::Peer;
use super::not_checked;

/// What came of one answer.
enum Compared {
    Same,
    Differs {
        ours: String,
        theirs: String,
        words: String,
    },
    /// One of the two is not known; why.
    Unknown(String),
}

pub(super) fn check(peer: &Peer) -> Finding {
    let all: Vec<Compared> = peer.facts().of_others().map(|answer| compare(peer, answer)).collect();
    if all.is_empty() {
        return not_checked("resolvers: no other resolver was asked (dns_compare)");
    }
    if let Some(note) = differences(&all) {
        return note;
    }
    let failure = all.iter().find_map(|one| match one {
        Compared::Unknown(why) => Some(why),
        Compared::Same | Compared::Differs { .. } => None,
    });
    match failure {
        Some(why) => not_checked(format!("resolvers: {why}")),
        None => {
            let words = format!("all resolvers agree ({} answers compared)", all.len());
            Finding::pass(Code::EvidenceResolversAgree, words).from_source(Source::Dns)
        }
    }
}

fn differences(all: &[Compared]) -> Option<Finding> {
    let (mut wanted, mut found, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for one in all {
        if let Compared::Differs { ours, theirs, words: said } = one {
            wanted.push(ours.as_str());
            found.push(theirs.as_str());
            words.push(said.as_str());
        }
    }
    if words.is_empty() {
        return None;
    }
    let words = words.join("; ");
    let note = Finding::note(Code::EvidenceResolversDiffer, words);
    Some(note.compared(wanted.join("; "), found.join("; ")).from_source(Source::Dns))
}

fn compare(peer: &Peer, answer: &Answer) -> Compared {
    let Answer { witness, question, said } = answer;
    let name = match witness {
        Witness::Other(name) => name.as_str(),
        Witness::Ours => "our resolver",
    };
    let (ours, theirs) = match (peer.facts().said(&Witness::Ours, question), said) {
        (Some(Said::Records(ours)), Said::Records(theirs)) => (ours, theirs),
        (_, Said::Failed(why)) => return Compared::Unknown(format!("{name}: {why}")),
        (Some(Said::Failed(why)), _) => return Compared::Unknown(why.clone()),
        (None, _) => {
            return Compared::Unknown(format!("our resolver was not asked about {question}"));
        }
    };
    if ours == theirs {
        return Compared::Same;
    }
    let mut words =
        format!("{question}: {} by our resolver, {} by {name}", listed(ours), listed(theirs));
    let is_address = matches!(question.kind, Kind::A | Kind::Aaaa);
    let overlap = ours.iter().any(|data| theirs.contains(data));
    match (is_address, overlap) {
        (true, true) => words.push_str(" (they share some, as the parts of a large service do)"),
        (true, false) => {
            words.push_str(" (they share none, as the places of a content network may, or a lie)");
        }
        (false, _) => {}
    }
    Compared::Differs { ours: listed(ours), theirs: listed(theirs), words }
}

fn listed(data: &[Data]) -> String {
    let all: Vec<String> = data.iter().map(Data::to_string).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
