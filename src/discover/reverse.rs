//! The names of an address, and whether they lead back to it (FCrDNS).
//!
//! Evidence for the report, never a proof: whoever has the address has its reverse zone too, and whoever
//! has the name can point it anywhere. Only the agreement of both says something, and not much.

use std::net::IpAddr;

use crate::dns::{Data, Kind, Name, Question};

use super::outcome::Outcome;
use super::resolver::Ask;

/// Names of one address that are looked at.
const MOST_NAMES: usize = 8;

/// What the DNS says of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reverse {
    /// These names lead back to it; the others that it has do not.
    Names {
        /// They lead back.
        confirmed: Vec<Name>,
        /// They do not, or nobody knows.
        unconfirmed: Vec<Name>,
    },
    /// It has no name.
    None,
    /// Validation failed, or nobody knows; why.
    Failed(String),
}

/// Looks up the names of an address, and the addresses of each.
pub fn reverse(resolver: &impl Ask, address: IpAddr) -> Reverse {
    let Some(owner) = owner(address) else {
        return Reverse::None;
    };
    let found = match resolver.ask(&Question::new(owner, Kind::Ptr)) {
        Outcome::Secure(found) | Outcome::Insecure(found) => found,
        Outcome::Absent(_) => return Reverse::None,
        Outcome::Bogus(why) | Outcome::Failed(why) => return Reverse::Failed(why),
    };
    let names = found.data.into_iter().filter_map(|data| match data {
        Data::Ptr(name) => Some(name),
        _ => None,
    });
    let (confirmed, unconfirmed) =
        names.take(MOST_NAMES).partition(|name| leads_to(resolver, name, address));
    Reverse::Names { confirmed, unconfirmed }
}

fn leads_to(resolver: &impl Ask, name: &Name, address: IpAddr) -> bool {
    let (kind, wanted) = match address {
        IpAddr::V4(address) => (Kind::A, Data::A(address)),
        IpAddr::V6(address) => (Kind::Aaaa, Data::Aaaa(address)),
    };
    match resolver.ask(&Question::new(name.clone(), kind)) {
        Outcome::Secure(found) | Outcome::Insecure(found) => found.data.contains(&wanted),
        Outcome::Absent(_) | Outcome::Bogus(_) | Outcome::Failed(_) => false,
    }
}

/// RFC 1035 §3.5, RFC 3596 §2.5.
fn owner(address: IpAddr) -> Option<Name> {
    let text = match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let nibbles =
                address.octets().into_iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
            let labels: Vec<String> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
            format!("{}.ip6.arpa", labels.join("."))
        }
    };
    Name::parse(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Followed;
    use crate::dns::sample::name;

    struct Table(Vec<(&'static str, Data)>);

    impl Ask for Table {
        fn ask(&self, question: &Question) -> Outcome {
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

    #[test]
    fn owners_of_addresses() {
        let of = |text: &str| owner(text.parse().unwrap()).unwrap().to_string();
        assert_eq!(of("192.0.2.1"), "1.2.0.192.in-addr.arpa");
        let v6 = of("2001:db8::567:89ab");
        assert!(
            v6.starts_with("b.a.9.8.7.6.5.0.0.0.0.0.") && v6.ends_with(".8.b.d.0.1.0.0.2.ip6.arpa")
        );
    }

    #[test]
    fn a_name_must_lead_back() {
        let (back, away) = ([192, 0, 2, 1].into(), [192, 0, 2, 66].into());
        let reverse_name = "1.2.0.192.in-addr.arpa";
        let table = Table(vec![
            (reverse_name, Data::Ptr(name("mx.bob.test"))),
            (reverse_name, Data::Ptr(name("mx.eve.test"))),
            (reverse_name, Data::Ptr(name("gone.bob.test"))),
            ("mx.bob.test", Data::A(back)),
            ("mx.eve.test", Data::A(away)),
        ]);
        let found = reverse(&table, IpAddr::V4(back));
        let confirmed = vec![name("mx.bob.test")];
        let unconfirmed = vec![name("mx.eve.test"), name("gone.bob.test")];
        assert_eq!(found, Reverse::Names { confirmed, unconfirmed });
        assert_eq!(reverse(&table, IpAddr::V4(away)), Reverse::Failed("no answer".into()));
    }
}
