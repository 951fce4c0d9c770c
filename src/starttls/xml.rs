//! The restricted XML of XMPP (RFC 6120 §11), bounded, one event at a time.
//!
//! RFC 6120 §11.1 forbids comments, processing instructions, a DTD, and all entity references but
//! the five predefined ones; the one thing with `<?` is the XML declaration, and it can only be the
//! very first. CDATA sections, names outside ASCII and further encodings (§11.6) have no use before
//! TLS and are errors here too.
//!
//! Names are compared by namespace and local name (Namespaces in XML 1.0): a prefix is only a
//! shorthand and may be any. A prefix that is not bound is an error.
//!
//! Three bounds hold: depth, octets of one tag, and the octets of the negotiation (kept by
//! [`Input`]). A bound that is passed is "too much data". An event takes exactly its own octets:
//! behind the `>` of an end tag or of an empty-element tag nothing has been taken.

use crate::line::Input;
use crate::report::Code;

use super::Refusal;

/// Open elements, the stream included. Real features have three below it.
const DEPTH: usize = 8;
/// Octets of one tag with its brackets; the longest of real servers, their header, has about 300.
const TAG_OCTETS: usize = 4096;
/// Octets of one reference in text: `&#x10ffff;` has ten.
const REFERENCE_OCTETS: usize = 12;

const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
const DECLARATION: &[u8] = b"<?xml";
const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

/// An element's expanded name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    namespace: String,
    local: String,
}

impl Name {
    /// Whether it is this one.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }

    /// The local name alone, for a quotation.
    pub fn local(&self) -> &str {
        &self.local
    }
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// A start tag; for an empty-element tag, the end follows.
    Open {
        /// Its name.
        name: Name,
        /// Its attributes but the namespace declarations, by qualified name.
        attributes: Vec<(String, String)>,
        /// How many elements are open, this one counted: 1 is the root.
        depth: usize,
    },
    /// An end tag.
    Close {
        /// How many elements were open, this one counted.
        depth: usize,
    },
    /// Text or a part of it.
    Text {
        /// How many elements are open around it.
        depth: usize,
        /// Whether it is white space only.
        blank: bool,
    },
}

/// An open element.
#[derive(Debug)]
struct Frame {
    tag: String,
    /// Prefix (empty for the default) and namespace.
    bindings: Vec<(String, String)>,
}

/// Where in the stream the reader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Nothing was taken: here alone the declaration may stand.
    #[default]
    Start,
    Inside,
    /// The end of an empty-element tag is owed.
    Empty,
}

/// Reads events.
#[derive(Debug, Default)]
pub struct Reader {
    open: Vec<Frame>,
    place: Place,
}

impl Reader {
    /// The next event; `None` while it is incomplete.
    pub fn next(&mut self, input: &mut Input) -> Result<Option<Event>, Refusal> {
        if self.place == Place::Empty {
            self.place = Place::Inside;
            return Ok(self.close());
        }
        if input.rest().starts_with(b"<?") && !self.take_declaration(input)? {
            return wait(input);
        }
        match input.rest() {
            [] => wait(input),
            [b'<', b'!', ..] => Err(malformed("a comment, a CDATA section or a DTD", input)),
            [b'<', b'?', ..] => Err(malformed("a processing instruction", input)),
            [b'<', ..] => self.tag(input),
            [b'&', ..] => self.reference(input),
            [_, ..] => self.text(input),
        }
    }

    /// Takes white space, for places where it means nothing.
    pub fn skip_white(&mut self, input: &mut Input) {
        let is_white = |octet: &&u8| WHITE.contains(&char::from(**octet));
        let white = input.rest().iter().take_while(is_white).count();
        input.take(white);
    }

    /// Whether the XML declaration was taken; `false` while it is incomplete.
    fn take_declaration(&mut self, input: &mut Input) -> Result<bool, Refusal> {
        let window = window(input.rest());
        let begins = window.iter().zip(DECLARATION).all(|(octet, wanted)| octet == wanted);
        if self.place != Place::Start || !begins {
            return Err(malformed("a processing instruction", input));
        }
        let Some(length) = window.windows(2).position(|pair| pair == b"?>") else {
            return check_window(window).map(|()| false);
        };
        let inside =
            window.get(DECLARATION.len()..length).and_then(|inside| str::from_utf8(inside).ok());
        if !inside.and_then(attributes).is_some_and(|attributes| declares_utf8(&attributes)) {
            return Err(malformed("a malformed XML declaration", input));
        }
        input.take(length + 2);
        self.place = Place::Inside;
        Ok(true)
    }

    fn tag(&mut self, input: &mut Input) -> Result<Option<Event>, Refusal> {
        let window = window(input.rest());
        let behind = window.get(1..).unwrap_or_default();
        let found = tag_octets(behind).map_err(|_| malformed("a tag in a tag", input))?;
        let Some(tag) = found.and_then(|length| behind.get(..length)).map(<[u8]>::to_vec) else {
            check_window(window)?;
            return wait(input);
        };
        let event = match str::from_utf8(&tag).ok() {
            Some(tag) if tag.starts_with('/') => self.end_tag(tag),
            Some(tag) => self.start_tag(tag)?,
            None => None,
        };
        if event.is_none() {
            return Err(malformed("a malformed tag", input));
        }
        input.take(tag.len() + 2);
        Ok(event)
    }

    /// What stands between `<` and `>`.
    fn start_tag(&mut self, tag: &str) -> Result<Option<Event>, Refusal> {
        if self.open.len() == DEPTH {
            let words = format!("the server nests XML deeper than {DEPTH}");
            return Err(Refusal::new(Code::StarttlsTooMuchData, words));
        }
        let (tag, place) = match tag.strip_suffix('/') {
            Some(tag) => (tag, Place::Empty),
            None => (tag, Place::Inside),
        };
        self.place = place;
        Ok(self.enter(tag))
    }

    fn enter(&mut self, tag: &str) -> Option<Event> {
        let (qualified, rest) = tag.split_at(tag.find(WHITE).unwrap_or(tag.len()));
        split_name(qualified)?;
        let (declarations, attributes): (Vec<_>, Vec<_>) = attributes(rest)?
            .into_iter()
            .partition(|(name, _)| name == "xmlns" || name.starts_with("xmlns:"));
        let bindings = declarations.into_iter().map(binding).collect::<Option<Vec<_>>>()?;
        self.open.push(Frame { tag: qualified.to_owned(), bindings });
        let name = self.resolve(qualified)?;
        for (name, _) in attributes.iter().filter(|(name, _)| name.contains(':')) {
            self.resolve(name)?;
        }
        Some(Event::Open { name, attributes, depth: self.open.len() })
    }

    fn end_tag(&mut self, tag: &str) -> Option<Event> {
        let name = tag.strip_prefix('/')?.trim_end_matches(WHITE);
        if self.open.last()?.tag != name {
            return None;
        }
        self.place = Place::Inside;
        self.close()
    }

    fn close(&mut self) -> Option<Event> {
        let depth = self.open.len();
        self.open.pop().map(|_| Event::Close { depth })
    }

    /// The innermost binding counts; no default namespace is the empty one.
    fn resolve(&self, qualified: &str) -> Option<Name> {
        let (prefix, local) = split_name(qualified)?;
        let mut bindings = self.open.iter().rev().flat_map(|frame| &frame.bindings);
        let namespace = match bindings.find(|(bound, _)| bound == prefix) {
            Some((_, namespace)) => namespace,
            None if prefix == "xml" => XML_NAMESPACE,
            None if prefix.is_empty() => "",
            None => return None,
        };
        Some(Name { namespace: namespace.to_owned(), local: local.to_owned() })
    }

    fn text(&mut self, input: &mut Input) -> Result<Option<Event>, Refusal> {
        let rest = input.rest();
        let length =
            rest.iter().position(|octet| matches!(octet, b'<' | b'&')).unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or_default();
        if text.iter().any(|&octet| octet < b' ' && !WHITE.contains(&char::from(octet))) {
            return Err(malformed("a control character", input));
        }
        let blank = text.iter().all(|&octet| WHITE.contains(&char::from(octet)));
        input.take(length);
        self.place = Place::Inside;
        Ok(Some(Event::Text { depth: self.open.len(), blank }))
    }

    fn reference(&mut self, input: &mut Input) -> Result<Option<Event>, Refusal> {
        let rest = input.rest();
        let reference = rest.get(..rest.len().min(REFERENCE_OCTETS)).unwrap_or_default();
        let Some(length) = reference.iter().position(|&octet| octet == b';') else {
            return if reference.len() < REFERENCE_OCTETS {
                wait(input)
            } else {
                Err(unknown_entity(input))
            };
        };
        let name = reference.get(1..length).and_then(|name| str::from_utf8(name).ok());
        if name.and_then(character).is_none() {
            return Err(unknown_entity(input));
        }
        input.take(length + 1);
        self.place = Place::Inside;
        Ok(Some(Event::Text { depth: self.open.len(), blank: false }))
    }
}

/// There is a `<` in a tag, where nothing may hold one, not even a value.
#[derive(Debug)]
struct Nested;

/// Octets up to the `>` that ends a tag, which is not one in a value; `None` while it is missing.
fn tag_octets(behind: &[u8]) -> Result<Option<usize>, Nested> {
    let mut quote = None;
    for (at, &octet) in behind.iter().enumerate() {
        match (quote, octet) {
            (_, b'<') => return Err(Nested),
            (None, b'>') => return Ok(Some(at)),
            (None, b'\'' | b'"') => quote = Some(octet),
            (Some(open), octet) if open == octet => quote = None,
            (None | Some(_), _) => {}
        }
    }
    Ok(None)
}

/// `(white name = 'value')*`, each name once; `None` where it is anything else.
fn attributes(mut text: &str) -> Option<Vec<(String, String)>> {
    let mut list: Vec<(String, String)> = Vec::new();
    loop {
        let attribute = text.trim_start_matches(WHITE);
        if attribute.is_empty() {
            return Some(list);
        }
        if attribute.len() == text.len() {
            return None;
        }
        let (name, behind) = attribute.split_once('=')?;
        let name = name.trim_end_matches(WHITE);
        split_name(name)?;
        let behind = behind.trim_start_matches(WHITE);
        let quote = behind.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
        let (value, rest) = behind.strip_prefix(quote)?.split_once(quote)?;
        if list.iter().any(|(other, _)| other == name) {
            return None;
        }
        list.push((name.to_owned(), decode(value)?));
        text = rest;
    }
}

/// Prefix (empty if there is none) and local name, of ASCII letters, digits, `.`, `-` and `_`.
fn split_name(qualified: &str) -> Option<(&str, &str)> {
    let (prefix, local) = qualified.split_once(':').unwrap_or(("", qualified));
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part
                .chars()
                .all(|other| other.is_ascii_alphanumeric() || matches!(other, '.' | '-' | '_'))
    };
    let has_prefix = qualified.len() > local.len();
    (is_part(local) && (!has_prefix || is_part(prefix))).then_some((prefix, local))
}

/// A namespace declaration as a binding. The prefixes `xml` and `xmlns` are nobody's to bind, and a
/// prefix cannot be bound to nothing (Namespaces in XML 1.0 §3, §5).
fn binding((name, namespace): (String, String)) -> Option<(String, String)> {
    let prefix = name.strip_prefix("xmlns:").unwrap_or_default();
    let allowed = name == "xmlns" || (!namespace.is_empty() && !matches!(prefix, "xml" | "xmlns"));
    allowed.then(|| (prefix.to_owned(), namespace))
}

/// RFC 6120 §11.5, §11.6: version 1.0 and UTF-8, which need not be named.
fn declares_utf8(attributes: &[(String, String)]) -> bool {
    let value =
        |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    value("version").is_some_and(|version| version == "1.0")
        && value("encoding").is_none_or(|encoding| encoding.eq_ignore_ascii_case("UTF-8"))
}

/// A value with its references replaced; white space counts as spaces (XML 1.0 §3.3.3).
fn decode(value: &str) -> Option<String> {
    let mut parts = value.split('&');
    let mut text = parts.next().unwrap_or_default().replace(['\t', '\r', '\n'], " ");
    for part in parts {
        let (name, rest) = part.split_once(';')?;
        text.push(character(name)?);
        text.push_str(&rest.replace(['\t', '\r', '\n'], " "));
    }
    text.chars().all(is_character).then_some(text)
}

/// The character of a reference: one of the five entities, or a number.
fn character(name: &str) -> Option<char> {
    let number = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    // The parser of numbers would take a sign.
    let all_digits = digits.chars().all(|digit| digit.is_digit(radix));
    let code = u32::from_str_radix(digits, radix).ok().filter(|_| all_digits)?;
    char::from_u32(code).filter(|&character| is_character(character))
}

/// XML 1.0 §2.2.
fn is_character(character: char) -> bool {
    (character >= ' ' || WHITE.contains(&character))
        && !matches!(character, '\u{fffe}' | '\u{ffff}')
}

fn wait(input: &Input) -> Result<Option<Event>, Refusal> {
    input.check_room().map(|()| None)
}

/// Where the end of a tag is looked for: no further, so that it does not matter how much has come.
fn window(rest: &[u8]) -> &[u8] {
    rest.get(..TAG_OCTETS).unwrap_or(rest)
}

/// A window without an end must not be full.
fn check_window(window: &[u8]) -> Result<(), Refusal> {
    if window.len() < TAG_OCTETS {
        return Ok(());
    }
    let words = format!("the server sent an XML tag of {TAG_OCTETS} octets or more");
    Err(Refusal::new(Code::StarttlsTooMuchData, words))
}

fn unknown_entity(input: &Input) -> Refusal {
    malformed("an unknown entity", input)
}

fn malformed(what: &str, input: &Input) -> Refusal {
    let words = format!("the server's XML holds {what}, which XMPP forbids");
    Refusal::quoting(Code::StarttlsProtocol, words, input.rest())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    /// The events as short words, and the code at the end.
    fn events(xml: &[u8]) -> (Vec<String>, Option<Code>) {
        let (mut reader, mut words) = (Reader::default(), Vec::new());
        let mut input = Input::new(Limits::DEFAULT);
        input.feed(xml);
        loop {
            match reader.next(&mut input) {
                Ok(Some(Event::Open { name, depth, .. })) => {
                    words.push(format!("{depth}<{{{}}}{}", name.namespace, name.local));
                }
                Ok(Some(Event::Close { depth })) => words.push(format!("{depth}>")),
                Ok(Some(Event::Text { depth, blank })) => {
                    words.push(format!("{depth}{}", if blank { '_' } else { 't' }))
                }
                Ok(None) => return (words, None),
                Err(refusal) => return (words, Some(refusal.code)),
            }
        }
    }

    fn code(xml: &[u8]) -> Option<Code> {
        events(xml).1
    }

    #[test]
    fn names_are_resolved_by_namespace() {
        let (words, code) = events(
            b"<?xml version=\"1.0\"?><a xmlns='u' xmlns:p=\"v\"> <p:b/>\
            <c xmlns='w' p:x=''>&amp;</c ><d/></a>",
        );
        assert_eq!(code, None);
        assert_eq!(
            words,
            ["1<{u}a", "1_", "2<{v}b", "2>", "2<{w}c", "2t", "2>", "2<{u}d", "2>", "1>"]
        );
        assert_eq!(events(b"<a xmlns='u&#58;&#x76;'/>").0, ["1<{u:v}a", "1>"]);
        assert_eq!(events(b"<a xmlns='u'><b xmlns=''/></a>").0, ["1<{u}a", "2<{}b", "2>", "1>"]);
    }

    #[test]
    fn what_xmpp_forbids_is_an_error() {
        for bad in [
            "<!DOCTYPE x>",
            "<!-- -->",
            "<a><!--x--></a>",
            "<a><![CDATA[x]]></a>",
            "<a><?php x?></a>",
            " <?xml version='1.0'?>",
            "<?xml version='1.0'?><?xml version='1.0'?>",
            "<?xml version='1.1'?>",
            "<?xml version='1.0' encoding='UTF-16'?>",
            "<?xml?>",
            "<?xmlversion='1.0'?>",
            "<?x ",
            "<a>&evil;</a>",
            "<a>&#0;</a>",
            "<a>&#xD800;</a>",
            "<a>&#+9;</a>",
            "<a>&muchtoolongtobe;</a>",
            "<a b='&evil;'/>",
            "<a b='&lt'/>",
            "<a b='1' b='2'/>",
            "<a b='1'c='2'/>",
            "<a b=1/>",
            "<a b/>",
            "<a b='<'/>",
            "<a <b>",
            "<a b='\u{1}'/>",
            "<a>\u{0}</a>",
            "<a></b>",
            "</a>",
            "<p:a/>",
            "<a p:b='1'/>",
            "<a xmlns:p=''/>",
            "<a xmlns:xml='u'/>",
            "<a xmlns:xmlns='u'/>",
            "<a:b:c xmlns:a='u'/>",
            "<:a/>",
            "<a:/>",
            "< a/>",
            "<>",
            "</>",
            "<1/>",
            "<\u{e9}/>",
            "<a / >",
        ] {
            assert_eq!(code(bad.as_bytes()), Some(Code::StarttlsProtocol), "{bad}");
        }
        assert_eq!(code(b"<?xm"), None, "not yet");
        assert_eq!(code(b"<a b='\xff'/>"), Some(Code::StarttlsProtocol), "not UTF-8");
    }

    #[test]
    fn bounds_hold() {
        assert_eq!(code(&b"<x>".repeat(8)), None);
        assert_eq!(code(&b"<x>".repeat(9)), Some(Code::StarttlsTooMuchData));
        assert_eq!(
            code(&[b"<a b='".as_slice(), &[b'x'; 5000]].concat()),
            Some(Code::StarttlsTooMuchData)
        );
        assert_eq!(
            code(&[b"<a b='".as_slice(), &[b'x'; 5000], b"'/>"].concat()),
            Some(Code::StarttlsTooMuchData)
        );
        assert_eq!(
            code(&[b"<?xml ".as_slice(), &[b' '; 5000]].concat()),
            Some(Code::StarttlsTooMuchData)
        );
        assert_eq!(
            code(&[b"<a>".as_slice(), &[b'x'; 70_000]].concat()),
            Some(Code::StarttlsTooMuchData)
        );
        assert_eq!(code(&b"<a/>".repeat(20_000)), Some(Code::StarttlsTooMuchData));
    }

    #[test]
    fn an_event_takes_exactly_its_octets() {
        for xml in [b"<a/>rest".as_slice(), b"<a></a>rest"] {
            let (mut reader, mut input) = (Reader::default(), Input::new(Limits::DEFAULT));
            input.feed(xml);
            while !matches!(reader.next(&mut input), Ok(Some(Event::Close { .. }))) {}
            assert_eq!(input.rest(), b"rest");
        }
    }
}
