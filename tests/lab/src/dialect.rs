//! The words of the protocols that the lab speaks, for the plays to be written in.
//!
//! A [`Dialect`] is what an honest server and an attacker say in one protocol: RFC 5321 and 3207
//! for SMTP, 9051 for IMAP, 1939 and 2595 for POP3, 5804 for ManageSieve, 4217 for FTP. A further
//! protocol is a further constant here, and every row of the table is played in it.

use crate::script::{Dialogue, Framing, Rule, Then};

/// The name of the note that a rule makes when somebody sends a password.
pub const PASSWORD: &str = "password";

/// One protocol's words. Replies are whole, with their line ends; `<T>` is the client's tag.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// As in `scenarios.json`, and the scheme of the command line.
    pub name: &'static str,
    pub framing: Framing,
    pub greeting: &'static str,
    /// What a client asks to hear what the server can do. None where the greeting says it.
    pub question: Option<&'static str>,
    /// The answer to it, or the rest of the greeting, with TLS offered.
    pub offer: &'static str,
    /// The same without TLS, and with a way to log in.
    pub bare: &'static str,
    /// The command for TLS.
    pub upgrade: &'static str,
    pub go_ahead: &'static str,
    pub refusal: &'static str,
    pub refusal_for_now: &'static str,
    /// In place of the go-ahead, and none.
    pub wrong_go_ahead: &'static str,
    /// To a client that wants to log in before TLS.
    pub tls_first: &'static str,
    pub unwelcome: &'static str,
    pub busy: &'static str,
    /// A line of Eve's that this protocol's clients would take for the server's.
    pub injected: &'static str,
    /// How a line of the greeting begins.
    pub beginning: &'static str,
    /// One of many lines of a reply that does not end, and what comes before the first.
    pub endless: (&'static str, &'static str),
    /// What the server says unasked when TLS stands.
    pub inside: &'static str,
    /// The first words of what may leave a client in clear.
    pub clear: &'static [&'static str],
    /// How somebody logs in: each of these carries a password or is about to.
    pub secrets: &'static [(&'static str, &'static str)],
    /// Everything else that the server knows.
    pub others: &'static [(&'static str, &'static str)],
    pub farewell: (&'static str, &'static str),
    pub otherwise: &'static str,
}

/// All that the lab speaks.
pub const DIALECTS: &[&Dialect] = &[&SMTP, &IMAP, &POP3, &SIEVE, &FTP];

pub const SMTP: Dialect = Dialect {
    name: "smtp",
    framing: Framing::Lines,
    greeting: "220 mail.bob.test ESMTP stv-lab\r\n",
    question: Some("EHLO"),
    offer: "250-mail.bob.test\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 STARTTLS\r\n",
    bare: "250-mail.bob.test\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n",
    upgrade: "STARTTLS",
    go_ahead: "220 2.0.0 Ready to start TLS\r\n",
    refusal: "502 5.5.1 Not implemented\r\n",
    refusal_for_now: "454 4.7.0 TLS not available due to temporary reason\r\n",
    wrong_go_ahead: "250 2.0.0 OK\r\n",
    tls_first: "530 5.7.0 Must issue a STARTTLS command first\r\n",
    unwelcome: "554 5.3.2 No SMTP service here\r\n",
    busy: "421 4.3.2 Busy, come back later\r\n",
    injected: "250 evil.eve.test\r\n",
    beginning: "220 ",
    endless: ("", "250-x\r\n"),
    inside: "",
    clear: &["EHLO", "STARTTLS", "QUIT"],
    secrets: &[
        ("AUTH PLAIN ", "235 2.7.0 Authentication successful\r\n"),
        ("AUTH PLAIN", "334 \r\n"),
        // What follows a challenge, if it is bob who logs in: base64 of NUL and his name.
        ("AGJvYg", "235 2.7.0 Authentication successful\r\n"),
        ("AUTH", "504 5.5.4 PLAIN, please\r\n"),
    ],
    others: &[("NOOP", "250 2.0.0 OK\r\n")],
    farewell: ("QUIT", "221 2.0.0 Bye\r\n"),
    otherwise: "250 2.0.0 OK\r\n",
};

pub const IMAP: Dialect = Dialect {
    name: "imap",
    framing: Framing::TaggedLines,
    greeting: "* OK IMAP4rev1 stv-lab ready\r\n",
    question: Some("CAPABILITY"),
    offer: "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n<T> OK done\r\n",
    bare: "* CAPABILITY IMAP4rev1\r\n<T> OK done\r\n",
    upgrade: "STARTTLS",
    go_ahead: "<T> OK Begin TLS negotiation now\r\n",
    refusal: "<T> NO not here\r\n",
    refusal_for_now: "<T> NO [UNAVAILABLE] later\r\n",
    wrong_go_ahead: "eve9 OK Begin TLS negotiation now\r\n",
    tls_first: "<T> NO [PRIVACYREQUIRED] STARTTLS first\r\n",
    unwelcome: "* BYE not you\r\n",
    busy: "* BYE [UNAVAILABLE] come back later\r\n",
    injected: "* CAPABILITY IMAP4rev1 AUTH=EVE\r\n",
    beginning: "* OK ",
    endless: ("", "* CAPABILITY IMAP4rev1 STARTTLS\r\n"),
    inside: "",
    clear: &["CAPABILITY", "STARTTLS", "LOGOUT"],
    secrets: &[("LOGIN", "<T> OK logged in\r\n"), ("AUTHENTICATE", "<T> OK logged in\r\n")],
    others: &[],
    farewell: ("LOGOUT", "* BYE bye\r\n<T> OK done\r\n"),
    otherwise: "<T> OK done\r\n",
};

pub const POP3: Dialect = Dialect {
    name: "pop3",
    framing: Framing::Lines,
    greeting: "+OK POP3 stv-lab ready\r\n",
    question: Some("CAPA"),
    offer: "+OK\r\nSTLS\r\nUIDL\r\n.\r\n",
    bare: "+OK\r\nUSER\r\nUIDL\r\n.\r\n",
    upgrade: "STLS",
    go_ahead: "+OK Begin TLS negotiation\r\n",
    refusal: "-ERR not here\r\n",
    refusal_for_now: "-ERR [SYS/TEMP] later\r\n",
    wrong_go_ahead: "OK Begin TLS negotiation\r\n",
    tls_first: "-ERR STLS first\r\n",
    unwelcome: "-ERR not you\r\n",
    busy: "-ERR [SYS/TEMP] come back later\r\n",
    injected: "+OK evil.eve.test\r\n",
    beginning: "+OK ",
    endless: ("+OK\r\n", "X\r\n"),
    inside: "",
    clear: &["CAPA", "STLS", "QUIT"],
    secrets: &[
        ("USER", "+OK\r\n"),
        ("PASS", "+OK logged in\r\n"),
        ("APOP", "+OK logged in\r\n"),
        ("AUTH", "-ERR unknown\r\n"),
    ],
    others: &[
        ("STAT", "+OK 0 0\r\n"),
        ("LIST", "+OK\r\n.\r\n"),
        ("UIDL", "+OK\r\n.\r\n"),
        ("NOOP", "+OK\r\n"),
    ],
    farewell: ("QUIT", "+OK bye\r\n"),
    otherwise: "-ERR unknown\r\n",
};

pub const SIEVE: Dialect = Dialect {
    name: "sieve",
    framing: Framing::Lines,
    greeting: "\"IMPLEMENTATION\" \"stv-lab\"\r\n\"SIEVE\" \"fileinto\"\r\n\"VERSION\" \"1.0\"\r\n",
    question: None,
    offer: "\"SASL\" \"\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n",
    bare: "\"SASL\" \"PLAIN\"\r\nOK \"ready\"\r\n",
    upgrade: "STARTTLS",
    go_ahead: "OK \"Begin TLS negotiation now.\"\r\n",
    refusal: "NO \"not here\"\r\n",
    refusal_for_now: "NO (TRYLATER) \"later\"\r\n",
    wrong_go_ahead: "OKAY\r\n",
    tls_first: "NO (ENCRYPT-NEEDED) \"STARTTLS first\"\r\n",
    unwelcome: "BYE \"not you\"\r\n",
    busy: "BYE (TRYLATER) \"come back later\"\r\n",
    injected: "\"SASL\" \"PLAIN\"\r\n",
    beginning: "\"IMPLEMENTATION\" \"",
    endless: ("", "\"X\" \"y\"\r\n"),
    inside: "\"IMPLEMENTATION\" \"stv-lab\"\r\n\"SIEVE\" \"fileinto\"\r\n\"VERSION\" \"1.0\"\r\n\
        \"SASL\" \"PLAIN\"\r\nOK \"TLS negotiation successful.\"\r\n",
    clear: &["STARTTLS", "LOGOUT"],
    secrets: &[("AUTHENTICATE", "OK \"logged in\"\r\n")],
    others: &[(
        "CAPABILITY",
        "\"IMPLEMENTATION\" \"stv-lab\"\r\n\"SIEVE\" \"fileinto\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n",
    )],
    farewell: ("LOGOUT", "OK \"bye\"\r\n"),
    otherwise: "OK\r\n",
};

pub const FTP: Dialect = Dialect {
    name: "ftp",
    framing: Framing::Lines,
    greeting: "",
    question: None,
    offer: "220 stv-lab FTP ready\r\n",
    bare: "220 stv-lab FTP ready\r\n",
    upgrade: "AUTH TLS",
    go_ahead: "234 Begin TLS negotiation\r\n",
    refusal: "502 Not implemented\r\n",
    refusal_for_now: "431 TLS not available now\r\n",
    wrong_go_ahead: "200 OK\r\n",
    tls_first: "530 AUTH TLS first\r\n",
    unwelcome: "530 Not you\r\n",
    busy: "421 Come back later\r\n",
    injected: "230 evil.eve.test\r\n",
    beginning: "220 ",
    endless: ("", "220-x\r\n"),
    inside: "",
    clear: &["AUTH", "QUIT"],
    secrets: &[("USER", "331 Password, please\r\n"), ("PASS", "230 logged in\r\n")],
    others: &[
        ("FEAT", "211-Features\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n211 End\r\n"),
        ("PBSZ", "200 PBSZ=0\r\n"),
        ("PROT", "200 Private\r\n"),
        ("PWD", "257 \"/\" is here\r\n"),
    ],
    farewell: ("QUIT", "221 Bye\r\n"),
    otherwise: "200 OK\r\n",
};

impl Dialect {
    pub fn named(name: &str) -> Option<&'static Dialect> {
        DIALECTS.iter().copied().find(|dialect| dialect.name == name)
    }

    /// May this line leave a client in clear?
    pub fn may_be_clear(&self, line: &str) -> bool {
        let mut words = line.split(' ');
        if self.framing == Framing::TaggedLines {
            words.next();
        }
        let word = words.next().unwrap_or_default().to_ascii_uppercase();
        self.clear.contains(&&word[..])
    }

    /// Before TLS: no password is taken, and the command for TLS ends it with `reply`.
    pub(crate) fn lobby(&self, offer: String, reply: &str) -> Dialogue {
        let closed = self.secrets.iter().map(|&(word, _)| self.secret(word, self.tls_first));
        let mut rules = vec![Rule::new(self.upgrade, reply, Then::Proceed)];
        rules.extend(self.question.map(|question| Rule::new(question, &offer, Then::Stay)));
        rules.extend(closed);
        self.dialogue(rules)
    }

    /// What a server says once nobody listens in, and a honeypot always.
    pub(crate) fn session(&self) -> Dialogue {
        let open = self.secrets.iter().map(|&(word, reply)| self.secret(word, reply));
        // In FTP the command for TLS begins like none of the others, and in SMTP as well.
        let mut rules = vec![Rule::new(self.upgrade, self.refusal, Then::Stay)];
        rules.extend(self.question.map(|question| Rule::new(question, self.bare, Then::Stay)));
        rules.extend(open);
        self.dialogue(rules)
    }

    fn secret(&self, word: &'static str, reply: &str) -> Rule {
        Rule::new(word, reply, Then::Stay).noting(PASSWORD)
    }

    fn dialogue(&self, mut rules: Vec<Rule>) -> Dialogue {
        let others = self.others.iter().map(|&(word, reply)| Rule::new(word, reply, Then::Stay));
        rules.extend(others);
        rules.push(Rule::new(self.farewell.0, self.farewell.1, Then::End));
        Dialogue { rules, otherwise: self.otherwise.as_bytes().to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_may_be_clear() {
        assert!(SMTP.may_be_clear("EHLO localhost") && SMTP.may_be_clear("starttls"));
        assert!(!SMTP.may_be_clear("AUTH PLAIN AGJvYgBzZWNyZXQ=") && !SMTP.may_be_clear("EHLOX"));
        assert!(IMAP.may_be_clear("a1 STARTTLS") && !IMAP.may_be_clear("STARTTLS LOGIN bob x"));
    }

    #[test]
    fn every_dialect_is_found_by_its_name() {
        for dialect in DIALECTS {
            assert_eq!(Dialect::named(dialect.name).map(|found| found.name), Some(dialect.name));
        }
        assert!(Dialect::named("gopher").is_none());
    }
}
