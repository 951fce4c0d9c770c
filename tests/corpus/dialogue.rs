//! Servers of `starttls_scripts.json`: honest, but for the answers that the row gives.

use stv_lab::notation;
use stv_lab::script::{Dialogue, Rule, Step, Then};
use stv_lab::tls::Endpoint;

use super::play::Play;
use super::suite::Transcript;

/// How an honest server of a protocol talks.
struct Words {
    /// The corpus's name of the protocol in `attacks.json`.
    proto: &'static str,
    /// The command that asks for capabilities, the one that asks for TLS, and goodbye.
    list: &'static str,
    ask: &'static str,
    bye: &'static str,
    with_tls: &'static str,
    without_tls: &'static str,
    go: &'static str,
    farewell: &'static str,
    unknown: &'static str,
}

#[rustfmt::skip]
const WORDS: &[(&str, Words)] = &[
    ("imap", Words { proto: "IMAP", list: "CAPABILITY", ask: "STARTTLS", bye: "LOGOUT",
        with_tls: "* CAPABILITY IMAP4REV1 STARTTLS LOGINDISABLED\r\n<T> OK done\r\n",
        without_tls: "* CAPABILITY IMAP4REV1 AUTH=PLAIN\r\n<T> OK done\r\n",
        go: "<T> OK begin TLS\r\n", farewell: "* BYE\r\n<T> OK\r\n", unknown: "<T> BAD unknown\r\n" }),
    ("pop3", Words { proto: "POP3", list: "CAPA", ask: "STLS", bye: "QUIT",
        with_tls: "+OK\r\nUSER\r\nSTLS\r\n.\r\n", without_tls: "+OK\r\nUSER\r\n.\r\n",
        go: "+OK begin TLS\r\n", farewell: "+OK bye\r\n", unknown: "-ERR unknown\r\n" }),
    ("smtp", Words { proto: "SMTP", list: "EHLO", ask: "STARTTLS", bye: "QUIT",
        with_tls: "250-example.org\r\n250-SIZE\r\n250 STARTTLS\r\n", without_tls: "250-example.org\r\n250 AUTH PLAIN\r\n",
        go: "220 begin TLS\r\n", farewell: "221 bye\r\n", unknown: "500 unknown\r\n" }),
    ("ftp", Words { proto: "FTP", list: "FEAT", ask: "AUTH", bye: "QUIT",
        with_tls: "211-\r\n AUTH TLS\r\n211 end\r\n", without_tls: "211 end\r\n",
        go: "234 go\r\n", farewell: "221 bye\r\n", unknown: "500 unknown\r\n" }),
];

/// Commands besides those that a row may have answers to. Whoever sends one is told, and caught.
const OTHERS: &[&str] = &["AUTH", "HELO", "LOGIN", "MAIL", "PASS", "RSET", "USER"];

/// The server's part in a row.
pub fn play(row: &Transcript, tls: &Endpoint) -> Play {
    let (_, words) = WORDS.iter().find(|(proto, _)| *proto == row.proto).expect("a known protocol");
    let greeting = row.overrides.get("greeting").unwrap_or(&row.greeting);
    let mut steps = vec![Step::send(greeting), Step::Dialogue(dialogue(row, words))];
    if row.transition {
        steps.push(Step::serve(tls));
    }
    Play::of(words.proto, notation::framing_of(words.proto), steps)
}

fn dialogue(row: &Transcript, words: &Words) -> Dialogue {
    let offer = if row.offers { words.with_tls } else { words.without_tls };
    let mut rules = vec![
        Rule::new(words.list, &answer(row, words, words.list, offer), Then::Stay),
        Rule::new(words.ask, &asked(row, words), after_asking(row, words)),
        Rule::new(words.bye, &answer(row, words, words.bye, words.farewell), Then::End),
    ];
    let others = OTHERS.iter().filter(|command| **command != words.ask);
    rules.extend(others.map(|command| {
        Rule::new(command, &answer(row, words, command, words.unknown), Then::Stay)
    }));
    Dialogue { rules, otherwise: words.unknown.as_bytes().to_vec() }
}

fn asked(row: &Transcript, words: &Words) -> String {
    let go = row.starttls_reply.as_deref().unwrap_or(words.go);
    answer(row, words, words.ask, go)
}

fn after_asking(row: &Transcript, words: &Words) -> Then {
    if row.transition && !is_hidden(row, words.ask) { Then::Proceed } else { Then::Stay }
}

/// What the row says to a command, else what everybody says.
fn answer(row: &Transcript, words: &Words, command: &str, usual: &str) -> String {
    let own = row.overrides.iter().find(|(name, _)| name.eq_ignore_ascii_case(command));
    let text = match own {
        Some((_, own)) => own,
        None if is_hidden(row, command) => words.unknown,
        None => usual,
    };
    text.replace("<tag>", "<T>")
}

fn is_hidden(row: &Transcript, command: &str) -> bool {
    row.hidden.iter().any(|hidden| hidden.eq_ignore_ascii_case(command))
}
