//! IP addresses: octets against octets.
//!
//! RFC 9525 §6.4: an IP reference matches an iPAddress entry of exactly the same octets, 4 or 16 of
//! them (RFC 5280 §4.2.1.6), and nothing else.
//!
//! | reference | presented | match |
//! |---|---|---|
//! | `ip:192.0.2.1` | iPAddress c0000201 | yes |
//! | `ip:192.0.2.1` | dNSName `192.0.2.1` | no: and that dNSName is malformed |
//! | `ip:192.0.2.1` | iPAddress of 16 octets, `::ffff:192.0.2.1` | no: another length |
//! | `ip:192.0.2.1` | iPAddress c0000200ffffff00 | malformed: a network is for name constraints |
//!
//! Q: Is `127.1`, `0x7f000001` or `010.0.0.1` an address? A: No. Only the four-part decimal form
//! without leading zeros and RFC 4291 text are read; what `inet_aton` makes of the rest differs from
//! system to system.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::{Error, Result};
use crate::name::presented::escaped;
use crate::status::Status;

/// Reads a reference address without brackets.
pub fn parse(text: &str) -> Result<IpAddr> {
    text.parse().map_err(|_| {
        let quoted = escaped(text.as_bytes());
        let zone = if text.contains('%') { "; leave the zone (%...) out" } else { "" };
        Error::new(
            Status::Name,
            format!("reference name \"{quoted}\" is not an IPv4 or IPv6 address{zone}"),
        )
    })
}

/// The address in a host as a user types it, with or without brackets, or `None`: a name.
pub fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// Reads the contents of an iPAddress; `None` unless there are 4 or 16 octets.
pub fn presented(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Some(IpAddr::V4(Ipv4Addr::from(four)));
    }
    <[u8; 16]>::try_from(octets).ok().map(|sixteen| IpAddr::V6(Ipv6Addr::from(sixteen)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_forms_are_addresses() {
        for good in ["192.0.2.1", "::1", "2001:db8::1", "::ffff:192.0.2.1", "FE80::1"] {
            assert!(parse(good).is_ok(), "{good}");
            assert!(literal(good).is_some(), "{good}");
            assert!(literal(&format!("[{good}]")).is_some(), "{good}");
        }
        let tricks =
            ["127.1", "010.0.0.1", "0x7f000001", "2130706433", "1.2.3.4 ", "1.2.3.4.", "fe80::1%0"];
        for bad in tricks.into_iter().chain(["", "[::1", "::1]", "1.2.3.256", "1.2.3.4\0"]) {
            assert!(parse(bad).is_err(), "{bad}");
            assert!(literal(bad).is_none(), "{bad}");
        }
        assert!(parse("[::1]").is_err());
    }

    #[test]
    fn only_4_and_16_octets_are_presented() {
        for length in 0..40 {
            let octets = vec![1; length];
            assert_eq!(presented(&octets).is_some(), length == 4 || length == 16, "{length}");
        }
    }
}
