//! What the DNS says of a peer beside its TLSA records: asked here, weighed by the judge.
//!
//! 1. The addresses of the host, and of where it is connected to.
//! 2. The names of each of these addresses, and the addresses of each of these names.
//! 3. Where a mail domain is known: its mail exchanges and their addresses.
//! 4. Of every other resolver that is to be compared: the addresses of the host, the exchanges, and the
//!    TLSA records where they were proven.
//!
//! What the caller stated is not asked again. A failed look-up is kept as one: it is not the same as
//! nothing.

use std::net::IpAddr;

use crate::dns::{Data, Exchange, Facts, Followed, Kind, Name, Question, Said, Witness};
use crate::error::Result;
use crate::tlsa::State;
use crate::verify::{EvidenceMode, Peer, Policy};

use super::outcome::{Absence, Outcome};
use super::resolver::{Ask, Resolver};

/// Addresses of one peer, names of one address and exchanges of one domain that are looked at; who has
/// more is misconfigured or hostile.
const MOST: usize = 8;

/// Asks what the policy wants to know, and enters it.
pub(super) fn gather(policy: &Policy, resolver: &Resolver, peer: &mut Peer) -> Result<()> {
    if policy.evidence.mode == EvidenceMode::Off {
        return Ok(());
    }
    let mut notes = Notes { facts: peer.stated_facts().clone() };
    let mut ours = notes.of(resolver, Witness::Ours);
    let addresses = ours.addresses_of_peer(peer);
    ours.names(&addresses);
    if let Some(domain) = peer.mail_domain() {
        ours.exchanges(&domain);
    }
    ours.ask_all(&proven_records(peer));
    for server in &policy.evidence.compare {
        let other = resolver.beside(&policy.dns, *server)?;
        notes.of(&other, Witness::Other(server.to_string())).ask_all(&compared(peer));
    }
    peer.set_facts(notes.facts);
    Ok(())
}

/// The questions that every resolver is asked.
fn compared(peer: &Peer) -> Vec<Question> {
    let host = peer.host_name().into_iter();
    let addresses =
        host.flat_map(|host| [Kind::A, Kind::Aaaa].map(|kind| Question::new(host.clone(), kind)));
    let exchanges = peer.mail_domain().map(|domain| Question::new(domain, Kind::Mx));
    addresses.chain(exchanges).chain(proven_records(peer)).collect()
}

/// The TLSA records, where it is proven which there are: a name server that knows none of the type often
/// breaks when it is asked for it (RFC 7672 §2.2).
fn proven_records(peer: &Peer) -> Vec<Question> {
    if peer.tlsa().state() != Some(State::Secure) {
        return Vec::new();
    }
    let base = peer.tlsa_base().and_then(|base| Name::parse(base.as_dns()?.as_str()));
    let owner = base.or_else(|| peer.host_name());
    let owner = owner.and_then(|name| name.below(&format!("_{}._tcp", peer.effective_port())));
    owner.into_iter().map(|owner| Question::new(owner, Kind::Tlsa)).collect()
}

struct Notes {
    facts: Facts,
}

impl Notes {
    fn of<'a, R: Ask>(&'a mut self, resolver: &'a R, witness: Witness) -> Interview<'a, R> {
        Interview { facts: &mut self.facts, resolver, witness }
    }
}

/// One resolver, and what it says.
struct Interview<'a, R> {
    facts: &'a mut Facts,
    resolver: &'a R,
    witness: Witness,
}

impl<R: Ask> Interview<'_, R> {
    /// The records that it names, unless it is known already what they are.
    fn ask(&mut self, question: &Question) -> Vec<Data> {
        if self.facts.said(&self.witness, question).is_none() {
            let outcome = self.resolver.ask(question);
            self.note_alias(question, &outcome);
            self.facts.note(&self.witness, question, said(question, outcome));
        }
        match self.facts.said(&self.witness, question) {
            Some(Said::Records(data)) => data.clone(),
            Some(Said::Failed(_)) | None => Vec::new(),
        }
    }

    /// What the name is an alias of is known from any answer about it.
    fn note_alias(&mut self, question: &Question, outcome: &Outcome) {
        let canonical = match outcome {
            Outcome::Secure(Followed { canonical, .. })
            | Outcome::Insecure(Followed { canonical, .. })
            | Outcome::Absent(Absence { canonical, .. }) => canonical,
            Outcome::Bogus(_) | Outcome::Failed(_) => return,
        };
        if self.witness == Witness::Ours && *canonical != question.name {
            let alias = Question::new(question.name.clone(), Kind::Cname);
            let said = Said::Records(vec![Data::Cname(canonical.clone())]);
            self.facts.note(&self.witness, &alias, said);
        }
    }

    fn ask_all(&mut self, questions: &[Question]) {
        for question in questions {
            self.ask(question);
        }
    }

    fn addresses(&mut self, name: &Name) -> Vec<IpAddr> {
        for kind in [Kind::A, Kind::Aaaa] {
            self.ask(&Question::new(name.clone(), kind));
        }
        self.facts.addresses(name).known
    }

    /// The addresses that the peer may be connected to at.
    fn addresses_of_peer(&mut self, peer: &Peer) -> Vec<IpAddr> {
        if let Some(host) = peer.host_name() {
            self.addresses(&host);
        }
        let Some((endpoint, _)) = peer.endpoint() else {
            return Vec::new();
        };
        let mut found = match (endpoint.parse::<IpAddr>(), Name::parse(&endpoint)) {
            (Ok(address), _) => vec![address],
            (Err(_), Some(name)) => self.addresses(&name),
            (Err(_), None) => Vec::new(),
        };
        found.truncate(MOST);
        found
    }

    /// The names of these addresses, and whether they lead back.
    fn names(&mut self, addresses: &[IpAddr]) {
        for address in addresses {
            let question = Question::new(Name::of_address(address.to_canonical()), Kind::Ptr);
            let names = self.ask(&question).into_iter().filter_map(|data| match data {
                Data::Ptr(name) => Some(name),
                _ => None,
            });
            let kind = if address.to_canonical().is_ipv4() { Kind::A } else { Kind::Aaaa };
            for name in names.take(MOST) {
                self.ask(&Question::new(name, kind));
            }
        }
    }

    /// The exchanges of the domain and their addresses; a domain without MX records is its own.
    fn exchanges(&mut self, domain: &Name) {
        let hosts = self.ask(&Question::new(domain.clone(), Kind::Mx));
        if hosts.is_empty() {
            self.addresses(domain);
        }
        let hosts = hosts.into_iter().filter_map(|data| match data {
            Data::Mx(Exchange { host, .. }) if !host.is_root() => Some(host),
            _ => None,
        });
        for host in hosts.take(MOST) {
            self.addresses(&host);
        }
    }
}

fn said(question: &Question, outcome: Outcome) -> Said {
    match outcome {
        Outcome::Secure(found) | Outcome::Insecure(found) => Said::Records(found.data),
        Outcome::Absent(_) => Said::Records(Vec::new()),
        Outcome::Bogus(_) | Outcome::Failed(_) => Said::Failed(outcome.words(question)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::sample::name;
    use std::cell::RefCell;

    /// A resolver that answers from a table and remembers what it was asked. It fails for what is not
    /// in it.
    struct Table(Vec<(&'static str, Data)>, RefCell<Vec<String>>);

    impl Ask for Table {
        fn ask(&self, question: &Question) -> Outcome {
            self.1.borrow_mut().push(question.to_string());
            let is_it = |row: &&(&str, Data)| {
                row.0 == question.name.as_str() && row.1.kind() == question.kind
            };
            let data: Vec<Data> = self.0.iter().filter(is_it).map(|row| row.1.clone()).collect();
            match data.is_empty() {
                true => Outcome::Failed("no answer".into()),
                false => Outcome::Insecure(Followed { canonical: question.name.clone(), data }),
            }
        }
    }

    fn exchange(host: &str) -> Data {
        Data::Mx(Exchange { preference: 10, host: name(host) })
    }

    #[test]
    fn what_leads_on_is_asked_for_and_nothing_twice() {
        let address = [192, 0, 2, 1].into();
        let table = Table(
            vec![
                ("mail.bob.test", Data::A(address)),
                ("1.2.0.192.in-addr.arpa", Data::Ptr(name("mail.bob.test"))),
                ("1.2.0.192.in-addr.arpa", Data::Ptr(name("mail.eve.test"))),
                ("bob.test", exchange("mail.bob.test")),
                ("bob.test", exchange("mx.bob.test")),
            ],
            RefCell::default(),
        );
        let mut peer = Peer::new();
        peer.set_host("mail.bob.test").unwrap();
        peer.add_reference("dns:bob.test").unwrap();
        let mut notes = Notes { facts: Facts::default() };
        notes.facts.state(&Witness::Ours, "mx.bob.test A 192.0.2.9").unwrap();
        let mut ours = notes.of(&table, Witness::Ours);
        let addresses = ours.addresses_of_peer(&peer);
        ours.names(&addresses);
        ours.exchanges(&peer.mail_domain().unwrap());
        let wanted = [
            "mail.bob.test A",
            "mail.bob.test AAAA",
            "1.2.0.192.in-addr.arpa PTR",
            "mail.eve.test A",
            "bob.test MX",
            "mx.bob.test AAAA",
        ];
        assert_eq!(*table.1.borrow(), wanted);
        let failed = notes.facts.ours(&name("mail.eve.test"), Kind::A);
        assert!(matches!(failed, Some(Said::Failed(_))), "failed is not absent: {failed:?}");
        assert_eq!(
            notes.facts.addresses(&name("mx.bob.test")).known,
            [IpAddr::from([192, 0, 2, 9])]
        );
    }

    #[test]
    fn a_hostile_zone_has_an_end() {
        let many = |index: u16| {
            let host = name(&format!("h{index}.eve.test"));
            ("eve.test", Data::Mx(Exchange { preference: index, host }))
        };
        let table = Table((0..500).map(many).collect(), RefCell::default());
        let mut notes = Notes { facts: Facts::default() };
        notes.of(&table, Witness::Ours).exchanges(&name("eve.test"));
        assert_eq!(table.1.borrow().len(), 1 + 2 * MOST);
    }
}
