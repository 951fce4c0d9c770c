//! The servers of a domain: MX for mail relays (RFC 5321 §5.1), SRV for protocols that have a service of
//! their own (RFC 2782; RFC 6186 for mail programs, RFC 6120 §3.2.1 for XMPP). The DNS names no servers for
//! the others, and to take the mail servers for them would be wrong: `Protocol::naming` knows.
//!
//! The caller names a domain, the DNS names hosts. How far that step is proven is the provenance of each
//! host, and stays with it: whoever forges an MX record could else send the letters for bob.test to
//! mx.eve.test, whose certificate and TLSA records are perfect.
//!
//! Q: A domain without MX records? A: Is its own host (RFC 5321 §5.1), which the caller named himself; but
//! that there are none is an answer of the DNS too, so the provenance is that of the answer.
//!
//! Q: And one whose only MX or SRV is "."? A: Says that it has no such service (RFC 7505, RFC 2782).

use crate::dns::{Data, Exchange, Followed, Kind, Name, Question, Service};
use crate::proto::Naming;
use crate::verify::Provenance;

use super::outcome::{Absence, Outcome, Proof};
use super::resolver::Ask;

/// Hosts that are taken of one answer; a domain with more is misconfigured or hostile.
const MOST_SERVERS: usize = 32;

/// One server of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its host name.
    pub host: Name,
    /// Its port; `None` is the protocol's own.
    pub port: Option<u16>,
    /// Preference or priority: the lower the better.
    pub preference: u16,
    /// How the DNS came to name it.
    pub provenance: Provenance,
}

/// The servers of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Servers {
    /// These, the best first.
    Some(Vec<Server>),
    /// The domain has no such service, and says so.
    None(Proof),
    /// Validation of the answer failed; why.
    Bogus(String),
    /// Nobody knows; why.
    Failed(String),
}

/// Looks up the servers of a domain.
pub fn servers(resolver: &impl Ask, domain: &Name, naming: Naming) -> Servers {
    match naming {
        Naming::Exchanges => exchanges(resolver, domain),
        Naming::Service(service) => services(resolver, domain, service),
    }
}

fn exchanges(resolver: &impl Ask, domain: &Name) -> Servers {
    let question = Question::new(domain.clone(), Kind::Mx);
    let own = |provenance| {
        let host = domain.clone();
        Servers::Some(vec![Server { host, port: None, preference: 0, provenance }])
    };
    sorted(resolver.ask(&question), own, |data, provenance| match data {
        Data::Mx(Exchange { preference, host }) => {
            Some(Server { host, port: None, preference, provenance })
        }
        _ => None,
    })
}

fn services(resolver: &impl Ask, domain: &Name, service: &str) -> Servers {
    let Some(owner) = domain.below(&format!("{service}._tcp")) else {
        return Servers::Failed(format!("{domain} is too long a name for a service below it"));
    };
    let none = |provenance| match provenance {
        Provenance::User | Provenance::Secure => Servers::None(Proof::Secure),
        Provenance::Insecure => Servers::None(Proof::Insecure),
    };
    sorted(resolver.ask(&Question::new(owner, Kind::Srv)), none, |data, provenance| match data {
        Data::Srv(Service { priority, port, host, .. }) => {
            Some(Server { host, port: Some(port), preference: priority, provenance })
        }
        _ => None,
    })
}

/// The servers that an answer names. Those of one priority stay in the order of the resolver, who mixes
/// them; a "." among others is no host.
fn sorted(
    outcome: Outcome,
    nothing: impl FnOnce(Provenance) -> Servers,
    server: impl Fn(Data, Provenance) -> Option<Server>,
) -> Servers {
    let (Followed { data, .. }, proof) = match outcome {
        Outcome::Secure(found) => (found, Proof::Secure),
        Outcome::Insecure(found) => (found, Proof::Insecure),
        Outcome::Absent(Absence { proof, .. }) => return nothing(provenance(proof)),
        Outcome::Bogus(why) => return Servers::Bogus(why),
        Outcome::Failed(why) => return Servers::Failed(why),
    };
    let all = data.into_iter().filter_map(|data| server(data, provenance(proof)));
    preferred(proof, all.filter(|server| !server.host.is_root()).collect())
}

fn preferred(proof: Proof, mut servers: Vec<Server>) -> Servers {
    if servers.is_empty() {
        return Servers::None(proof);
    }
    servers.sort_by_key(|server| server.preference);
    servers.truncate(MOST_SERVERS);
    Servers::Some(servers)
}

const fn provenance(proof: Proof) -> Provenance {
    match proof {
        Proof::Secure => Provenance::Secure,
        Proof::Insecure => Provenance::Insecure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::outcome::Missing;
    use crate::dns::sample::name;

    struct One(&'static str, Kind, Outcome);

    impl Ask for One {
        fn ask(&self, question: &Question) -> Outcome {
            assert_eq!((question.name.as_str(), question.kind), (self.0, self.1));
            self.2.clone()
        }
    }

    fn found(owner: &str, data: Vec<Data>) -> Followed {
        Followed { canonical: name(owner), data }
    }

    fn mx(preference: u16, host: &str) -> Data {
        Data::Mx(Exchange { preference, host: host_name(host) })
    }

    fn srv(priority: u16, port: u16, host: &str) -> Data {
        Data::Srv(Service { priority, weight: 0, port, host: host_name(host) })
    }

    fn host_name(text: &str) -> Name {
        if text == "." { Name::root() } else { name(text) }
    }

    fn absent(proof: Proof) -> Outcome {
        let canonical = name("bob.test");
        Outcome::Absent(Absence { canonical, missing: Missing::Records, proof })
    }

    fn of_mail(outcome: Outcome) -> Servers {
        servers(&One("bob.test", Kind::Mx, outcome), &name("bob.test"), Naming::Exchanges)
    }

    fn of_xmpp(outcome: Outcome) -> Servers {
        let one = One("_xmpp-client._tcp.bob.test", Kind::Srv, outcome);
        servers(&one, &name("bob.test"), Naming::Service("_xmpp-client"))
    }

    fn shown(servers: Servers) -> Vec<(String, Option<u16>, Provenance)> {
        let Servers::Some(servers) = servers else { panic!("{servers:?}") };
        servers.into_iter().map(|one| (one.host.to_string(), one.port, one.provenance)).collect()
    }

    #[test]
    fn the_best_comes_first_and_all_say_how_they_came() {
        let records = || vec![mx(20, "b.mx.test"), mx(10, "a.mx.test"), mx(0, ".")];
        for (outcome, provenance) in [
            (Outcome::Secure(found("bob.test", records())), Provenance::Secure),
            (Outcome::Insecure(found("bob.test", records())), Provenance::Insecure),
        ] {
            let wanted = ["a.mx.test", "b.mx.test"].map(|host| (host.into(), None, provenance));
            assert_eq!(shown(of_mail(outcome)), wanted);
        }
        let records = vec![srv(5, 5223, "x.far.test"), srv(1, 443, "y.far.test")];
        let wanted = [
            ("y.far.test".into(), Some(443), Provenance::Insecure),
            ("x.far.test".into(), Some(5223), Provenance::Insecure),
        ];
        assert_eq!(shown(of_xmpp(Outcome::Insecure(found("bob.test", records)))), wanted);
    }

    #[test]
    fn a_domain_without_mx_is_its_own_host() {
        for (proof, provenance) in
            [(Proof::Secure, Provenance::Secure), (Proof::Insecure, Provenance::Insecure)]
        {
            assert_eq!(shown(of_mail(absent(proof))), [("bob.test".into(), None, provenance)]);
            assert_eq!(of_xmpp(absent(proof)), Servers::None(proof));
        }
    }

    #[test]
    fn a_domain_may_say_that_it_takes_no_mail() {
        let null = Outcome::Secure(found("bob.test", vec![mx(0, ".")]));
        assert_eq!(of_mail(null), Servers::None(Proof::Secure));
    }

    #[test]
    fn a_disturbed_answer_names_nobody() {
        let bogus = || Outcome::Bogus("forged".into());
        let failed = || Outcome::Failed("silence".into());
        assert_eq!(of_mail(bogus()), Servers::Bogus("forged".into()));
        assert_eq!(of_mail(failed()), Servers::Failed("silence".into()));
        assert_eq!(of_xmpp(bogus()), Servers::Bogus("forged".into()));
        assert_eq!(of_xmpp(failed()), Servers::Failed("silence".into()));
    }
}
