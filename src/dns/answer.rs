//! The answer to one question: aliases followed, records gathered.
//!
//! RFC 1034 §3.6.2: where a name has a CNAME, that is all it has, and the question goes on with the
//! name that is meant. A resolver puts the whole row into one answer. Records of names that the row
//! does not lead to are none of this answer, whoever put them there.

use super::message::{Message, Question};
use super::record::{Data, Kind};
use super::{DnsError, Name};

/// Aliases in a row. Resolvers give up after 8 to 16.
const MOST_ALIASES: usize = 16;

/// Where a question led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The name at the end of the aliases; the one asked for where there are none.
    pub canonical: Name,
    /// What its records of the type asked for say; each once.
    pub data: Vec<Data>,
}

impl Message {
    /// The answer to this question.
    pub fn follow(&self, question: &Question) -> Result<Followed, DnsError> {
        if self.question != (question.name.clone(), question.kind.number()) {
            return Err(DnsError::OtherQuestion);
        }
        let mut canonical = question.name.clone();
        for _ in 0..=MOST_ALIASES {
            match self.alias(&canonical, question.kind)? {
                Some(target) => canonical = target.clone(),
                None => {
                    let data = self.data(&canonical, question.kind);
                    return Ok(Followed { canonical, data });
                }
            }
        }
        Err(DnsError::Aliases)
    }

    fn alias(&self, owner: &Name, kind: Kind) -> Result<Option<&Name>, DnsError> {
        if kind == Kind::Cname {
            return Ok(None);
        }
        let mut targets = self.of(owner).filter_map(|data| match data {
            Data::Cname(target) => Some(target),
            _ => None,
        });
        let target = targets.next();
        if targets.any(|other| Some(other) != target) {
            return Err(DnsError::Aliases);
        }
        Ok(target)
    }

    fn data(&self, owner: &Name, kind: Kind) -> Vec<Data> {
        let mut seen = std::collections::HashSet::new();
        let of_kind = self.of(owner).filter(|data| data.kind() == kind);
        of_kind.filter(|data| seen.insert(*data)).cloned().collect()
    }

    fn of(&self, owner: &Name) -> impl Iterator<Item = &Data> {
        self.answers.iter().filter(move |record| record.owner == *owner).map(|record| &record.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::message::{AuthenticData, Wholeness, rcode};
    use crate::dns::sample::{Sample, name};

    fn question(text: &str, kind: Kind) -> Question {
        Question::new(name(text), kind)
    }

    fn address(last: u8) -> Data {
        Data::A([192, 0, 2, last].into())
    }

    #[test]
    fn aliases_lead_to_the_records() {
        let wire = Sample::asking("mail.bob.test", Kind::A)
            .alias("mail.bob.test", "mx.bob.test")
            .alias("mx.bob.test", "a.eve.test")
            .record("a.eve.test", Kind::A, &[192, 0, 2, 1])
            .record("a.eve.test", Kind::A, &[192, 0, 2, 1])
            .record("a.eve.test", Kind::A, &[192, 0, 2, 2])
            .wire();
        let message = Message::parse(&wire).unwrap();
        let followed = message.follow(&question("mail.bob.test", Kind::A)).unwrap();
        assert_eq!(followed.canonical, name("a.eve.test"));
        assert_eq!(followed.data, [address(1), address(2)]);
        let alias = message.follow(&question("mail.bob.test", Kind::Cname));
        assert_eq!(alias, Err(DnsError::OtherQuestion));
    }

    #[test]
    fn records_of_others_are_none_of_the_answer() {
        let wire = Sample::asking("mail.bob.test", Kind::A)
            .record("mail.eve.test", Kind::A, &[192, 0, 2, 66])
            .record("mail.bob.test", Kind::Tlsa, &[3, 1, 1, 0])
            .record("mail.bob.test", Kind::A, &[192, 0, 2, 1])
            .wire();
        let message = Message::parse(&wire).unwrap();
        let followed = message.follow(&question("mail.bob.test", Kind::A)).unwrap();
        assert_eq!(followed.data, [address(1)]);
    }

    #[test]
    fn an_alias_is_asked_for_itself() {
        let wire = Sample::asking("mail.bob.test", Kind::Cname)
            .alias("mail.bob.test", "a.eve.test")
            .wire();
        let followed = Message::parse(&wire).unwrap();
        let followed = followed.follow(&question("mail.bob.test", Kind::Cname)).unwrap();
        assert_eq!(followed.canonical, name("mail.bob.test"));
        assert_eq!(followed.data, [Data::Cname(name("a.eve.test"))]);
    }

    #[test]
    fn aliases_have_an_end() {
        let circle =
            Sample::asking("a.test", Kind::A).alias("a.test", "b.test").alias("b.test", "a.test");
        let two =
            Sample::asking("a.test", Kind::A).alias("a.test", "b.test").alias("a.test", "c.test");
        let row = |length: usize| {
            (0..length).fold(Sample::asking("n0", Kind::A), |sample, step| {
                sample.alias(&format!("n{step}"), &format!("n{}", step + 1))
            })
        };
        let follow = |sample: Sample, from: &str| {
            Message::parse(&sample.wire()).unwrap().follow(&question(from, Kind::A))
        };
        assert_eq!(follow(circle, "a.test"), Err(DnsError::Aliases));
        assert_eq!(follow(two, "a.test"), Err(DnsError::Aliases));
        assert_eq!(follow(row(16), "n0").unwrap().canonical, name("n16"));
        assert_eq!(follow(row(17), "n0"), Err(DnsError::Aliases));
    }

    #[test]
    fn the_answer_is_to_the_question() {
        let wire = Sample::asking("mail.eve.test", Kind::A)
            .record("mail.bob.test", Kind::A, &[192, 0, 2, 66])
            .wire();
        let message = Message::parse(&wire).unwrap();
        for other in [question("mail.bob.test", Kind::A), question("mail.eve.test", Kind::Mx)] {
            assert_eq!(message.follow(&other), Err(DnsError::OtherQuestion));
        }
    }

    /// A message with everything in it.
    fn rich() -> Vec<u8> {
        Sample::asking("mail.bob.test", Kind::Mx)
            .flags(0x81a0)
            .alias("mail.bob.test", "bob.test")
            .record("bob.test", Kind::Mx, b"\x00\x0a\x02mx\xc0\x0c")
            .record("bob.test", Kind::Mx, b"\x00\x14\x03mx2\xc0\x11")
            .record("bob.test", Kind::Tlsa, &[3, 1, 1, 1, 2, 3, 4])
            .record("bob.test", Kind::Txt, b"\x04v=ST\x01s")
            .record("bob.test", Kind::Srv, b"\x00\x01\x00\x02\x03\xe1\xc0\x0c")
            .record("bob.test", Kind::Aaaa, &[0x20; 16])
            .error(7, "signature expired")
            .wire()
    }

    #[test]
    fn what_a_header_says() {
        let message = Message::parse(&rich()).unwrap();
        assert_eq!(message.authentic, AuthenticData::Claimed);
        assert_eq!(message.wholeness, Wholeness::Whole);
        assert_eq!(message.rcode, rcode::NO_ERROR);
        assert_eq!(message.answers.len(), 7);
        assert_eq!(message.errors, [(7, "signature expired".to_owned())]);
        let failed = Sample::asking("a.test", Kind::A).flags(0x8382).wire();
        let failed = Message::parse(&failed).unwrap();
        assert_eq!(failed.rcode_word(), "SERVFAIL");
        assert_eq!(failed.wholeness, Wholeness::Truncated);
        assert_eq!(failed.authentic, AuthenticData::NotClaimed);
        for flags in [0x0180, 0x9180, 0x2800] {
            let wire = Sample::asking("a.test", Kind::A).flags(flags).wire();
            assert_eq!(Message::parse(&wire), Err(DnsError::NoAnswer), "{flags:x}");
        }
        assert_eq!(Message::parse(&vec![0x80; 65_536]), Err(DnsError::TooLong));
    }

    /// Whoever cuts a message off gets an error and not a part of the answer.
    #[test]
    fn every_cut_is_noticed() {
        let wire = rich();
        for end in 0..wire.len() {
            assert!(Message::parse(&wire[..end]).is_err(), "{end}");
        }
    }

    /// No bytes whatever lead to a panic or to an answer to another question.
    #[test]
    fn no_bytes_do_harm() {
        let wire = rich();
        let asked = question("mail.bob.test", Kind::Mx);
        let mut answered = 0;
        let mut check = |bytes: &[u8]| {
            if let Ok(message) = Message::parse(bytes)
                && let Ok(followed) = message.follow(&asked)
            {
                answered += 1;
                assert!(followed.data.iter().all(|data| data.kind() == Kind::Mx));
            }
        };
        for at in 0..wire.len() {
            let flipped = (0..8).map(|bit| wire[at] ^ (1 << bit));
            for value in flipped.chain([0, 0xc0, 0xff]) {
                let mut changed = wire.clone();
                changed[at] = value;
                check(&changed);
            }
        }
        // Several changes at once, from a generator with a fixed seed.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap() % below
        };
        for _ in 0..20_000 {
            let mut changed = wire.clone();
            for _ in 0..1 + next(6) {
                let at = next(changed.len());
                changed[at] = u8::try_from(next(256)).unwrap();
            }
            changed.truncate(wire.len() - next(4));
            check(&changed);
        }
        assert!(answered > 1000, "{answered}");
    }

    /// Counters that promise what is not there cost nothing.
    #[test]
    fn promised_records_are_not_believed() {
        let mut wire = Sample::asking("a.test", Kind::A).wire();
        wire[6..12].fill(0xff);
        assert_eq!(Message::parse(&wire), Err(DnsError::Cut));
        wire[4..6].fill(0);
        assert_eq!(Message::parse(&wire), Err(DnsError::OtherQuestion));
    }
}
