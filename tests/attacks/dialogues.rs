//! Conversations: what a server says before the upgrade and behind it, through the C ABI and over
//! sockets. See `corpus`.

use stv_lab::tls::Endpoint;

use crate::corpus::abi::{Peer, Session, status};
use crate::corpus::choices;
use crate::corpus::controls;
use crate::corpus::ending::Ending;
use crate::corpus::play::Play;
use crate::corpus::stage::{HOST, Shown, Stage};
use crate::corpus::suite::Attack;
use crate::corpus::tally::Tally;
use crate::corpus::trial::{self, Trial};

use super::ledger::Rows;

/// The classes whose rows are conversations; the others are about certificates and DNS.
const CLASSES: [&str; 9] = [
    "strip",
    "bogus-reply",
    "injection",
    "tamper",
    "preauth",
    "greeting",
    "framing",
    "post-tls",
    "cmd-injection",
];
const ROWS: usize = 126;
/// Rows about calls, not about what a server says.
const CALLS: [&str; 3] = ["A166", "A167", "A277"];

/// Plays them, each in three modes, and prints their table.
pub fn rows(corpus: &[Attack]) -> Rows {
    let mut rows = corpus.to_vec();
    rows.retain(|row| CLASSES.contains(&row.class.as_str()));
    assert_eq!(rows.len(), ROWS);
    let stage = Stage::new().expect("a CA");
    let tls = stage.endpoint(Shown::Good).expect("a certificate");
    let (calls, played): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| CALLS.contains(&row.id.as_str()));
    let trials: Vec<Trial> = played.into_iter().map(|row| trial(row, &tls)).collect();
    let results = trial::run_all(&trials, &stage);
    let mut done = Rows::new();
    for (trial, _, wrong) in &results {
        done.entry(trials[*trial].id.clone()).or_default().extend(wrong.clone());
    }
    let mut tally = Tally::of(&trials, results);
    tally.exceptions = exceptions(&rows);
    for row in calls {
        let wrong = call(row, &stage);
        done.entry(row.id.clone()).or_default().extend(wrong.clone());
        tally.count(&row.class, wrong);
    }
    tally.print("dialogues");
    done
}

/// Without these a refusal would prove nothing.
#[test]
fn honest_servers_are_trusted() {
    let stage = Stage::new().expect("a CA");
    let tls = stage.endpoint(Shown::Good).expect("a certificate");
    let trials: Vec<Trial> = controls::all(&tls).into_iter().map(control).collect();
    let tally = Tally::of(&trials, trial::run_all(&trials, &stage));
    tally.print("controls");
    assert!(tally.wrong.is_empty(), "{} wrong:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
}

/// Every choice is about a row; those that contradict it are exceptions.
fn exceptions(rows: &[Attack]) -> Vec<(String, &'static str)> {
    let exception = |choice: &choices::Choice| {
        let row = rows.iter().find(|row| row.id == choice.id);
        let row = row.unwrap_or_else(|| panic!("{}: no such row", choice.id));
        let differs = Ending::named(&row.expect).is_some_and(|named| named != choice.ending);
        differs.then(|| (choice.id.to_owned(), choice.why))
    };
    choices::CHOICES.iter().filter_map(exception).collect()
}

fn control(control: controls::Control) -> Trial {
    Trial {
        id: control.id.to_owned(),
        class: if control.ending == Ending::Trusted { "honest" } else { "hostile" }.to_owned(),
        scheme: control.scheme,
        play: control.play,
        wanted: control.ending,
        heard: None,
    }
}

fn trial(row: &Attack, tls: &Endpoint) -> Trial {
    let choice = choices::of(&row.id);
    let named = Ending::named(&row.expect);
    let wanted = choice.map(|choice| choice.ending).or(named);
    Trial {
        id: row.id.clone(),
        class: row.class.clone(),
        scheme: scheme(row),
        play: Play::of_attack(row, tls).unwrap_or_else(|error| panic!("{}: {error}", row.id)),
        wanted: wanted.unwrap_or_else(|| panic!("{}: {} has no meaning", row.id, row.expect)),
        heard: choice.and_then(|choice| choice.heard),
    }
}

fn scheme(row: &Attack) -> &'static str {
    match (row.id.as_str(), row.proto.as_str()) {
        // TLS from the first byte.
        ("A105", _) => "imaps",
        (_, "SMTP") => "smtp",
        (_, "LMTP") => "lmtp",
        (_, "IMAP") => "imap",
        (_, "POP3") => "pop3",
        (_, "SIEVE") => "sieve",
        (_, "FTP") => "ftp",
        (_, "XMPP") => "xmpp",
        (_, "NNTP") => "nntp",
        (_, "IRC") => "irc",
        (_, "LDAP") => "ldap",
        (_, "PGSQL") => "postgres",
        (_, "MYSQL") => "mysql",
        (id, other) => panic!("{id}: a protocol that nobody thought of: {other}"),
    }
}

/// Rows that are calls: what is wrong, if anything is.
fn call(row: &Attack, stage: &Stage) -> Option<String> {
    let wrong = match row.id.as_str() {
        "A166" => accepted("xmpp", &[b"x'/><evil a='"]),
        "A167" => accepted("smtp", &hosts()),
        "A277" => alive(stage),
        other => vec![format!("{other} is no call")],
    };
    (!wrong.is_empty()).then(|| format!("{}: {}", row.id, wrong.join("; ")))
}

fn hosts() -> Vec<&'static [u8]> {
    vec![b"mail.example.test\0.evil.test", b"", b".", &[b'a'; 300], b"a b", b"-x"]
}

/// Hosts that are not refused as INVALID_ARGUMENT, which is STV_E_NAME, or STV_E_ENCODING for a NUL.
fn accepted(scheme: &str, hosts: &[&[u8]]) -> Vec<String> {
    let shown = |host: &[u8], what: String| format!("'{}' {what}", host.escape_ascii());
    let wrong = |host: &&[u8]| match Peer::new(scheme, host) {
        Ok(_) => Some(shown(host, "was accepted".to_owned())),
        Err(status::NAME | status::ENCODING) => None,
        Err(other) => Some(shown(host, format!("gives status {other}"))),
    };
    hosts.iter().filter_map(wrong).collect()
}

/// A session that failed is dead: INVALID_STATE with us is the same error again, from every call.
/// (Every failure of every other row is tried in the same way.)
fn alive(stage: &Stage) -> Vec<String> {
    let mut peer = Peer::new("smtp", HOST.as_bytes()).expect("a peer");
    let mut session = Session::new(&stage.patient, &mut peer).expect("a session");
    session.feed(b"554 no\r\n");
    let status = session.step();
    let again = [session.step(), session.read().0, session.write(b"x"), session.feed(b"x")];
    let code = session.report().code;
    let dead = status >= status::FAILURE && again == [status; 4];
    if dead && code == "starttls.greeting_rejected" {
        return Vec::new();
    }
    vec![format!("status {status}, then {again:?}, {code}")]
}
