//! The public-suffix guard: under which names anyone may register (<https://publicsuffix.org/list/>).
//!
//! One rule per line, read up to the first white space; `//` starts a comment. `co.uk` says that it
//! is a public suffix, `*.ck` that every name right under `ck` is, `!www.ck` that this one is not.
//! Of the rules that fit a name the exception wins, else the longest; where none fits, the last
//! label is a public suffix.
//!
//! Only the ICANN section counts. The private section lists hosters (`github.io`), who may show a
//! wildcard for themselves.

use std::collections::HashMap;

use crate::name::dns::DnsName;
use crate::name::idna::Idna;

/// What a line says of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The name is a public suffix.
    Suffix,
    /// Every name with one label more is.
    Under,
    /// Both, from two lines.
    SuffixAndUnder,
    /// The name is none, though the one above says so.
    Exception,
}

/// The list, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct SuffixList {
    rules: HashMap<String, Rule>,
}

impl SuffixList {
    /// Reads the list's text. A line that is no rule is passed over: the list grows, and a guard
    /// with one rule less is better than none.
    pub fn parse(text: &str) -> SuffixList {
        let mut list = SuffixList::default();
        let mut private = false;
        for line in text.lines() {
            match line {
                _ if line.contains("===BEGIN PRIVATE DOMAINS===") => private = true,
                _ if line.contains("===END PRIVATE DOMAINS===") => private = false,
                _ if private || line.starts_with("//") => {}
                _ => list.add(line.split_whitespace().next().unwrap_or_default()),
            }
        }
        list
    }

    fn add(&mut self, line: &str) {
        let (rule, text) = match (line.strip_prefix('!'), line.strip_prefix("*.")) {
            (Some(text), _) => (Rule::Exception, text),
            (None, Some(text)) => (Rule::Under, text),
            (None, None) => (Rule::Suffix, line),
        };
        let Ok(name) = DnsName::parse(text, Idna::Convert) else { return };
        let both = |old: &mut Rule| {
            if *old != rule && *old != Rule::Exception && rule != Rule::Exception {
                *old = Rule::SuffixAndUnder;
            }
        };
        self.rules.entry(name.as_str().to_owned()).and_modify(both).or_insert(rule);
    }

    /// How many names the list has rules for; 0 is a list that guards nothing but top-level names.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether it has no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether anyone may register names right under this one.
    pub fn is_public_suffix(&self, name: &DnsName) -> bool {
        self.holds(name.as_str())
    }

    /// The same for a part of a name, already in lower-case A-labels.
    pub(super) fn holds(&self, name: &str) -> bool {
        let own = self.rules.get(name);
        let parent = name.split_once('.').map(|(_, parent)| self.rules.get(parent));
        match (own, parent) {
            (Some(Rule::Exception), _) => false,
            (Some(Rule::Suffix | Rule::SuffixAndUnder), _) => true,
            (_, Some(Some(Rule::Under | Rule::SuffixAndUnder))) => true,
            (_, Some(_)) => false,
            (_, None) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
// ===BEGIN ICANN DOMAINS===
com
uk
co.uk   // and whatever stands behind
*.ck
!www.ck
jp
*.kawasaki.jp
!city.kawasaki.jp
公司.cn
// ===END ICANN DOMAINS===
// ===BEGIN PRIVATE DOMAINS===
github.io
// ===END PRIVATE DOMAINS===
";

    #[test]
    fn rules_wildcards_and_exceptions() {
        let list = SuffixList::parse(LIST);
        let cases = [
            ("com", true),
            ("bob.com", false),
            ("co.uk", true),
            ("bob.co.uk", false),
            ("uk", true),
            ("anything.ck", true),
            ("www.ck", false),
            ("bob.anything.ck", false),
            ("x.kawasaki.jp", true),
            ("city.kawasaki.jp", false),
            ("kawasaki.jp", false),
            ("公司.cn", true),
            ("xn--55qx5d.cn", true),
            ("github.io", false),
            ("unheard-of", true),
            ("bob.unheard-of", false),
        ];
        for (name, wanted) in cases {
            let name = DnsName::parse(name, Idna::Convert).unwrap();
            assert_eq!(list.is_public_suffix(&name), wanted, "{name}");
        }
        assert!(SuffixList::parse("").is_empty());
    }
}
