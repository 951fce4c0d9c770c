//! The file of known peers: text that people read and that shows when a part of it is missing.
//!
//! ```json
//! {"starttls-verify":"known peers","v":1}
//! {"peer":"smtp://mail.bob.test:25","keys":["spki-sha256:..."],"backups":[],"origin":"pkix",
//!  "first_seen":"2026-11-22T02:29:00Z","last_seen":"2026-11-22T02:29:00Z","addresses":["192.0.2.1"]}
//! {"peers":1,"sha256":"..."}
//! ```
//!
//! One JSON object to a line (an entry is one line, too). The first line says what the file is, the last
//! one how many peers there are and what the lines before hash to; peers are sorted, each stands there
//! once. So a file that was cut off, or put together from two, or changed by hand, is an error with the
//! line, and never a store in which some peers are new again. The digest is no signature: whoever may
//! write the file can make one.

use std::collections::BTreeMap;
use std::net::IpAddr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::known::{Entry, KeyPin, MOST_ADDRESSES, MOST_KEYS, Origin, PeerKey, Seen};
use crate::ossl::digest;
use crate::pin::Algorithm;
use crate::report::{epoch_of_iso8601, iso8601};
use crate::status::Status;

/// Peers by key.
pub(super) type Peers = BTreeMap<PeerKey, Entry>;

/// What stands in the first line.
const KIND: &str = "known peers";
/// Version of the format. A newer one is refused: what it says may weigh.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(rename = "starttls-verify")]
    kind: String,
    v: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    peer: String,
    keys: Vec<String>,
    backups: Vec<String>,
    origin: String,
    first_seen: Option<String>,
    last_seen: Option<String>,
    addresses: Vec<IpAddr>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    peers: usize,
    sha256: String,
}

/// The text of these peers.
pub(super) fn render(peers: &Peers) -> Result<String> {
    let mut text = line(&Head { kind: KIND.to_owned(), v: VERSION });
    peers.iter().for_each(|(key, entry)| text.push_str(&line(&written(key, entry))));
    let sha256 = checksum(text.as_bytes())?;
    text.push_str(&line(&End { peers: peers.len(), sha256 }));
    Ok(text)
}

/// One entry as a line of the file.
pub(super) fn render_entry(key: &PeerKey, entry: &Entry) -> String {
    line(&written(key, entry))
}

/// The peers of a text that `render` made. An error names the line.
pub(super) fn parse(text: &[u8]) -> Result<Peers> {
    let text = str::from_utf8(text).map_err(|error| {
        let before = &text[..error.valid_up_to()];
        let number = 1 + before.iter().filter(|octet| **octet == b'\n').count();
        damaged(number, "it is not UTF-8")
    })?;
    let body = text.strip_suffix('\n').ok_or_else(|| cut_off(text))?;
    let lines: Vec<&str> = body.split('\n').collect();
    check_head(lines[0])?;
    let [head, entries @ .., end] = lines.as_slice() else {
        return Err(cut_off(text));
    };
    let last = entries.len() + 2;
    let end: End = serde_json::from_str(end).map_err(|_| {
        damaged(last, "the last line is not the one that ends the file: it was cut off, or changed")
    })?;
    let peers = parse_entries(entries)?;
    let length = head.len() + 1 + entries.iter().map(|entry| entry.len() + 1).sum::<usize>();
    if end.peers != peers.len() || end.sha256 != checksum(&text.as_bytes()[..length])? {
        let why =
            "the digest of the last line does not fit the lines before it: the file was changed";
        return Err(damaged(last, why));
    }
    Ok(peers)
}

fn check_head(line: &str) -> Result<()> {
    let head: Head = serde_json::from_str(line)
        .ok()
        .filter(|head: &Head| head.kind == KIND)
        .ok_or_else(|| damaged(1, "this is no file of known peers"))?;
    if head.v != VERSION {
        let what = format!("line 1: the file has version {}, this library reads {VERSION}", head.v);
        return Err(Error::new(Status::Unsupported, what));
    }
    Ok(())
}

fn parse_entries(lines: &[&str]) -> Result<Peers> {
    let mut peers = Peers::new();
    for (index, line) in lines.iter().enumerate() {
        let number = index + 2;
        let (key, entry) = parse_entry(line).map_err(|why| damaged(number, &why))?;
        if peers.last_key_value().is_some_and(|(last, _)| *last >= key) {
            return Err(damaged(number, "peers are sorted, and each stands there once"));
        }
        peers.insert(key, entry);
    }
    Ok(peers)
}

fn parse_entry(line: &str) -> std::result::Result<(PeerKey, Entry), String> {
    let line: Line = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let key = PeerKey::parse(&line.peer)
        .ok_or_else(|| format!("'{}' is no peer", crate::report::quote(line.peer.as_bytes())))?;
    let entry = Entry {
        keys: pins(&line.keys)?,
        backups: pins(&line.backups)?,
        origin: Origin::from_word(&line.origin).ok_or("this origin is not known")?,
        seen: seen(line.first_seen.as_deref(), line.last_seen.as_deref())?,
        addresses: line.addresses,
    };
    check_entry(&entry)?;
    Ok((key, entry))
}

/// An entry has a key or an announced one, was seen if and only if it has a key, and stays within the
/// bounds.
fn check_entry(entry: &Entry) -> std::result::Result<(), String> {
    if entry.is_empty() {
        return Err("the peer has no key".to_owned());
    }
    if entry.keys.is_empty() != entry.seen.is_none() {
        return Err("a peer was seen if and only if it has a key".to_owned());
    }
    if entry.keys.iter().any(|key| entry.backups.contains(key)) {
        return Err("a key is in force and announced at the same time".to_owned());
    }
    if entry.addresses.len() > MOST_ADDRESSES {
        return Err(format!("there are more than {MOST_ADDRESSES} addresses"));
    }
    Ok(())
}

fn pins(texts: &[String]) -> std::result::Result<Vec<KeyPin>, String> {
    if texts.len() > MOST_KEYS {
        return Err(format!("there are more than {MOST_KEYS} keys"));
    }
    let mut pins: Vec<KeyPin> = Vec::new();
    for text in texts {
        let pin = KeyPin::parse(text).map_err(|error| error.what)?;
        if pins.contains(&pin) {
            return Err("a key stands there twice".to_owned());
        }
        pins.push(pin);
    }
    Ok(pins)
}

fn seen(first: Option<&str>, last: Option<&str>) -> std::result::Result<Option<Seen>, String> {
    let time = |text: &str| epoch_of_iso8601(text).ok_or("a time is written 2026-11-22T02:29:00Z");
    match (first, last) {
        (None, None) => Ok(None),
        (Some(first), Some(last)) => {
            let seen = Seen { first: time(first)?, last: time(last)? };
            if seen.first > seen.last {
                return Err("the peer was seen last before it was seen first".to_owned());
            }
            Ok(Some(seen))
        }
        (Some(_), None) | (None, Some(_)) => Err("first_seen and last_seen go together".to_owned()),
    }
}

fn written(key: &PeerKey, entry: &Entry) -> Line {
    let texts = |pins: &[KeyPin]| pins.iter().map(KeyPin::text).collect();
    Line {
        peer: key.to_string(),
        keys: texts(&entry.keys),
        backups: texts(&entry.backups),
        origin: entry.origin.word().to_owned(),
        first_seen: entry.seen.map(|seen| iso8601(seen.first)),
        last_seen: entry.seen.map(|seen| iso8601(seen.last)),
        addresses: entry.addresses.clone(),
    }
}

fn line(object: &impl Serialize) -> String {
    // The structs hold only strings, numbers and lists of them, which always serialise.
    let mut line = serde_json::to_string(object).unwrap_or_default();
    line.push('\n');
    line
}

fn checksum(octets: &[u8]) -> Result<String> {
    Ok(HEXLOWER.encode(&digest(Algorithm::Sha256, octets)?))
}

fn damaged(line: usize, why: &str) -> Error {
    Error::new(Status::FileDamaged, format!("line {line}: {why}"))
}

fn cut_off(text: &str) -> Error {
    damaged(text.split('\n').count(), "the file was cut off here")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::Sighting;

    fn two_peers() -> Peers {
        let sighting = |number: u8| Sighting {
            key: KeyPin::from_digest([number; 32]),
            origin: Origin::Pkix,
            address: Some(IpAddr::from([192, 0, 2, number])),
            time: 1_795_314_540,
        };
        let mut bob = Entry::first(&sighting(1));
        bob.announce(KeyPin::from_digest([9; 32])).unwrap();
        let key = |text| PeerKey::parse(text).unwrap();
        Peers::from([
            (key("smtp://mail.bob.test:25"), bob),
            (key("imap://[2001:db8::1]:143"), Entry::first(&sighting(2))),
            (key("imap://mail.bob.test:143"), Entry::announced(KeyPin::from_digest([3; 32]))),
        ])
    }

    #[test]
    fn what_is_written_is_read() {
        for peers in [Peers::new(), two_peers()] {
            let text = render(&peers).unwrap();
            assert_eq!(parse(text.as_bytes()), Ok(peers));
        }
    }

    #[test]
    fn a_file_that_was_cut_off_anywhere_is_damaged() {
        let text = render(&two_peers()).unwrap();
        for length in 0..text.len() {
            let error = parse(&text.as_bytes()[..length]).expect_err(&text[..length]);
            assert_eq!(error.status, Status::FileDamaged, "{length}: {}", error.what);
            assert!(error.what.starts_with("line "), "{}", error.what);
        }
    }

    #[test]
    fn no_octet_can_be_changed_without_notice() {
        let text = render(&two_peers()).unwrap();
        for at in 0..text.len() {
            for octet in [0, b'0', b'\n', b' ', b'"', 0xff, text.as_bytes()[at] ^ 1] {
                let mut changed = text.clone().into_bytes();
                if std::mem::replace(&mut changed[at], octet) != octet {
                    assert!(parse(&changed).is_err(), "{at}: {}", changed.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_hole_of_zeroes_is_damaged() {
        // What some file systems leave of a file that was not synced before the power failed.
        let length = render(&two_peers()).unwrap().len();
        assert!(parse(&vec![0; length]).is_err());
        assert!(parse(b"").is_err());
    }

    #[test]
    fn lines_cannot_be_dropped_doubled_swapped_or_taken_from_another_file() {
        let text = render(&two_peers()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let joined =
            |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        assert_eq!(joined(&lines), text);
        for at in 0..lines.len() {
            let mut dropped = lines.clone();
            dropped.remove(at);
            assert!(parse(joined(&dropped).as_bytes()).is_err(), "dropped {at}");
            let mut doubled = lines.clone();
            doubled.insert(at, lines[at]);
            assert!(parse(joined(&doubled).as_bytes()).is_err(), "doubled {at}");
            let mut swapped = lines.clone();
            swapped.swap(at, (at + 1) % lines.len());
            assert!(parse(joined(&swapped).as_bytes()).is_err(), "swapped {at}");
        }
        let twice = format!("{text}{text}");
        assert!(parse(twice.as_bytes()).is_err());
        let other = render(&Peers::new()).unwrap();
        let mixed = [&lines[..lines.len() - 1], &[other.lines().last().unwrap()]].concat();
        assert!(parse(joined(&mixed).as_bytes()).is_err());
    }

    /// A file with these entries whose digest is right: what remains is what the lines say.
    fn sealed(entries: &[String]) -> Vec<u8> {
        let mut text = format!("{{\"starttls-verify\":\"{KIND}\",\"v\":1}}\n");
        entries.iter().for_each(|entry| text.push_str(&format!("{entry}\n")));
        let sha256 = checksum(text.as_bytes()).unwrap();
        text.push_str(&line(&End { peers: entries.len(), sha256 }));
        text.into_bytes()
    }

    #[test]
    fn entries_that_make_no_sense_are_damaged_even_with_the_right_digest() {
        let good = "{\"peer\":\"smtp://mail.bob.test:25\",\"keys\":[\"spki-sha256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"],\"backups\":[],\"origin\":\"pkix\",\"first_seen\":\"2026-11-22T02:29:00Z\",\"last_seen\":\"2026-11-22T02:29:00Z\",\"addresses\":[\"192.0.2.1\"]}".to_owned();
        assert!(parse(&sealed(std::slice::from_ref(&good))).is_ok());
        let key = "\"spki-sha256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"";
        for (from, to) in [
            ("smtp://mail.bob.test:25", "smtp://Mail.bob.test:25"),
            ("smtp://mail.bob.test:25", "gopher://mail.bob.test:25"),
            (key, ""),
            (key, "\"sha256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\""),
            ("\"backups\":[]", &format!("\"backups\":[{key}]")),
            ("\"backups\":[]", "\"backups\":null"),
            ("pkix", "god"),
            ("\"first_seen\":\"2026-11-22T02:29:00Z\"", "\"first_seen\":null"),
            ("\"first_seen\":\"2026-11-22T02:29:00Z\"", "\"first_seen\":\"2026-11-22T02:29:01Z\""),
            ("\"first_seen\":\"2026-11-22T02:29:00Z\"", "\"first_seen\":\"yesterday\""),
            ("192.0.2.1", "mail.bob.test"),
            ("\"origin\":\"pkix\"", "\"origin\":\"pkix\",\"origin\":\"pkix\""),
            ("\"origin\":\"pkix\"", "\"origin\":\"pkix\",\"trusted\":true"),
            ("\"origin\":\"pkix\",", ""),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            let error = parse(&sealed(&[bad])).expect_err(to);
            assert_eq!(error.status, Status::FileDamaged, "{to}");
            assert!(error.what.starts_with("line 2: "), "{to}: {}", error.what);
        }
        let twins = parse(&sealed(&[good.clone(), good])).unwrap_err();
        assert!(twins.what.starts_with("line 3: "), "{}", twins.what);
    }

    #[test]
    fn a_file_of_tomorrow_is_not_guessed_at() {
        let text = String::from_utf8(sealed(&[])).unwrap().replace("\"v\":1", "\"v\":2");
        assert_eq!(parse(text.as_bytes()).unwrap_err().status, Status::Unsupported);
        let other = b"cafile = '/etc/ca.pem'\n";
        assert!(parse(other).unwrap_err().what.contains("no file of known peers"));
    }
}
