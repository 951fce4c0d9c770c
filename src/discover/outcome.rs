//! What became of a question.

use crate::dns::{Followed, Message, Name, Question, Wholeness, rcode};

/// Extended errors that speak of DNSSEC (RFC 8914 §4.7 to §4.13): from "DNSSEC Bogus" to "NSEC
/// Missing".
const DNSSEC_ERRORS: std::ops::RangeInclusive<u16> = 6..=12;

/// What became of a question. See the table in [`super`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Records, validated.
    Secure(Followed),
    /// Records that nobody vouches for.
    Insecure(Followed),
    /// There are none.
    Absent(Absence),
    /// Validation failed; why.
    Bogus(String),
    /// No usable answer; why.
    Failed(String),
}

/// There is nothing of the kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// The name at the end of the aliases.
    pub canonical: Name,
    /// What there is not.
    pub missing: Missing,
    /// Whether that is proven.
    pub proof: Proof,
}

/// What there is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The name.
    Name,
    /// Records of that type.
    Records,
}

/// Whether somebody vouches for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It was validated.
    Secure,
    /// It was not.
    Insecure,
}

impl Outcome {
    /// The outcome of a message that an engine got, and believes so far.
    pub(super) fn of(question: &Question, wire: &[u8], proof: Proof) -> Outcome {
        let nonsense =
            |error| Outcome::Failed(format!("the answer about {question} is unusable: {error}"));
        let message = match Message::parse(wire) {
            Ok(message) => message,
            Err(error) => return nonsense(error),
        };
        let followed = match message.follow(question) {
            Ok(followed) => followed,
            Err(error) => return nonsense(error),
        };
        match (message.wholeness, message.rcode) {
            (Wholeness::Truncated, _) => {
                Outcome::Failed(format!("the answer about {question} was cut off"))
            }
            (Wholeness::Whole, rcode::NO_ERROR) if !followed.data.is_empty() => match proof {
                Proof::Secure => Outcome::Secure(followed),
                Proof::Insecure => Outcome::Insecure(followed),
            },
            (Wholeness::Whole, rcode::NO_ERROR) => absent(followed, Missing::Records, proof),
            (Wholeness::Whole, rcode::NO_SUCH_NAME) => absent(followed, Missing::Name, proof),
            (Wholeness::Whole, _) => refusal(question, &message),
        }
    }

    /// In words, for the report.
    pub fn words(&self, question: &Question) -> String {
        match self {
            Outcome::Secure(found) => format!("{question}: {} secure", count(found)),
            Outcome::Insecure(found) => format!("{question}: {} not validated", count(found)),
            Outcome::Absent(Absence { missing, proof, .. }) => {
                let what = match missing {
                    Missing::Name => "no such name",
                    Missing::Records => "no such records",
                };
                let proven = match proof {
                    Proof::Secure => "proven",
                    Proof::Insecure => "not validated",
                };
                format!("{question}: {what}, {proven}")
            }
            Outcome::Bogus(why) => format!("{question}: bogus: {why}"),
            Outcome::Failed(why) => format!("{question}: failed: {why}"),
        }
    }
}

fn count(found: &Followed) -> String {
    match found.data.len() {
        1 => "1 record,".to_owned(),
        records => format!("{records} records,"),
    }
}

fn absent(followed: Followed, missing: Missing, proof: Proof) -> Outcome {
    Outcome::Absent(Absence { canonical: followed.canonical, missing, proof })
}

/// A response code that says no more than that there is no answer. A validating server says SERVFAIL
/// to a forgery too; if it adds an extended error, that is what tells the two apart.
fn refusal(question: &Question, message: &Message) -> Outcome {
    let said: Vec<String> = message
        .errors
        .iter()
        .map(|(number, words)| match words.as_str() {
            "" => format!("extended error {number}"),
            words => format!("extended error {number}, {words}"),
        })
        .collect();
    let words = match said.is_empty() {
        true => String::new(),
        false => format!(" ({})", said.join("; ")),
    };
    let why = format!("the resolver answered {} to {question}{words}", message.rcode_word());
    let speaks_of_dnssec = message.errors.iter().any(|(number, _)| DNSSEC_ERRORS.contains(number));
    if message.rcode == rcode::SERVER_FAILURE && speaks_of_dnssec {
        Outcome::Bogus(why)
    } else {
        Outcome::Failed(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Kind;
    use crate::dns::sample::{Sample, name};

    fn question() -> Question {
        Question::new(name("mail.bob.test"), Kind::A)
    }

    fn asked() -> Sample {
        Sample::asking("mail.bob.test", Kind::A)
    }

    fn word(sample: &Sample, proof: Proof) -> String {
        match Outcome::of(&question(), &sample.wire(), proof) {
            Outcome::Secure(_) => "secure".to_owned(),
            Outcome::Insecure(_) => "insecure".to_owned(),
            Outcome::Absent(Absence { missing, proof, .. }) => format!("{missing:?} {proof:?}"),
            Outcome::Bogus(_) => "bogus".to_owned(),
            Outcome::Failed(_) => "failed".to_owned(),
        }
    }

    #[test]
    fn five_outcomes_are_five() {
        let (secure, insecure) = (Proof::Secure, Proof::Insecure);
        let found = || asked().record("mail.bob.test", Kind::A, &[192, 0, 2, 1]);
        let flags = |flags| asked().flags(flags);
        for (sample, proof, wanted) in [
            (found(), secure, "secure"),
            (found(), insecure, "insecure"),
            (asked(), secure, "Records Secure"),
            (asked(), insecure, "Records Insecure"),
            (flags(0x8183), secure, "Name Secure"),
            (flags(0x8183), insecure, "Name Insecure"),
            (flags(0x8182), secure, "failed"),
            (flags(0x8182).error(6, ""), insecure, "bogus"),
            (flags(0x8182).error(7, "expired"), insecure, "bogus"),
            (flags(0x8182).error(12, ""), insecure, "bogus"),
            (flags(0x8182).error(22, "no reachable authority"), insecure, "failed"),
            (flags(0x8185), insecure, "failed"),
            (flags(0x8185).error(6, ""), insecure, "failed"),
            (found().flags(0x8380), secure, "failed"),
            (flags(0x8181), insecure, "failed"),
            // An error in words only does not make an answer.
            (found().error(6, ""), insecure, "insecure"),
            (Sample::asking("mail.eve.test", Kind::A), secure, "failed"),
        ] {
            assert_eq!(word(&sample, proof), wanted);
        }
    }

    #[test]
    fn the_resolver_is_quoted() {
        let sample = asked().flags(0x8182).error(7, "signature \n expired");
        let outcome = Outcome::of(&question(), &sample.wire(), Proof::Insecure);
        let words = outcome.words(&question());
        assert_eq!(
            words,
            "mail.bob.test A: bogus: the resolver answered SERVFAIL to mail.bob.test A (extended \
             error 7, signature \\n expired)"
        );
    }

    #[test]
    fn an_alias_to_nothing_is_nothing() {
        let sample = asked().alias("mail.bob.test", "gone.eve.test").flags(0x8183);
        let Outcome::Absent(absence) = Outcome::of(&question(), &sample.wire(), Proof::Secure)
        else {
            panic!("absent");
        };
        assert_eq!(absence.canonical, name("gone.eve.test"));
    }
}
