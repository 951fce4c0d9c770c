//! Resource records of the types that are asked for here.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::DnsError;
use super::name::Name;
use super::wire::Reader;

/// The class of the Internet.
const IN: u16 = 1;

/// Types that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// IPv4 address, RFC 1035 §3.4.1.
    A,
    /// IPv6 address, RFC 3596 §2.1.
    Aaaa,
    /// Alias, RFC 1035 §3.3.1.
    Cname,
    /// Name of an address, RFC 1035 §3.3.12.
    Ptr,
    /// Mail exchange, RFC 1035 §3.3.9.
    Mx,
    /// Text, RFC 1035 §3.3.14.
    Txt,
    /// Service, RFC 2782.
    Srv,
    /// Certificate association, RFC 6698 §2.1.
    Tlsa,
}

const KINDS: &[(Kind, u16, &str)] = &[
    (Kind::A, 1, "A"),
    (Kind::Cname, 5, "CNAME"),
    (Kind::Ptr, 12, "PTR"),
    (Kind::Mx, 15, "MX"),
    (Kind::Txt, 16, "TXT"),
    (Kind::Aaaa, 28, "AAAA"),
    (Kind::Srv, 33, "SRV"),
    (Kind::Tlsa, 52, "TLSA"),
];

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Data {
    /// Of an A record.
    A(Ipv4Addr),
    /// Of an AAAA record.
    Aaaa(Ipv6Addr),
    /// Of a CNAME record: the name that is meant.
    Cname(Name),
    /// Of a PTR record.
    Ptr(Name),
    /// Of an MX record.
    Mx(Exchange),
    /// Of a TXT record: its strings put together (RFC 7208 §3.3).
    Txt(Vec<u8>),
    /// Of an SRV record.
    Srv(Service),
    /// Of a TLSA record, as it is on the wire.
    Tlsa(Vec<u8>),
}

/// A mail exchange.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exchange {
    /// The lower the better.
    pub preference: u16,
    /// The host; the root where the domain takes no mail (RFC 7505).
    pub host: Name,
}

/// A server of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// The lower the better.
    pub priority: u16,
    /// Share among those of one priority.
    pub weight: u16,
    /// Its port.
    pub port: u16,
    /// The host; the root where there is no such service.
    pub host: Name,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose it is.
    pub owner: Name,
    /// What it says.
    pub data: Data,
}

impl Kind {
    /// Its number on the wire.
    pub fn number(self) -> u16 {
        // The table has every kind; a test counts them.
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or(0, |(_, number, _)| *number)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, _, word)| word)
    }

    fn from_number(number: u16) -> Option<Kind> {
        KINDS.iter().find(|(_, own, _)| *own == number).map(|(kind, ..)| *kind)
    }
}

impl Data {
    /// The type of the record that says this.
    pub const fn kind(&self) -> Kind {
        match self {
            Data::A(_) => Kind::A,
            Data::Aaaa(_) => Kind::Aaaa,
            Data::Cname(_) => Kind::Cname,
            Data::Ptr(_) => Kind::Ptr,
            Data::Mx(_) => Kind::Mx,
            Data::Txt(_) => Kind::Txt,
            Data::Srv(_) => Kind::Srv,
            Data::Tlsa(_) => Kind::Tlsa,
        }
    }

    fn read(kind: Kind, mut data: Reader) -> Result<Data, DnsError> {
        let read = match kind {
            Kind::A => Data::A(Ipv4Addr::from(octets::<4>(&mut data)?)),
            Kind::Aaaa => Data::Aaaa(Ipv6Addr::from(octets::<16>(&mut data)?)),
            Kind::Cname => Data::Cname(Name::read(&mut data)?),
            Kind::Ptr => Data::Ptr(Name::read(&mut data)?),
            Kind::Mx => {
                Data::Mx(Exchange { preference: data.u16()?, host: Name::read(&mut data)? })
            }
            Kind::Txt => Data::Txt(strings(&mut data)?),
            Kind::Srv => Data::Srv(Service {
                priority: data.u16()?,
                weight: data.u16()?,
                port: data.u16()?,
                host: Name::read(&mut data)?,
            }),
            Kind::Tlsa => Data::Tlsa(association(&mut data)?),
        };
        if data.is_empty() { Ok(read) } else { Err(DnsError::RecordData) }
    }
}

fn octets<const N: usize>(data: &mut Reader) -> Result<[u8; N], DnsError> {
    data.take(N)?.try_into().map_err(|_| DnsError::RecordData)
}

/// RFC 1035 §3.3.14: one or more strings.
fn strings(data: &mut Reader) -> Result<Vec<u8>, DnsError> {
    let mut all = Vec::new();
    if data.is_empty() {
        return Err(DnsError::RecordData);
    }
    while !data.is_empty() {
        let length = data.u8()?;
        all.extend_from_slice(data.take(usize::from(length))?);
    }
    Ok(all)
}

/// RFC 6698 §2.1: three octets and what follows; whether it can be used is another question.
fn association(data: &mut Reader) -> Result<Vec<u8>, DnsError> {
    let all = data.rest().to_vec();
    if all.len() < 3 { Err(DnsError::RecordData) } else { Ok(all) }
}

/// What follows in a message: a record that is known here, or another.
pub(super) enum Next {
    Known(Record),
    /// The option record of EDNS (RFC 6891 §6.1.2): the octet that the header's rcode goes on in, and
    /// the options.
    Options(u8, Vec<u8>),
    Other,
}

const OPT: u16 = 41;

impl Next {
    pub(super) fn read(reader: &mut Reader) -> Result<Next, DnsError> {
        let owner = Name::read(reader)?;
        let (number, class) = (reader.u16()?, reader.u16()?);
        let time = reader.take(4)?;
        let length = usize::from(reader.u16()?);
        let mut data = reader.part(length)?;
        match Kind::from_number(number) {
            Some(kind) if class == IN => {
                // A name that is cut off by the length of its record is the record's fault.
                let data = Data::read(kind, data).map_err(|error| match error {
                    DnsError::Cut => DnsError::RecordData,
                    other => other,
                })?;
                Ok(Next::Known(Record { owner, data }))
            }
            Some(_) => Ok(Next::Other),
            None if number == OPT && owner.is_root() => {
                Ok(Next::Options(time[0], data.rest().to_vec()))
            }
            None => Ok(Next::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, data: &[u8]) -> Result<Data, DnsError> {
        let wire = [
            &b"\x01a\x00"[..],
            &kind.number().to_be_bytes(),
            &[0, 1, 0, 0, 0, 9],
            &u16::try_from(data.len()).unwrap().to_be_bytes(),
            data,
            // The next record must not be read as part of this one.
            b"\x01z\x00",
        ]
        .concat();
        match Next::read(&mut Reader::new(&wire))? {
            Next::Known(record) => Ok(record.data),
            Next::Options(..) | Next::Other => panic!("{kind:?} is known"),
        }
    }

    #[test]
    fn each_type() {
        let host = || Name::parse("mx.a").unwrap();
        let mx = Data::Mx(Exchange { preference: 10, host: host() });
        let srv = Data::Srv(Service { priority: 1, weight: 2, port: 993, host: host() });
        for (kind, wire, wanted) in [
            (Kind::A, &[192, 0, 2, 1][..], Data::A(Ipv4Addr::new(192, 0, 2, 1))),
            (Kind::Aaaa, &[0; 16], Data::Aaaa(Ipv6Addr::UNSPECIFIED)),
            (Kind::Cname, b"\x02mx\xc0\x00", Data::Cname(host())),
            (Kind::Ptr, b"\x02mx\xc0\x00", Data::Ptr(host())),
            (Kind::Mx, b"\x00\x0a\x02mx\xc0\x00", mx),
            (Kind::Srv, b"\x00\x01\x00\x02\x03\xe1\x02mx\xc0\x00", srv),
            (Kind::Txt, b"\x01v\x00\x03=ST", Data::Txt(b"v=ST".to_vec())),
            (Kind::Tlsa, &[3, 1, 1, 0xab], Data::Tlsa(vec![3, 1, 1, 0xab])),
        ] {
            assert_eq!(read(kind, wire), Ok(wanted), "{kind:?}");
            if kind != Kind::Tlsa && kind != Kind::Txt {
                let more = [wire, &[0]].concat();
                assert_eq!(read(kind, &more), Err(DnsError::RecordData), "{kind:?} and more");
            }
            let less = if kind == Kind::Txt { 1 } else { wire.len().min(3) - 1 };
            assert_eq!(read(kind, &wire[..less]), Err(DnsError::RecordData), "{kind:?} and less");
            assert_eq!(read(kind, b""), Err(DnsError::RecordData), "{kind:?} without data");
        }
    }

    #[test]
    fn a_string_stays_in_its_record() {
        for wire in [&b"\x05abc"[..], b"\x01a\x09b"] {
            assert_eq!(read(Kind::Txt, wire), Err(DnsError::RecordData));
        }
    }

    #[test]
    fn numbers_and_words_are_unique() {
        for (kind, number, word) in KINDS {
            assert_eq!(Kind::from_number(*number), Some(*kind));
            assert_eq!((kind.number(), kind.word()), (*number, *word));
        }
        assert_eq!(KINDS.len(), 8);
    }
}
