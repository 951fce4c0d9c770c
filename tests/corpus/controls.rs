//! Positive controls: an honest server for every protocol, so that no refusal is one that everybody
//! would get; and halves of rows for which the corpus has one server.

use stv_lab::script::Step;
use stv_lab::tls::Endpoint;

use super::ending::Ending::{self, Code, Trusted};
use super::packets;
use super::play::Play;

pub struct Control {
    pub id: &'static str,
    pub scheme: &'static str,
    pub play: Play,
    pub ending: Ending,
}

/// id, scheme, the corpus's name of the protocol, steps.
type Honest = (&'static str, &'static str, &'static str, &'static [&'static str]);

const STREAM: &str = "><?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' id='1' from='example.test' version='1.0'>\
    <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>\
    </stream:features>";
const SERVER_STREAM: &str = "><?xml version='1.0'?><stream:stream xmlns='jabber:server' \
    xmlns:stream='http://etherx.jabber.org/streams' id='1' from='example.test' version='1.0'>\
    <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>";
const PROCEED: &str = "><proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

#[rustfmt::skip]
const HONEST: &[Honest] = &[
    ("smtp", "smtp", "SMTP", &[r">220 mx ESMTP\r\n", "<EHLO", r">250-mx\r\n250 STARTTLS\r\n", "<STARTTLS",
        r">220 go\r\n", "TLS", "<EHLO", r">250 mx\r\n"]),
    ("submission", "submission", "SMTP", &[r">220 mx ESMTP\r\n", "<EHLO", r">250-mx\r\n250 STARTTLS\r\n",
        "<STARTTLS", r">220 go\r\n", "TLS"]),
    ("lmtp", "lmtp", "LMTP", &[r">220 mx LMTP\r\n", "<LHLO", r">250-mx\r\n250 STARTTLS\r\n", "<STARTTLS",
        r">220 go\r\n", "TLS", "<LHLO", r">250 mx\r\n"]),
    ("imap", "imap", "IMAP", &[r">* OK ready\r\n", "<CAPABILITY", r">* CAPABILITY IMAP4rev1 STARTTLS\r\n<T> OK\r\n",
        "<STARTTLS", r"><T> OK go\r\n", "TLS", "<CAPABILITY", r">* CAPABILITY IMAP4rev1\r\n"]),
    ("pop3", "pop3", "POP3", &[r">+OK hi\r\n", "<CAPA", r">+OK\r\nSTLS\r\n.\r\n", "<STLS", r">+OK go\r\n", "TLS",
        "<CAPA", r">+OK\r\n.\r\n"]),
    // RFC 5804 §2.2: the server speaks first inside TLS.
    ("sieve", "sieve", "SIEVE", &[r#">"SASL" ""\r\n"STARTTLS"\r\nOK\r\n"#, "<STARTTLS", r">OK\r\n", "TLS",
        r#">"SASL" "PLAIN"\r\nOK\r\n"#]),
    ("ftp", "ftp", "FTP", &[r">220 ready\r\n", "<AUTH TLS", r">234 go\r\n", "TLS", "<FEAT", r">211 end\r\n"]),
    ("xmpp", "xmpp", "XMPP", &["<<stream:stream", STREAM, "<<starttls", PROCEED, "TLS", "<<stream:stream", ">x"]),
    ("xmpp-server", "xmpp-server", "XMPP", &["<<stream:stream", SERVER_STREAM, "<<starttls", PROCEED, "TLS"]),
    ("nntp", "nntp", "NNTP", &[r">200 hi\r\n", "<CAPABILITIES", r">101 l\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n",
        "<STARTTLS", r">382 go\r\n", "TLS", "<CAPABILITIES", r">101 l\r\n.\r\n"]),
    ("irc", "irc", "IRC", &["<STARTTLS", r">:s 670 * :go\r\n", "TLS", "<NICK", r">:s NOTICE * :hi\r\n"]),
    ("postgres", "postgres", "PGSQL", &[r"<\x00\x00\x00\x08", ">S", "TLS", r"<\x00\x00\x00", ">R"]),
    ("nut", "nut", "NUT", &["<STARTTLS", r">OK STARTTLS\n", "TLS", "<VER", r">1\n"]),
    ("amqp", "amqp", "AMQP", &["<AMQP", r">AMQP\x02\x01\x00\x00", "TLS", "<AMQP", ">AMQP"]),
    ("nats", "nats", "NATS", &[r#">INFO {"server_id":"x","tls_required":true}\r\n"#, "TLS", "<CONNECT", r">+OK\r\n"]),
    ("nbd", "nbd", "NBD", &[r">NBDMAGICIHAVEOPT\x00\x03", r"<\x00\x00\x00\x01IHAVEOPT",
        r">\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00\x00\x00", "TLS"]),
    ("rdp", "rdp", "RDP", &[r"<\x03\x00\x00\x13",
        r">\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x00\x08\x00\x01\x00\x00\x00", "TLS"]),
    ("vnc", "vnc", "VNC", &[r">RFB 003.008\n", "<RFB 003.008", r">\x02\x02\x13", r"<\x13", r">\x00\x02", r"<\x00\x02",
        r">\x00", r">\x01\x00\x00\x01\x04", r"<\x00\x00\x01\x04", r">\x01", "TLS"]),
    ("imaps", "imaps", "IMAP", &["TLS", r">* OK ready\r\n"]),
];

pub fn all(tls: &Endpoint) -> Vec<Control> {
    let read = |(id, scheme, proto, steps): &Honest| {
        let play = Play::read(proto, steps, tls).unwrap_or_else(|error| panic!("{id}: {error}"));
        Control { id, scheme, play, ending: Trusted }
    };
    let mut controls: Vec<Control> = HONEST.iter().map(read).collect();
    controls.extend([ldap("ldap", None, tls), ldap("ldap-named", Some(STARTTLS_OID), tls)]);
    controls.extend([mysql(tls), back_to_plaintext(tls), silent(tls)]);
    controls
}

const STARTTLS_OID: &str = "1.3.6.1.4.1.1466.20037";

fn ldap(id: &'static str, name: Option<&str>, tls: &Endpoint) -> Control {
    let answer = packets::ldap_response(0, name);
    let steps = vec![Step::Expect(vec![0x30]), Step::Send(answer), Step::serve(tls)];
    let play = Play::of("LDAP", stv_lab::notation::framing_of("LDAP"), steps);
    Control { id, scheme: "ldap", play, ending: Trusted }
}

fn mysql(tls: &Endpoint) -> Control {
    let greeting = Step::Send(packets::mysql_greeting(10));
    let steps = vec![greeting, Step::Expect(vec![0x20, 0, 0, 1]), Step::serve(tls)];
    let play = Play::of("MYSQL", stv_lab::notation::framing_of("MYSQL"), steps);
    Control { id: "mysql", scheme: "mysql", play, ending: Trusted }
}

/// The other half of A273: the server goes on in clear below TLS. Nothing of it is ever read.
fn back_to_plaintext(tls: &Endpoint) -> Control {
    let steps = [
        r">220 mx\r\n",
        "<EHLO",
        r">250-mx\r\n250 STARTTLS\r\n",
        "<STARTTLS",
        r">220 go\r\n",
        "TLS",
    ];
    let mut play = Play::read("SMTP", &steps, tls).unwrap_or_else(|error| panic!("{error}"));
    play.inside = vec![Step::expect("NOOP"), Step::SendBelow(b"250 evil\r\n".to_vec()), Step::Cut];
    Control { id: "back-to-plaintext", scheme: "smtp", play, ending: Code("tls.protocol") }
}

/// The other half of A128: a greeting that is never finished, on a connection that stays.
fn silent(tls: &Endpoint) -> Control {
    let play = Play::read("SMTP", &[">22", "HOLD 60"], tls);
    let play = play.unwrap_or_else(|error| panic!("{error}"));
    Control { id: "unfinished-greeting", scheme: "smtp", play, ending: Code("io.timeout") }
}
