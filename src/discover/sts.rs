//! The policy of a domain, from what its TXT record, its policy host and the cache say
//! (RFC 8461 §3, §5.1).
//!
//! | TXT record | held from before | policy host | result |
//! |---|---|---|---|
//! | same id | holds still | not asked | the held one |
//! | another id, or none held | | answers | the new one |
//! | another id | holds still | fails | the held one |
//! | any record | nothing that holds | fails | none, and a note says why |
//! | none, broken, or not found out | holds still | not asked | the held one |
//! | none, broken, or not found out | nothing that holds | not asked | none |

use crate::mta_sts::{Held, Lack, Record, Sts};

use super::policy_host::FetchFault;

/// What was found out about the TXT records at `_mta-sts.DOMAIN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TxtRecords {
    /// The records, each with its strings joined; none at all where the list is empty.
    Found(Vec<String>),
    /// The look-up failed; in words.
    Failed(String),
}

/// The policy, and what to hold in place of an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// For the judge.
    pub sts: Sts,
    /// For the cache; `None` where nothing changed.
    pub hold: Option<Held>,
}

/// Settles which policy is in force. `fetch` asks the policy host and gives the text of a good policy.
pub fn settle(
    records: &TxtRecords,
    held: Option<Held>,
    now: i64,
    fetch: impl FnOnce() -> Result<String, FetchFault>,
) -> Settled {
    let held = held.filter(|held| held.holds(now));
    let record = match only_record(records) {
        Ok(Some(record)) => record,
        Ok(None) => return kept(held, || Sts::Nothing),
        Err(why) => return kept(held, || Sts::Unknown(Lack::NotGot(why))),
    };
    if held.as_ref().is_some_and(|held| held.id == record.id) {
        return kept(held, || Sts::Nothing);
    }
    let new = |text| Held::new(&record, text, now).map_err(Lack::Invalid);
    match fetch().map_err(|fault| fault.lack()).and_then(new) {
        Ok(fresh) => Settled { sts: Sts::Policy(fresh.policy.clone()), hold: Some(fresh) },
        Err(lack) => kept(held, || Sts::Unknown(lack)),
    }
}

fn kept(held: Option<Held>, otherwise: impl FnOnce() -> Sts) -> Settled {
    Settled { sts: held.map_or_else(otherwise, |held| Sts::Policy(held.policy)), hold: None }
}

/// §3.1: other TXT records at the name do not count, and of two that do nobody knows which.
fn only_record(records: &TxtRecords) -> Result<Option<Record>, String> {
    let texts = match records {
        TxtRecords::Found(texts) => texts,
        TxtRecords::Failed(why) => return Err(format!("the TXT record: {why}")),
    };
    let meant: Vec<&String> = texts.iter().filter(|text| Record::is_meant(text)).collect();
    match meant.as_slice() {
        [] => Ok(None),
        [one] => Record::parse(one).map(Some).map_err(|fault| format!("the TXT record: {fault}")),
        _ => Err("there are several TXT records of MTA-STS".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::mta_sts::Mode;
    use crate::status::Status;

    const NOW: i64 = 1_000_000;

    fn text(mode: &str) -> String {
        format!("version: STSv1\nmode: {mode}\nmx: a.test\nmax_age: 100\n")
    }

    fn held(id: &str, age: i64) -> Option<Held> {
        let record = Record { id: id.to_owned() };
        Some(Held::new(&record, text("enforce"), NOW - age).unwrap())
    }

    fn found(texts: &[&str]) -> TxtRecords {
        TxtRecords::Found(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    /// The mode of the policy in force, or the word for none; whether the host was asked; whether
    /// something is to be held.
    fn outcome(
        records: &TxtRecords,
        held: Option<Held>,
        host: Result<&str, ()>,
    ) -> (&'static str, bool, bool) {
        let mut asked = false;
        let settled = settle(records, held, NOW, || {
            asked = true;
            host.map(text)
                .map_err(|()| FetchFault::Connection(Error::new(Status::Timeout, "silence")))
        });
        let word = match &settled.sts {
            Sts::Policy(policy) if policy.mode == Mode::Enforce => "enforce",
            Sts::Policy(_) => "testing",
            Sts::Nothing => "nothing",
            Sts::Unknown(_) => "unknown",
            Sts::NotAsked => "not asked",
        };
        (word, asked, settled.hold.is_some())
    }

    #[test]
    fn the_table() {
        let one = found(&["v=STSv1; id=1", "v=spf1 -all"]);
        let none = found(&["v=spf1 -all"]);
        let failed = TxtRecords::Failed("timeout".to_owned());
        let broken = found(&["v=STSv1; id=-"]);
        let two = found(&["v=STSv1; id=1", "v=STSv1; id=2"]);
        let (current, other, expired) = (|| held("1", 50), || held("0", 50), || held("1", 101));
        for (what, records, before, host, wanted) in [
            ("same id", &one, current(), Ok("testing"), ("enforce", false, false)),
            ("last second", &one, held("1", 100), Ok("testing"), ("enforce", false, false)),
            ("other id", &one, other(), Ok("testing"), ("testing", true, true)),
            ("none held", &one, None, Ok("testing"), ("testing", true, true)),
            ("expired", &one, expired(), Ok("testing"), ("testing", true, true)),
            ("from the future", &one, held("1", -10), Ok("testing"), ("testing", true, true)),
            ("host fails, held", &one, other(), Err(()), ("enforce", true, false)),
            ("host fails", &one, None, Err(()), ("unknown", true, false)),
            ("host fails, expired", &one, expired(), Err(()), ("unknown", true, false)),
            ("record gone", &none, current(), Ok("testing"), ("enforce", false, false)),
            ("record gone, expired", &none, expired(), Ok("testing"), ("nothing", false, false)),
            ("no record", &none, None, Ok("testing"), ("nothing", false, false)),
            ("look-up failed", &failed, current(), Ok("testing"), ("enforce", false, false)),
            ("look-up failed, none held", &failed, None, Ok("testing"), ("unknown", false, false)),
            ("broken", &broken, None, Ok("testing"), ("unknown", false, false)),
            ("broken, held", &broken, current(), Ok("testing"), ("enforce", false, false)),
            ("two", &two, None, Ok("testing"), ("unknown", false, false)),
        ] {
            assert_eq!(outcome(records, before, host), wanted, "{what}");
        }
    }
}
