//! XMPP, client to server and server to server: RFC 6120 §4, §5.
//!
//! ```text
//! C: <?xml version='1.0'?><stream:stream xmlns='jabber:client'
//!      xmlns:stream='http://etherx.jabber.org/streams' to='example.test' version='1.0'>
//! S: <?xml version='1.0'?><stream:stream ... version='1.0'>
//! S: <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>
//! C: <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
//! S: <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
//! ```
//!
//! The server's header and its features usually come in one segment; they are one answer. A server
//! whose header has no version 1.0 sends no features (§4.7.5), so they are not waited for. starttls
//! must be a child of the features (§4.3.2) and have the namespace; the words in some other place, or
//! in some other namespace, are nothing.
//!
//! TLS begins with the octet behind the `>` that closes proceed, as an empty-element tag or as an end
//! tag (§5.4.2.3). White space as a keepalive (§4.6.1) is passed over before that and only there:
//! behind it, it is plaintext behind the go-ahead like any other (§5.3.3 forbids it).
//!
//! A failure (§5.4.2.2) is a refusal. A stream error (§4.9) is the end, whatever it names: a host
//! that see-other-host names is not followed, for nobody vouches for it (§4.9.3.19). After TLS the
//! stream begins anew with a new header, and the old one is not closed (§5.4.3.3).
//!
//! `to` is the domain that is meant, never the host that serves it: the certificate is held against
//! the same name (§13.7.2).

use crate::line::Input;
use crate::report::Code;

use super::xml::{Event, Name, Reader};
use super::{Move, Negotiator, Occasion, Refusal, Terms};

const STREAMS: &str = "http://etherx.jabber.org/streams";
const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
const START_TLS: &[u8] = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

/// Depths: the stream, its children, theirs.
const STREAM: usize = 1;
const CHILD: usize = 2;

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Silent,
    Header,
    Features,
    /// Inside the features.
    Offers(Offer),
    Answer,
    /// The end of proceed.
    Proceed,
    /// The condition of a stream error.
    Condition,
}

/// Whether the features held starttls so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    Missing,
    Made,
}

/// The words of XMPP.
#[derive(Debug)]
pub struct Xmpp {
    state: State,
    reader: Reader,
    namespace: &'static str,
    domain: String,
}

impl Xmpp {
    /// `namespace` is that of the stream's content: client or server (§4.8.2).
    pub fn new(namespace: &'static str, _terms: &Terms, occasion: &Occasion) -> Xmpp {
        let domain = occasion.domain.clone();
        Xmpp { state: State::Silent, reader: Reader::default(), namespace, domain }
    }

    /// Our stream header.
    fn begin(&mut self) -> Result<Move, Refusal> {
        let to = domain_part(&self.domain)?;
        self.state = State::Header;
        let namespace = self.namespace;
        let header = format!(
            "<?xml version='1.0'?><stream:stream xmlns='{namespace}' xmlns:stream='{STREAMS}' \
             to='{to}' version='1.0'>"
        );
        Ok(Move::Say(header.into_bytes()))
    }

    /// What follows from one event; `None` means go on.
    fn heard(&mut self, event: &Event, input: &mut Input) -> Result<Option<Move>, Refusal> {
        match event {
            Event::Open { name, attributes, .. } if self.state == State::Header => {
                self.header(name, attributes)?;
                Ok(None)
            }
            Event::Open { name, depth, .. } => self.opened(name, *depth).map(|()| None),
            Event::Close { depth: STREAM } => {
                Err(Refusal::new(Code::StarttlsServerBye, "the server closed the stream"))
            }
            Event::Close { depth: CHILD } => self.closed(input),
            Event::Close { .. } => Ok(None),
            Event::Text { depth, blank } => self.text(*depth, *blank).map(|()| None),
        }
    }

    fn header(&mut self, name: &Name, attributes: &[(String, String)]) -> Result<(), Refusal> {
        if !name.is(STREAMS, "stream") {
            let words = "the server does not open a stream of XMPP";
            return Err(Refusal::quoting(Code::StarttlsProtocol, words, name.local().as_bytes()));
        }
        let version = attributes.iter().find(|(name, _)| name == "version");
        if !version.is_some_and(|(_, version)| is_version_1(version)) {
            let words = "the server's stream has no version 1.0, and so no STARTTLS";
            return Err(Refusal::new(Code::StarttlsNotOffered, words));
        }
        self.state = State::Features;
        Ok(())
    }

    /// A start tag below the stream.
    fn opened(&mut self, name: &Name, depth: usize) -> Result<(), Refusal> {
        let quoted = name.local().as_bytes();
        match self.state {
            State::Features | State::Answer if name.is(STREAMS, "error") => {
                self.state = State::Condition
            }
            State::Features if name.is(STREAMS, "features") => {
                self.state = State::Offers(Offer::Missing)
            }
            State::Offers(_) if depth == CHILD + 1 && name.is(TLS, "starttls") => {
                self.state = State::Offers(Offer::Made);
            }
            State::Offers(_) => {}
            State::Answer if name.is(TLS, "proceed") => self.state = State::Proceed,
            State::Answer if name.is(TLS, "failure") => {
                return Err(Refusal::new(Code::StarttlsRefused, "the server refused STARTTLS"));
            }
            State::Condition => {
                let words = "the server ended the stream with an error";
                return Err(Refusal::quoting(Code::StarttlsServerBye, words, quoted));
            }
            State::Silent | State::Header | State::Features | State::Answer | State::Proceed => {
                let words = "the server sent an element that has no place before TLS";
                return Err(Refusal::quoting(Code::StarttlsProtocol, words, quoted));
            }
        }
        Ok(())
    }

    /// The end of a child of the stream.
    fn closed(&mut self, input: &mut Input) -> Result<Option<Move>, Refusal> {
        match self.state {
            State::Offers(Offer::Made) => {
                self.reader.skip_white(input);
                self.state = State::Answer;
                Ok(Some(Move::Say(START_TLS.to_vec())))
            }
            State::Offers(Offer::Missing) => {
                Err(Refusal::new(Code::StarttlsNotOffered, "the server does not offer STARTTLS"))
            }
            State::Proceed => Ok(Some(Move::GoAhead)),
            State::Condition => Err(Refusal::new(
                Code::StarttlsServerBye,
                "the server ended the stream with an error",
            )),
            State::Silent | State::Header | State::Features | State::Answer => Ok(None),
        }
    }

    /// Text stands inside features and errors; white space stands anywhere but in proceed.
    fn text(&self, depth: usize, blank: bool) -> Result<(), Refusal> {
        let allowed = match self.state {
            State::Proceed => false,
            State::Offers(_) | State::Condition => true,
            State::Silent | State::Header | State::Features | State::Answer => blank,
        };
        if allowed && (blank || depth >= CHILD) {
            return Ok(());
        }
        Err(Refusal::new(Code::StarttlsProtocol, "the server sent text where XMPP has none"))
    }
}

impl Negotiator for Xmpp {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        if self.state == State::Silent {
            return self.begin();
        }
        // A record of TLS, alert or handshake; XML never begins with these octets.
        if let (State::Header, [21 | 22, ..]) = (self.state, input.rest()) {
            return Err(Refusal::tls_at_once());
        }
        while let Some(event) = self.reader.next(input)? {
            if let Some(next) = self.heard(&event, input)? {
                return Ok(next);
            }
        }
        Ok(Move::Wait)
    }

    fn farewell(&self) -> Vec<u8> {
        b"</stream:stream>".to_vec()
    }
}

/// The domain as `to` wants it (RFC 7622 §3.2): without the root's dot, an IPv6 address in brackets.
/// It was checked as a host name; what could end the attribute is refused once more at the place
/// where it would do harm, and with that there is nothing left to escape.
fn domain_part(domain: &str) -> Result<String, Refusal> {
    let name = domain.strip_suffix('.').unwrap_or(domain);
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b':');
    if name.is_empty() || !name.bytes().all(is_plain) {
        let words = "the domain cannot be written into a stream header";
        return Err(Refusal::new(Code::StarttlsProtocol, words));
    }
    Ok(if name.contains(':') { format!("[{name}]") } else { name.to_owned() })
}

/// §4.7.5: two numbers, and the first is at least 1.
fn is_version_1(version: &str) -> bool {
    let Some((major, minor)) = version.split_once('.') else { return false };
    let is_number =
        |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    is_number(major) && is_number(minor) && major.bytes().any(|digit| digit != b'0')
}

#[cfg(test)]
mod tests {
    use super::super::ldap::mutation::{batter, spoken_first};
    use super::super::transcript::play;
    use super::*;
    use crate::proto::Protocol;

    const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams' id='1' from='example.test' version='1.0'>";
    const OFFER: &str =
        "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>";
    const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

    fn run(turns: &[&str]) -> (Vec<Vec<u8>>, Option<Code>) {
        let turns: Vec<&[u8]> = turns.iter().map(|turn| turn.as_bytes()).collect();
        play(Protocol::Xmpp, &turns)
    }

    /// Header and this, and then this.
    fn after_header(rest: &str) -> Option<Code> {
        run(&[&format!("{HEADER}{rest}")]).1
    }

    fn after_offer(answer: &str) -> Option<Code> {
        run(&[&format!("{HEADER}{OFFER}"), answer]).1
    }

    #[test]
    fn an_honest_server_gets_a_header_and_starttls_and_nothing_else() {
        let (said, end) = run(&[&format!("{HEADER}{OFFER}"), PROCEED]);
        let header = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
            xmlns:stream='http://etherx.jabber.org/streams' to='example.test' version='1.0'>";
        assert_eq!(said, [header.as_bytes(), START_TLS]);
        assert_eq!(end, None);
        let (said, end) = play(
            Protocol::XmppServer,
            &[format!("{HEADER}{OFFER}").as_bytes(), PROCEED.as_bytes()],
        );
        assert!(String::from_utf8_lossy(&said[0]).contains("xmlns='jabber:server'"));
        assert_eq!(end, None);
    }

    #[test]
    fn real_servers_are_understood() {
        // Prosody: features with required; ejabberd: header alone, double quotes; a prefix of its own.
        let prosody = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>\
            <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>";
        assert_eq!(run(&[HEADER, prosody, PROCEED]).1, None);
        let header = "<?xml version=\"1.0\" encoding='utf-8' ?>\n<s:stream xmlns=\"jabber:client\" version=\"1.0\" \
            xmlns:s=\"http://etherx.jabber.org/streams\" xml:lang=\"en\">";
        let offer =
            "<s:features xmlns:t=\"urn:ietf:params:xml:ns:xmpp-tls\"> <t:starttls/> </s:features>";
        assert_eq!(
            run(&[header, offer, "<t:proceed xmlns:t='urn:ietf:params:xml:ns:xmpp-tls' />"]).1,
            None
        );
    }

    #[test]
    fn white_space_is_passed_over_before_the_go_ahead_only() {
        assert_eq!(run(&[HEADER, " ", OFFER, "\n", PROCEED]).1, None);
        assert_eq!(run(&[&format!("{HEADER}\n{OFFER}\n"), &format!(" {PROCEED}")]).1, None);
        assert_eq!(after_offer(&format!("{PROCEED} ")), Some(Code::StarttlsInjection));
    }

    #[test]
    fn stripping_is_found() {
        let not_offered = Some(Code::StarttlsNotOffered);
        let old = HEADER.replace(" version='1.0'>", ">");
        assert_eq!(run(&[&old]).1, not_offered, "A013 no version");
        for version in ["0.9", "00.1", "1", "1.", ".1", "x.0", "-1.0", ""] {
            let header = HEADER.replace(" version='1.0'>", &format!(" version='{version}'>"));
            assert_eq!(run(&[&header]).1, not_offered, "version {version}");
        }
        let cases = [
            ("A014 namespace", "<stream:features><starttls xmlns='urn:evil'/></stream:features>"),
            (
                "A015 not in the features",
                "<stream:features/><message><body><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></body></message>",
            ),
            (
                "deeper in the features",
                "<stream:features><x><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></x></stream:features>",
            ),
            ("as a text", "<stream:features><x>&lt;starttls/></x></stream:features>"),
            (
                "as an attribute",
                "<stream:features><x y='urn:ietf:params:xml:ns:xmpp-tls starttls'/></stream:features>",
            ),
            ("default namespace", "<stream:features><starttls/></stream:features>"),
        ];
        for (attack, rest) in cases {
            assert_eq!(after_header(rest), not_offered, "{attack}");
        }
    }

    #[test]
    fn answers_other_than_proceed_are_no_go_ahead() {
        use Code::*;
        let failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>";
        let see_other = "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>evil.test\
            </see-other-host></stream:error></stream:stream>";
        let with_content = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'><x/></proceed>";
        let cases = [
            ("A055 failure", failure, StarttlsRefused),
            (
                "A056 namespace",
                "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
                StarttlsProtocol,
            ),
            ("A057 see-other-host", see_other, StarttlsServerBye),
            ("error without a condition", "<stream:error/>", StarttlsServerBye),
            ("end of the stream", "</stream:stream>", StarttlsServerBye),
            ("no namespace", "<proceed/>", StarttlsProtocol),
            ("success", "<success xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", StarttlsProtocol),
            ("proceed with content", with_content, StarttlsProtocol),
            (
                "a message",
                "<message><proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></message>",
                StarttlsProtocol,
            ),
            ("text", "proceed", StarttlsProtocol),
        ];
        for (attack, answer, code) in cases {
            assert_eq!(after_offer(answer), Some(code), "{attack}");
        }
        assert_eq!(
            after_header(
                "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
            ),
            Some(StarttlsServerBye)
        );
        let text_inside = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'> </proceed>";
        assert_eq!(after_offer(text_inside), Some(StarttlsProtocol));
    }

    #[test]
    fn injection_and_pipelining_are_found() {
        assert_eq!(
            after_offer(&format!("{PROCEED}<stream:features/>")),
            Some(Code::StarttlsInjection),
            "A075"
        );
        assert_eq!(after_offer(&format!("{PROCEED}x")), Some(Code::StarttlsInjection), "one byte");
        assert_eq!(after_header(&format!("{OFFER}{PROCEED}")), Some(Code::StarttlsPipelined));
        assert_eq!(spoken_first(Protocol::Xmpp, HEADER.as_bytes()), Code::StarttlsPipelined);
    }

    #[test]
    fn framing_attacks_end_with_their_code() {
        use Code::*;
        let dtd = format!("<!DOCTYPE x [<!ENTITY a 'aaaa'>]>{HEADER}");
        assert_eq!(run(&[&dtd]).1, Some(StarttlsProtocol), "A149");
        let deep = format!("<stream:features>{}", "<x>".repeat(100_000));
        assert_eq!(after_header(&deep), Some(StarttlsTooMuchData), "A150");
        let wide = format!("<stream:features>{}", "<x/>".repeat(100_000));
        assert_eq!(after_header(&wide), Some(StarttlsTooMuchData), "A150 side by side");
        let long = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>";
        assert_eq!(after_offer(long), None, "A152 the other spelling");
        let comment = "<stream:features><!--<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>--></stream:features>";
        assert_eq!(after_header(comment), Some(StarttlsProtocol), "A153");
        assert_eq!(after_offer(PROCEED), None, "A268: the stream inside TLS is the program's");
        assert_eq!(run(&["HTTP/1.1 400 Bad Request\r\n"]).1, Some(StarttlsProtocol));
        assert_eq!(run(&["\x15\x03\x03\0\x02\x02\x46"]).1, Some(StarttlsTlsOnPlainPort));
        assert_eq!(run(&["<html>"]).1, Some(StarttlsProtocol));
    }

    #[test]
    fn a166_a_domain_cannot_end_the_attribute() {
        for bad in [
            "x'/><evil a='",
            "",
            ".",
            "a b",
            "a\"b",
            "a&b",
            "a<b",
            "a_b",
            "ex\u{e4}mple.test",
            "a\0b",
        ] {
            assert_eq!(domain_part(bad).unwrap_err().code, Code::StarttlsProtocol, "{bad}");
        }
        assert_eq!(domain_part("example.test.").unwrap(), "example.test");
        assert_eq!(domain_part("2001:db8::1").unwrap(), "[2001:db8::1]");
    }

    #[test]
    fn damaged_transcripts_end_well() {
        batter(Protocol::Xmpp, &[format!("{HEADER}{OFFER}").as_bytes(), PROCEED.as_bytes()]);
        let long = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>";
        batter(Protocol::Xmpp, &[HEADER.as_bytes(), OFFER.as_bytes(), long.as_bytes()]);
    }
}
