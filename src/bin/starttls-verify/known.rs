//! `known`: what an administrator does with a store of known peers.

use std::fmt::Write;
use std::io::Read;

use starttls_verify::error::Result;
use starttls_verify::known::{Entry, KeyPin, PeerKey};
use starttls_verify::report::iso8601;
use starttls_verify::store::known_peers::{KnownPeers, Missing};

use crate::arguments::{KeyArguments, KnownAction, ListArguments};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::print;
use crate::target;

/// Does one thing with a store.
pub fn run(action: &KnownAction) -> std::result::Result<Exit, Fault> {
    match action {
        KnownAction::Create(arguments) => {
            KnownPeers::open(&arguments.store, Missing::Created)?;
        }
        KnownAction::List(arguments) => list(arguments)?,
        KnownAction::Show(arguments) => show(&open(&arguments.at.store)?, &arguments.target)?,
        KnownAction::Forget(arguments) => {
            open(&arguments.at.store)?.forget(&peer_of(&arguments.target)?)?;
        }
        KnownAction::Announce(arguments) => {
            each_pin(arguments, |store, peer, pin| store.announce(peer, pin))?;
        }
        KnownAction::Withdraw(arguments) => {
            each_pin(arguments, |store, peer, pin| store.withdraw(peer, &pin))?;
        }
        KnownAction::Export(arguments) => print(&open(&arguments.store)?.export()?)?,
        KnownAction::Import(arguments) => import(&open(&arguments.at.store)?, &arguments.file)?,
    }
    Ok(Exit::Trusted)
}

fn open(path: &str) -> Result<KnownPeers> {
    KnownPeers::open(path, Missing::Refused)
}

/// Every target is a peer of its scheme's usual port, as in `check`.
fn peer_of(target: &str) -> Result<PeerKey> {
    target::peer_of(target)?.known_as()
}

/// All pins are read before the first is written.
fn each_pin(
    arguments: &KeyArguments,
    change: impl Fn(&KnownPeers, &PeerKey, KeyPin) -> Result<()>,
) -> Result<()> {
    let (store, peer) = (open(&arguments.at.store)?, peer_of(&arguments.target)?);
    let pins = arguments.pins.iter().map(|pin| KeyPin::parse(pin)).collect::<Result<Vec<_>>>()?;
    pins.into_iter().try_for_each(|pin| change(&store, &peer, pin))
}

fn list(arguments: &ListArguments) -> std::result::Result<(), Fault> {
    let mut text = String::new();
    for (peer, entry, json) in open(&arguments.at.store)?.entries()? {
        let line = if arguments.json { json } else { line_of(&peer, &entry) };
        text.push_str(&line);
        text.push('\n');
    }
    print(&text)
}

/// `smtp://mail.bob.test:25 spki-sha256:...`: peer, keys in force, and since when.
fn line_of(peer: &PeerKey, entry: &Entry) -> String {
    let keys: Vec<String> = entry.keys.iter().map(KeyPin::text).collect();
    match entry.seen {
        Some(seen) => format!("{peer} {} since {}", keys.join(" "), iso8601(seen.first)),
        None => format!("{peer} announced, never seen"),
    }
}

fn show(store: &KnownPeers, target: &str) -> std::result::Result<(), Fault> {
    let peer = peer_of(target)?;
    let found = store.entries()?.into_iter().find(|(other, ..)| *other == peer);
    let (_, entry, _) = found.ok_or_else(|| Fault::usage(format!("{peer} is not known")))?;
    print(&described(&peer, &entry))
}

fn described(peer: &PeerKey, entry: &Entry) -> String {
    let mut text = format!("{peer}\n");
    // Writing to a String cannot fail.
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<10} {value}");
    };
    entry.keys.iter().for_each(|key| line("key", &key.text()));
    entry.backups.iter().for_each(|key| line("announced", &key.text()));
    line("origin", entry.origin.word());
    if let Some(seen) = entry.seen {
        line("first seen", &iso8601(seen.first));
        line("last seen", &iso8601(seen.last));
    }
    entry.addresses.iter().for_each(|address| line("address", &address.to_string()));
    text
}

fn import(store: &KnownPeers, file: &str) -> std::result::Result<(), Fault> {
    if file != "-" {
        return Ok(store.import_file(file)?);
    }
    let mut text = Vec::new();
    std::io::stdin().lock().read_to_end(&mut text).map_err(Fault::Input)?;
    Ok(store.import(&text)?)
}
