//! The TLSA records of a server, and which name they are for.
//!
//! RFC 7672 §2.2, whose rules RFC 7671 §7 and RFC 7673 share for other protocols:
//!
//! 1. The addresses of the host are asked for first. Where they are not secure, no TLSA record can be,
//!    and many a broken name server answers questions about them with an error: nothing is asked.
//! 2. Where the host is an alias, and secure all the way, the records are those of the name at its
//!    end, else those of the name that was given (§2.2.2, §2.2.3).
//! 3. Where the alias itself is secure and leads into a zone that is not, the records of the name that
//!    was given may be secure all the same; a question for the CNAME tells (§2.1.3).
//! 4. Bogus or failed, at any step, ends it: whoever can disturb a look-up must not be able to make
//!    the records go away (§2.1.2).

use crate::dns::{Data, Followed, Kind, Name, Question};

use super::outcome::{Absence, Outcome, Proof};
use super::resolver::Ask;

/// What was found out about the TLSA records of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Associations {
    /// Whose they are: the TLSA base domain (RFC 7672 §2.2.3).
    pub base: Name,
    /// What became of it.
    pub found: Found,
    /// The questions and what became of each, in words.
    pub trail: Vec<String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Validated: the records as they are on the wire; none where it is proven that there are none.
    Secure(Vec<Vec<u8>>),
    /// Nobody vouches for the answer, whatever it is.
    Insecure,
    /// Validation failed; why.
    Bogus(String),
    /// Nobody knows; why.
    Failed(String),
}

/// Looks up the TLSA records of `_port._tcp.host`.
pub fn associations(resolver: &impl Ask, host: &Name, port: u16) -> Associations {
    let mut search = Search { resolver, port, trail: Vec::new() };
    let (base, found) = search.run(host);
    Associations { base, found, trail: search.trail }
}

struct Search<'a, R> {
    resolver: &'a R,
    port: u16,
    trail: Vec<String>,
}

impl<R: Ask> Search<'_, R> {
    fn run(&mut self, host: &Name) -> (Name, Found) {
        let bases = match self.bases(host) {
            Ok(bases) => bases,
            Err(found) => return (host.clone(), found),
        };
        let mut last = (host.clone(), Found::Insecure);
        for base in bases {
            let found = self.records(&base);
            let decided = match &found {
                Found::Secure(records) => !records.is_empty(),
                Found::Insecure => false,
                Found::Bogus(_) | Found::Failed(_) => true,
            };
            last = (base, found);
            if decided {
                break;
            }
        }
        last
    }

    fn ask(&mut self, name: &Name, kind: Kind) -> Outcome {
        let question = Question::new(name.clone(), kind);
        let outcome = self.resolver.ask(&question);
        self.trail.push(outcome.words(&question));
        outcome
    }

    /// The names whose records count, the best first; or what the search has already come to.
    fn bases(&mut self, host: &Name) -> Result<Vec<Name>, Found> {
        let (mut secure, mut insecure) = (None, None);
        for kind in [Kind::A, Kind::Aaaa] {
            let (canonical, proof) = match self.ask(host, kind) {
                Outcome::Secure(Followed { canonical, .. }) => (canonical, Proof::Secure),
                Outcome::Insecure(Followed { canonical, .. }) => (canonical, Proof::Insecure),
                Outcome::Absent(Absence { canonical, proof, .. }) => (canonical, proof),
                Outcome::Bogus(why) => return Err(Found::Bogus(why)),
                Outcome::Failed(why) => return Err(Found::Failed(why)),
            };
            match proof {
                Proof::Secure => secure = secure.or(Some(canonical)),
                Proof::Insecure => insecure = insecure.or(Some(canonical)),
            }
        }
        match (secure, insecure) {
            (Some(canonical), None) if canonical != *host => Ok(vec![canonical, host.clone()]),
            (Some(_), None) => Ok(vec![host.clone()]),
            (_, Some(canonical)) if canonical != *host => self.alias(host),
            // One family is secure: the host's own zone is.
            (Some(_), Some(_)) => Ok(vec![host.clone()]),
            (None, _) => Err(Found::Insecure),
        }
    }

    /// Is the alias itself secure?
    fn alias(&mut self, host: &Name) -> Result<Vec<Name>, Found> {
        match self.ask(host, Kind::Cname) {
            Outcome::Secure(_) => Ok(vec![host.clone()]),
            Outcome::Insecure(_) | Outcome::Absent(_) => Err(Found::Insecure),
            Outcome::Bogus(why) => Err(Found::Bogus(why)),
            Outcome::Failed(why) => Err(Found::Failed(why)),
        }
    }

    fn records(&mut self, base: &Name) -> Found {
        let Some(owner) = base.below(&format!("_{}._tcp", self.port)) else {
            // There can be no record under a name that is too long.
            return Found::Secure(Vec::new());
        };
        match self.ask(&owner, Kind::Tlsa) {
            Outcome::Secure(found) => Found::Secure(wire(found)),
            Outcome::Absent(Absence { proof: Proof::Secure, .. }) => Found::Secure(Vec::new()),
            Outcome::Insecure(_) | Outcome::Absent(_) => Found::Insecure,
            Outcome::Bogus(why) => Found::Bogus(why),
            Outcome::Failed(why) => Found::Failed(why),
        }
    }
}

fn wire(found: Followed) -> Vec<Vec<u8>> {
    let records = found.data.into_iter().filter_map(|data| match data {
        Data::Tlsa(wire) => Some(wire),
        _ => None,
    });
    records.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::outcome::Missing;
    use crate::dns::sample::name;

    /// A resolver that answers from a table. What is not in it does not exist, which is proven.
    struct Table(Vec<(&'static str, Kind, Outcome)>);

    impl Ask for Table {
        fn ask(&self, question: &Question) -> Outcome {
            let is_it = |row: &&(&str, Kind, Outcome)| {
                row.0 == question.name.as_str() && row.1 == question.kind
            };
            let found = self.0.iter().find(is_it).map(|row| row.2.clone());
            found.unwrap_or_else(|| absent(question.name.as_str(), Proof::Secure))
        }
    }

    fn absent(canonical: &str, proof: Proof) -> Outcome {
        let canonical = name(canonical);
        Outcome::Absent(Absence { canonical, missing: Missing::Name, proof })
    }

    fn followed(canonical: &str, data: Data) -> Followed {
        Followed { canonical: name(canonical), data: vec![data] }
    }

    fn address(canonical: &str) -> Followed {
        followed(canonical, Data::A([192, 0, 2, 1].into()))
    }

    fn record(owner: &str, usage: u8) -> Followed {
        followed(owner, Data::Tlsa(vec![usage, 1, 1]))
    }

    fn search(rows: Vec<(&'static str, Kind, Outcome)>) -> Associations {
        associations(&Table(rows), &name("mx.bob.test"), 25)
    }

    const MX: &str = "mx.bob.test";
    const OWN: &str = "_25._tcp.mx.bob.test";
    const FAR: &str = "a.far.test";
    const FAR_OWN: &str = "_25._tcp.a.far.test";

    fn bogus() -> Outcome {
        Outcome::Bogus("signature expired".into())
    }

    fn failed() -> Outcome {
        Outcome::Failed("no answer".into())
    }

    #[test]
    fn records_of_a_secure_host() {
        let found = search(vec![
            (MX, Kind::A, Outcome::Secure(address(MX))),
            (OWN, Kind::Tlsa, Outcome::Secure(record(OWN, 3))),
        ]);
        assert_eq!(found.found, Found::Secure(vec![vec![3, 1, 1]]));
        assert_eq!(found.base, name(MX));
        assert_eq!(found.trail.len(), 3);
        assert_eq!(found.trail[0], "mx.bob.test A: 1 record, secure");
    }

    #[test]
    fn that_there_are_none_is_proven() {
        let found = search(vec![(MX, Kind::A, Outcome::Secure(address(MX)))]);
        assert_eq!(found.found, Found::Secure(Vec::new()));
        let unproven = search(vec![
            (MX, Kind::A, Outcome::Secure(address(MX))),
            (OWN, Kind::Tlsa, absent(OWN, Proof::Insecure)),
        ]);
        assert_eq!(unproven.found, Found::Insecure);
    }

    #[test]
    fn insecure_records_are_worth_nothing() {
        let found = search(vec![
            (MX, Kind::A, Outcome::Secure(address(MX))),
            (OWN, Kind::Tlsa, Outcome::Insecure(record(OWN, 3))),
        ]);
        assert_eq!(found.found, Found::Insecure);
    }

    /// RFC 7672 §2.2: and a name server that breaks on TLSA questions is not asked one.
    #[test]
    fn a_host_with_insecure_addresses_has_no_records() {
        let found = search(vec![
            (MX, Kind::A, Outcome::Insecure(address(MX))),
            (MX, Kind::Aaaa, absent(MX, Proof::Insecure)),
            (OWN, Kind::Tlsa, failed()),
        ]);
        assert_eq!(found.found, Found::Insecure);
        assert_eq!(found.trail.len(), 2);
    }

    #[test]
    fn a_disturbed_look_up_switches_nothing_off() {
        let secure = || Outcome::Secure(address(MX));
        for (rows, is_bogus) in [
            (vec![(MX, Kind::A, bogus())], true),
            (vec![(MX, Kind::A, failed())], false),
            (vec![(MX, Kind::A, secure()), (MX, Kind::Aaaa, bogus())], true),
            (vec![(MX, Kind::A, secure()), (MX, Kind::Aaaa, failed())], false),
            (
                vec![(MX, Kind::A, Outcome::Insecure(address(MX))), (MX, Kind::Aaaa, failed())],
                false,
            ),
            (vec![(MX, Kind::A, secure()), (OWN, Kind::Tlsa, bogus())], true),
            (vec![(MX, Kind::A, secure()), (OWN, Kind::Tlsa, failed())], false),
        ] {
            let found = search(rows).found;
            assert_eq!(matches!(found, Found::Bogus(_)), is_bogus, "{found:?}");
            assert_eq!(matches!(found, Found::Failed(_)), !is_bogus, "{found:?}");
        }
    }

    #[test]
    fn a_secure_alias_leads_to_the_records_of_its_end() {
        let alias = || {
            [
                (MX, Kind::A, Outcome::Secure(address(FAR))),
                (MX, Kind::Aaaa, absent(FAR, Proof::Secure)),
            ]
        };
        let far = (FAR_OWN, Kind::Tlsa, Outcome::Secure(record(FAR_OWN, 3)));
        let own = (OWN, Kind::Tlsa, Outcome::Secure(record(OWN, 2)));
        let both = search([&alias()[..], &[far.clone(), own.clone()]].concat());
        assert_eq!((both.base, both.found), (name(FAR), Found::Secure(vec![vec![3, 1, 1]])));
        let only_own = search([&alias()[..], std::slice::from_ref(&own)].concat());
        assert_eq!((only_own.base, only_own.found), (name(MX), Found::Secure(vec![vec![2, 1, 1]])));
        // The end of the alias is disturbed: the other records must not be fallen back to.
        let disturbed = search([&alias()[..], &[(FAR_OWN, Kind::Tlsa, failed()), own]].concat());
        assert_eq!(disturbed.found, Found::Failed("no answer".into()));
    }

    #[test]
    fn a_secure_alias_into_an_insecure_zone_keeps_its_own_records() {
        let rows = |cname| {
            vec![
                (MX, Kind::A, Outcome::Insecure(address(FAR))),
                (MX, Kind::Aaaa, absent(FAR, Proof::Insecure)),
                (MX, Kind::Cname, cname),
                (OWN, Kind::Tlsa, Outcome::Secure(record(OWN, 3))),
                (FAR_OWN, Kind::Tlsa, Outcome::Secure(record(FAR_OWN, 3))),
            ]
        };
        let target = || followed(MX, Data::Cname(name(FAR)));
        let found = search(rows(Outcome::Secure(target())));
        assert_eq!((found.base, found.found), (name(MX), Found::Secure(vec![vec![3, 1, 1]])));
        assert_eq!(search(rows(Outcome::Insecure(target()))).found, Found::Insecure);
        assert!(matches!(search(rows(bogus())).found, Found::Bogus(_)));
        assert!(matches!(search(rows(failed())).found, Found::Failed(_)));
    }
}
