//! The conversation of every protocol up to TLS, and what a hostile server makes of each turn.
//!
//! A turn is what the client says and what an honest server answers. A [`Flood`] takes the place of
//! the answer: a beginning and a unit that follows it for ever, or a promise that is never kept. The
//! code beside it is what the library has to find, by itself and long before the deadline.
//!
//! The match over [`Protocol`] has no catch-all: a new protocol does not compile until somebody has
//! said here what may be done to it.

use starttls_verify::proto::Protocol;

/// What the library says to a server that passes a bound or the grammar.
const LINE: &str = "starttls.line_too_long";
const LINES: &str = "starttls.too_many_lines";
const DATA: &str = "starttls.too_much_data";
const GRAMMAR: &str = "starttls.protocol";
const EARLY: &str = "starttls.pipelined_reply";
const INJECTED: &str = "starttls.plaintext_injection";
const REFUSED: &str = "starttls.refused";
const ABSENT: &str = "starttls.not_offered";

/// Whom everybody asks for.
pub const HOST: &str = "mail.bob.test";
/// Stands for 16 random characters in a word, and for those that were heard in a reply.
pub const TAG: &[u8] = b"<T>";

/// An answer without end.
#[derive(Clone)]
pub struct Flood {
    pub kind: &'static str,
    pub head: Vec<u8>,
    /// Empty: nothing follows the head.
    pub unit: Vec<u8>,
    pub code: &'static str,
}

/// One word of the client and the honest answer.
pub struct Turn {
    pub stage: &'static str,
    /// Empty where the server speaks first.
    pub word: Vec<u8>,
    pub reply: Vec<u8>,
    pub floods: Vec<Flood>,
}

/// Everything up to TLS, and what is agreed inside it.
#[derive(Default)]
pub struct Conversation {
    pub turns: Vec<Turn>,
    /// What is said behind the last answer, unanswered.
    pub last_word: Vec<u8>,
    pub inside: Vec<Turn>,
}

impl Conversation {
    /// All that may leave in clear, in this order.
    pub fn words(&self) -> Vec<Vec<u8>> {
        let words = self.turns.iter().map(|turn| &turn.word).chain([&self.last_word]);
        words.filter(|word| !word.is_empty()).cloned().collect()
    }
}

/// The conversation of a protocol; one without turns where TLS begins with the first byte.
pub fn of(protocol: Protocol) -> Conversation {
    let turns = match protocol {
        Protocol::Smtp | Protocol::Submission => smtp("EHLO localhost\r\n"),
        Protocol::Lmtp => smtp("LHLO localhost\r\n"),
        Protocol::Imap => imap(),
        Protocol::Pop3 => pop3(),
        Protocol::Sieve => sieve(),
        Protocol::Ftp => return ftp(),
        Protocol::Xmpp => xmpp("client"),
        Protocol::XmppServer => xmpp("server"),
        Protocol::Ldap => ldap(),
        Protocol::Nntp => nntp(),
        Protocol::Irc => irc(),
        Protocol::Postgres => postgres(),
        Protocol::Mysql => return mysql(),
        Protocol::Nut => nut(),
        Protocol::Nbd => nbd(),
        Protocol::Rdp => rdp(),
        Protocol::Vnc => vnc(),
        Protocol::Amqp => amqp(),
        Protocol::Nats => nats(),
        Protocol::Tls
        | Protocol::Submissions
        | Protocol::Imaps
        | Protocol::Pop3s
        | Protocol::Ftps
        | Protocol::Xmpps
        | Protocol::XmppsServer
        | Protocol::Ldaps
        | Protocol::Nntps
        | Protocol::Ircs
        | Protocol::PostgresDirect => Vec::new(),
    };
    Conversation { turns, ..Conversation::default() }
}

fn turn(
    stage: &'static str,
    word: impl AsRef<[u8]>,
    reply: impl AsRef<[u8]>,
    floods: Vec<Flood>,
) -> Turn {
    Turn { stage, word: word.as_ref().to_vec(), reply: reply.as_ref().to_vec(), floods }
}

fn flood(
    kind: &'static str,
    head: impl AsRef<[u8]>,
    unit: impl AsRef<[u8]>,
    code: &'static str,
) -> Flood {
    Flood { kind, head: head.as_ref().to_vec(), unit: unit.as_ref().to_vec(), code }
}

/// A line that does not end.
fn endless_line(head: impl AsRef<[u8]>) -> Flood {
    flood("endless line", head, "A", LINE)
}

/// Lines or elements that each are what may stand here.
fn endless_reply(head: impl AsRef<[u8]>, unit: impl AsRef<[u8]>, code: &'static str) -> Flood {
    flood("endless reply", head, unit, code)
}

/// A length that promises too much; nothing follows, for nothing may be waited for.
fn lying_length(head: impl AsRef<[u8]>, code: &'static str) -> Flood {
    flood("lying length", head, "", code)
}

/// A turn of SMTP or FTP, whose replies may have many lines.
fn replies(stage: &'static str, word: &str, reply: &str, code: &str) -> Turn {
    let floods = vec![
        endless_line(format!("{code} ")),
        endless_reply("", format!("{code}-x\r\n"), LINES),
        flood("wide reply", "", format!("{code}-{}\r\n", "x".repeat(1000)), DATA),
    ];
    turn(stage, word, reply, floods)
}

fn smtp(hello: &str) -> Vec<Turn> {
    vec![
        replies("greeting", "", "220 mail.bob.test ready\r\n", "220"),
        replies("capabilities", hello, "250-mail.bob.test\r\n250 STARTTLS\r\n", "250"),
        replies("go-ahead", "STARTTLS\r\n", "220 go ahead\r\n", "220"),
    ]
}

fn imap() -> Vec<Turn> {
    let chatter = || endless_reply("", "* OK still here\r\n", LINES);
    let wide = || flood("wide reply", "", format!("* OK {}\r\n", "x".repeat(8000)), DATA);
    let literal = || flood("lying length", "* OK {4000000000}\r\n", "A", GRAMMAR);
    vec![
        turn(
            "greeting",
            "",
            "* OK ready\r\n",
            vec![endless_line("* OK "), chatter(), wide(), literal()],
        ),
        turn(
            "capabilities",
            "<T> CAPABILITY\r\n",
            "* CAPABILITY IMAP4rev1 STARTTLS\r\n<T> OK done\r\n",
            vec![
                endless_line("* CAPABILITY "),
                endless_reply("", "* CAPABILITY STARTTLS\r\n", LINES),
                wide(),
                literal(),
            ],
        ),
        turn(
            "go-ahead",
            "<T> STARTTLS\r\n",
            "<T> OK go ahead\r\n",
            vec![endless_line("<T> OK "), chatter(), wide(), literal()],
        ),
    ]
}

/// A list that ends with a dot has no size of its own: what is wrong with it is its data.
fn dot_list(stage: &'static str, word: &str, status: &str, entry: &str) -> Turn {
    let reply = format!("{status}{entry}.\r\n");
    let floods = vec![
        endless_line(format!("{status}X")),
        endless_reply(status, "X\r\n", DATA),
        flood("wide reply", status, format!("{}\r\n", "X".repeat(1000)), DATA),
    ];
    turn(stage, word, reply, floods)
}

/// A reply that is one line: a second one is early, or behind the go-ahead.
fn single(stage: &'static str, word: &str, reply: &str, head: &str, again: &'static str) -> Turn {
    turn(stage, word, reply, vec![endless_line(head), endless_reply("", reply, again)])
}

fn pop3() -> Vec<Turn> {
    vec![
        single("greeting", "", "+OK ready\r\n", "+OK ", EARLY),
        dot_list("capabilities", "CAPA\r\n", "+OK\r\n", "USER\r\nSTLS\r\n"),
        single("go-ahead", "STLS\r\n", "+OK go ahead\r\n", "+OK ", INJECTED),
    ]
}

fn nntp() -> Vec<Turn> {
    vec![
        single("greeting", "", "200 ready\r\n", "200 ", EARLY),
        dot_list("capabilities", "CAPABILITIES\r\n", "101 list\r\n", "VERSION 2\r\nSTARTTLS\r\n"),
        single("go-ahead", "STARTTLS\r\n", "382 go ahead\r\n", "382 ", INJECTED),
    ]
}

fn sieve() -> Vec<Turn> {
    let literal = || lying_length("\"A\" {4000000000}\r\n", DATA);
    // One response code of 64 KiB, its data in as many pieces as fit in (RFC 5804 §4,
    // `resp-code-ext`): each could cost forty times its octets.
    let crumbs = || flood("crumbs", "OK (X", format!("{} {{0}}\r\n", " a".repeat(4000)), DATA);
    let offer = "\"IMPLEMENTATION\" \"lab\"\r\n\"STARTTLS\"\r\nOK\r\n";
    let floods = vec![
        endless_line("\"A"),
        endless_reply("", "\"SASL\" \"PLAIN\"\r\n", LINES),
        flood("wide reply", "", format!("\"A\" \"{}\"\r\n", "x".repeat(1000)), DATA),
        literal(),
        crumbs(),
    ];
    let mut granted = single("go-ahead", "STARTTLS\r\n", "OK\r\n", "OK \"", INJECTED);
    granted.floods.extend([literal(), crumbs()]);
    vec![turn("capabilities", "", offer, floods), granted]
}

fn ftp() -> Conversation {
    let mut greeting = replies("greeting", "", "220 ready\r\n", "220");
    greeting.floods.push(flood("endless delay", "", "120 soon\r\n", LINES));
    let turns = vec![greeting, replies("go-ahead", "AUTH TLS\r\n", "234 go ahead\r\n", "234")];
    let inside = vec![
        replies("inside PBSZ", "PBSZ 0\r\n", "200 ok\r\n", "200"),
        replies("inside PROT", "PROT P\r\n", "200 ok\r\n", "200"),
    ];
    Conversation { turns, inside, ..Conversation::default() }
}

/// XML has no lines: a tag without end takes the place of a line.
fn xmpp(side: &str) -> Vec<Turn> {
    let streams = "xmlns:stream='http://etherx.jabber.org/streams'";
    let attributes = format!("xmlns='jabber:{side}' {streams}");
    let hello =
        format!("<?xml version='1.0'?><stream:stream {attributes} to='{HOST}' version='1.0'>");
    let header = format!("<?xml version='1.0'?><stream:stream {attributes} id='1' version='1.0'>");
    let open = format!("{header}<stream:features>");
    let starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    let proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    let tag = |head: &str| flood("endless line", head, "A", DATA);
    let features = vec![
        tag("<stream:stream a='"),
        endless_reply(&open, "<x/>", DATA),
        flood("endless text", &open, "A", DATA),
        flood("endless blanks", "", " ", DATA),
        flood("endless depth", &open, "<x>", DATA),
    ];
    let granted = vec![
        tag("<proceed a='"),
        endless_reply("", proceed, INJECTED),
        flood("endless blanks", "", " ", DATA),
    ];
    vec![
        turn("features", hello, format!("{open}{starttls}</stream:features>"), features),
        turn("go-ahead", starttls, proceed, granted),
    ]
}

fn ldap() -> Vec<Turn> {
    let request = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
    let granted = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
    let floods = vec![
        // The longest length that there is: 126 octets.
        flood("endless line", b"\x30\xfe", b"\xff", DATA),
        endless_reply("", granted, INJECTED),
        lying_length(b"\x30\x84\x7f\xff\xff\xff", DATA),
        flood("indefinite", b"\x30\x80", granted, GRAMMAR),
        // Within the limit, and empty of sense.
        flood("wide reply", b"\x30\x83\x00\xea\x60", b"\0", GRAMMAR),
    ];
    vec![turn("go-ahead", request, granted, floods)]
}

fn irc() -> Vec<Turn> {
    let floods = vec![
        endless_line(":irc.bob.test NOTICE * :"),
        endless_reply("", ":irc.bob.test NOTICE * :wait\r\n", LINES),
        flood("wide reply", "", format!("NOTICE * :{}\r\n", "x".repeat(1000)), DATA),
        flood("endless blanks", "", "\r\n", LINES),
        flood("endless grants", "", ":irc.bob.test 670 * :go\r\n", INJECTED),
    ];
    vec![turn("go-ahead", "STARTTLS\r\n", ":irc.bob.test 670 * :go\r\n", floods)]
}

/// An answer is one octet: the first decides, and a second one is behind it.
fn postgres() -> Vec<Turn> {
    let floods = vec![
        endless_reply("", "S", INJECTED),
        flood("endless line", "E", "A", REFUSED),
        lying_length(b"E\xff\xff\xff\xff", REFUSED),
    ];
    vec![turn("go-ahead", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", "S", floods)]
}

fn mysql() -> Conversation {
    let mut payload = b"\x0a10.11.19-MariaDB\0\x2a\0\0\0abcdefgh\0".to_vec();
    payload.extend(b"\xfe\xff\x2d\x02\0\xff\x81\x15\0\0\0\0\0\0\x1d\0\0\0");
    payload.extend(b"ijklmnopqrst\0mysql_native_password\0");
    let length = u8::try_from(payload.len()).expect("a short greeting");
    let greeting = [&[length, 0, 0, 0], payload.as_slice()].concat();
    let floods = vec![
        // A version without its end, in a packet of the greatest length that is taken.
        flood("endless line", b"\x00\x10\x00\x00\x0a", "A", GRAMMAR),
        endless_reply("", &greeting, EARLY),
        lying_length(b"\xff\xff\xff\x00", DATA),
    ];
    let mut request = b"\x20\0\0\x01\x04\xaa\x08\0\0\0\0\x01\x2d".to_vec();
    request.extend([0; 23]);
    let turns = vec![turn("greeting", "", greeting, floods)];
    Conversation { turns, last_word: request, ..Conversation::default() }
}

fn nut() -> Vec<Turn> {
    let floods = vec![endless_line("OK "), endless_reply("", "OK STARTTLS\n", INJECTED)];
    vec![turn("go-ahead", "STARTTLS\n", "OK STARTTLS\n", floods)]
}

fn nbd() -> Vec<Turn> {
    let reply = b"\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x05";
    let granted = [reply.as_slice(), b"\x00\x00\x00\x01\x00\x00\x00\x00"].concat();
    let error = [reply.as_slice(), b"\x80\x00\x00\x02\xff\xff\xff\xff"].concat();
    let padded = [reply.as_slice(), b"\x00\x00\x00\x01\xff\xff\xff\xff"].concat();
    let greeting = b"NBDMAGICIHAVEOPT\x00\x03";
    let greetings =
        vec![flood("endless line", "NBDMAGIC", "A", GRAMMAR), endless_reply("", greeting, EARLY)];
    let answers = vec![
        flood("endless line", reply, b"\0", GRAMMAR),
        endless_reply("", &granted, INJECTED),
        lying_length(error, DATA),
        flood("lying grant", padded, "", GRAMMAR),
    ];
    let option = b"\x00\x00\x00\x01IHAVEOPT\x00\x00\x00\x05\x00\x00\x00\x00";
    vec![turn("greeting", "", greeting, greetings), turn("go-ahead", option, granted, answers)]
}

fn rdp() -> Vec<Turn> {
    let request = b"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0";
    let granted = b"\x03\x00\x00\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\x01\0\0\0";
    let floods = vec![
        flood("endless line", b"\x03\x00\x00\x13", "A", GRAMMAR),
        endless_reply("", granted, INJECTED),
        lying_length(b"\x03\x00\xff\xff", GRAMMAR),
    ];
    vec![turn("go-ahead", request, granted, floods)]
}

fn vnc() -> Vec<Turn> {
    let version = "RFB 003.008\n";
    let early = |unit: &[u8]| endless_reply("", unit, EARLY);
    let versions =
        vec![flood("endless line", "RFB 003.008", "A", GRAMMAR), early(version.as_bytes())];
    let types = vec![
        // 255 types, none of them VeNCrypt.
        flood("endless line", b"\xff", b"\x01", ABSENT),
        early(b"\x01\x13"),
        lying_length(b"\x00\xff\xff\xff\xff", DATA),
    ];
    let subtypes = vec![
        flood("endless line", b"\x00\xff", b"\x00\x00\x01\x01", ABSENT),
        early(b"\x00\x01\x00\x00\x01\x04"),
    ];
    let grants = vec![endless_reply("", b"\x01", INJECTED)];
    vec![
        turn("version", "", version, versions),
        turn("types", version, b"\x01\x13", types),
        turn("VeNCrypt", b"\x13", b"\x00\x02", vec![early(b"\x00\x02")]),
        turn("subtypes", b"\x00\x02", b"\x00\x01\x00\x00\x01\x04", subtypes),
        turn("go-ahead", b"\x00\x00\x01\x04", b"\x01", grants),
    ]
}

fn amqp() -> Vec<Turn> {
    let header = b"AMQP\x02\x01\x00\x00";
    let floods = vec![
        flood("endless line", "AMQP", "A", ABSENT),
        flood("endless octets", "", "A", GRAMMAR),
        endless_reply("", header, INJECTED),
    ];
    vec![turn("go-ahead", header, header, floods)]
}

fn nats() -> Vec<Turn> {
    let info = "INFO {\"tls_required\":true}\r\n";
    let depth = format!("INFO {{\"a\":{}\r\n", "[".repeat(8000));
    let mut greeting = single("greeting", "", info, "INFO {\"a\":\"", INJECTED);
    greeting.floods.push(flood("endless depth", "", depth, GRAMMAR));
    vec![greeting]
}
