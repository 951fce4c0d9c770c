//! What resolvers said about a peer, as evidence for the judge: questions, and the answer to each.
//!
//! Nothing here is a proof. An answer is kept with who gave it, so that several resolvers can be held
//! against each other; whoever was not asked, or gave no answer, has not said that there is nothing.

use std::net::IpAddr;

use crate::error::{Error, Result};
use crate::report::quote;
use crate::status::Status;

use super::{Data, Kind, Name, Question, Record};

/// Answers that are kept of one peer: its addresses, their names, the exchanges of its domain, by a few
/// resolvers.
const MOST_ANSWERS: usize = 512;
/// Records that are kept of one answer.
const MOST_RECORDS: usize = 64;

/// Who gave an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Witness {
    /// The resolver that is asked about everything; the caller himself where he states facts.
    Ours,
    /// Another one, by the name that the report gives it.
    Other(String),
}

impl Witness {
    /// The one with this name, shown as it is quoted; ours where it is empty.
    pub fn named(name: &str) -> Witness {
        match name {
            "" => Witness::Ours,
            name => Witness::Other(quote(name.as_bytes())),
        }
    }
}

/// What an answer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// These records, in an order of their own; none where there are none.
    Records(Vec<Data>),
    /// Nothing that can be used; why.
    Failed(String),
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Who gave it.
    pub witness: Witness,
    /// To what.
    pub question: Question,
    /// What it said.
    pub said: Said,
}

/// All that was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    answers: Vec<Answer>,
}

/// The addresses of a name, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// These are known.
    pub known: Vec<IpAddr>,
    /// A question for some of them failed; why.
    pub failure: Option<String>,
}

impl Facts {
    /// Keeps an answer. The first one to a question stays; one too many is not kept, which is as if it
    /// had not been asked for.
    pub fn note(&mut self, witness: &Witness, question: &Question, said: Said) {
        if self.answers.len() < MOST_ANSWERS && self.said(witness, question).is_none() {
            let (witness, question) = (witness.clone(), question.clone());
            self.answers.push(Answer { witness, question, said: said.in_order() });
        }
    }

    /// Keeps a fact that the caller states: `NAME TYPE DATA`, or `NAME TYPE` where there is none.
    pub fn state(&mut self, witness: &Witness, text: &str) -> Result<()> {
        let (question, data) = Record::parse_stated(text)?;
        let data: Vec<Data> = data.into_iter().collect();
        let has_room = self.answers.len() < MOST_ANSWERS;
        let place = self.answers.iter_mut().find(|answer| is_to(answer, witness, &question));
        match place {
            Some(Answer { said: Said::Records(records), .. })
                if records.len() + data.len() <= MOST_RECORDS =>
            {
                records.extend(data);
                records.sort_by_cached_key(Data::to_string);
                records.dedup();
            }
            None if has_room => {
                self.note(witness, &question, Said::Records(data));
            }
            Some(_) | None => {
                let shown = quote(text.as_bytes());
                let what = format!("'{shown}' is one fact too many about this peer");
                return Err(Error::new(Status::Argument, what));
            }
        }
        Ok(())
    }

    /// What this one said to that; `None` where it was not asked.
    pub fn said(&self, witness: &Witness, question: &Question) -> Option<&Said> {
        let answer = self.answers.iter().find(|answer| is_to(answer, witness, question));
        answer.map(|answer| &answer.said)
    }

    /// What our own resolver said of this name.
    pub fn ours(&self, name: &Name, kind: Kind) -> Option<&Said> {
        self.said(&Witness::Ours, &Question::new(name.clone(), kind))
    }

    /// The addresses of a name, by our own resolver.
    pub fn addresses(&self, name: &Name) -> Addresses {
        let mut found = Addresses::default();
        for kind in [Kind::A, Kind::Aaaa] {
            match self.ours(name, kind) {
                Some(Said::Records(data)) => found.known.extend(data.iter().filter_map(address)),
                Some(Said::Failed(why)) => found.failure = Some(why.clone()),
                None => {}
            }
        }
        found
    }

    /// What the other resolvers said.
    pub fn of_others(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(|answer| answer.witness != Witness::Ours)
    }
}

fn is_to(answer: &Answer, witness: &Witness, question: &Question) -> bool {
    answer.witness == *witness && answer.question == *question
}

fn address(data: &Data) -> Option<IpAddr> {
    match data {
        Data::A(address) => Some(IpAddr::V4(*address)),
        Data::Aaaa(address) => Some(IpAddr::V6(*address)),
        Data::Cname(_)
        | Data::Ptr(_)
        | Data::Mx(_)
        | Data::Txt(_)
        | Data::Srv(_)
        | Data::Tlsa(_) => None,
    }
}

impl Said {
    /// Servers mix the records of an answer as they like (round robin); that is no difference.
    fn in_order(self) -> Said {
        match self {
            Said::Records(mut data) => {
                data.sort_by_cached_key(Data::to_string);
                data.truncate(MOST_RECORDS);
                Said::Records(data)
            }
            Said::Failed(why) => Said::Failed(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::sample::name;

    #[test]
    fn what_was_not_asked_is_not_absent() {
        let mut facts = Facts::default();
        facts.state(&Witness::Ours, "mail.bob.test A 192.0.2.1").unwrap();
        facts.state(&Witness::Ours, "mail.bob.test AAAA").unwrap();
        let host = name("mail.bob.test");
        assert_eq!(facts.ours(&host, Kind::Aaaa), Some(&Said::Records(Vec::new())));
        assert_eq!(facts.ours(&host, Kind::Mx), None);
        let known = vec!["192.0.2.1".parse().unwrap()];
        assert_eq!(facts.addresses(&host), Addresses { known, failure: None });
        let other = Witness::Other("192.0.2.53".into());
        assert_eq!(facts.said(&other, &Question::new(host, Kind::A)), None);
    }

    #[test]
    fn the_order_of_records_is_no_difference() {
        let (mut one, mut two) = (Facts::default(), Facts::default());
        for (facts, addresses) in [(&mut one, ["1", "2"]), (&mut two, ["2", "1"])] {
            for last in addresses {
                let text = format!("mail.bob.test A 192.0.2.{last}");
                facts.state(&Witness::Ours, &text).unwrap();
            }
        }
        assert_eq!(one, two);
    }

    #[test]
    fn there_is_an_end_of_facts() {
        let mut facts = Facts::default();
        let stated = |facts: &mut Facts, text: String| facts.state(&Witness::Ours, &text);
        for index in 0..MOST_RECORDS {
            stated(&mut facts, format!("a.test MX {index} b.test")).unwrap();
        }
        assert!(stated(&mut facts, "a.test MX 99 b.test".into()).is_err());
        for index in 1..MOST_ANSWERS {
            stated(&mut facts, format!("h{index}.test A 192.0.2.1")).unwrap();
        }
        assert!(stated(&mut facts, "more.test A 192.0.2.1".into()).is_err());
        let question = Question::new(name("more.test"), Kind::A);
        facts.note(&Witness::Ours, &question, Said::Failed("x".into()));
        assert_eq!(facts.said(&Witness::Ours, &question), None);
    }
}
