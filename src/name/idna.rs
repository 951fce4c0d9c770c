//! From the name that people read to the name that DNS knows: U-labels to A-labels.
//!
//! RFC 9525 §6.3 compares A-labels only. A reference with any character beyond ASCII is converted
//! by UTS 46, non-transitional (`ß` stays itself and does not become `ss`), as the WHATWG URL
//! standard does; the result then passes the same grammar as every other name, so that a full-width
//! digit, dot or asterisk gains nothing. A presented name is never converted: a dNSName is an
//! IA5String, and a U-label in it is an illegal character.
//!
//! Q: Is an ASCII name with `xn--` labels checked for valid Punycode? A: No. It is compared as it
//! stands, so a label that decodes to nothing harms no one, and some of them exist in DNS.

use std::borrow::Cow;

use ::idna::AsciiDenyList;
use ::idna::uts46::{DnsLength, Hyphens, Uts46};

/// What to do with a reference name that is not ASCII.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Idna {
    /// Convert it to A-labels.
    #[default]
    Convert,
    /// Refuse it: the caller converts by its own rules.
    Refuse,
}

/// The name in ASCII, or what is wrong with it. ASCII is returned as it is.
pub fn to_ascii(text: &str, idna: Idna) -> Result<Cow<'_, str>, &'static str> {
    if text.is_ascii() {
        return Ok(Cow::Borrowed(text));
    }
    match idna {
        Idna::Refuse => Err("it is not ASCII and conversion to A-labels is switched off"),
        Idna::Convert => Uts46::new()
            .to_ascii(
                text.as_bytes(),
                AsciiDenyList::URL,
                Hyphens::CheckFirstLast,
                DnsLength::Ignore,
            )
            .map_err(|_| "it is not a valid internationalised domain name (UTS 46)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u_labels_become_a_labels_and_tricks_do_not() {
        let cases: &[(&str, Option<&str>)] = &[
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("BÜCHER.example", Some("xn--bcher-kva.example")),
            ("straße.example", Some("xn--strae-oqa.example")),
            ("mail.bob.test", Some("mail.bob.test")),
            ("xn--nonsense-.example", Some("xn--nonsense-.example")),
            // A slash from a full-width slash: the host ends early in a URL.
            ("mail.bob.test／.eve.test", None),
            // Right-to-left override: the name reads backwards on the screen.
            ("\u{202e}tset.bob.liam", None),
            // Punycode that decodes to ASCII is a second spelling of one name.
            ("ü.xn--bob-", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(to_ascii(text, Idna::Convert).ok().as_deref(), *wanted, "{text:?}");
        }
        assert!(to_ascii("bücher.example", Idna::Refuse).is_err());
        assert!(to_ascii("bucher.example", Idna::Refuse).is_ok());
    }
}
