//! The comparison for those who ask whether, and not why.

use crate::name::{NamePolicy, PresentedId, ReferenceId, matches};
use crate::san::entries;

/// What [`compare`](crate::name::compare) answers under
/// [`CommonName::Never`](crate::name::CommonName::Never): the same walk and the same matcher, and no list
/// of anything. What stands behind a match is still read, since a fault there undoes it.
pub fn is_named(references: &[ReferenceId], san: Option<&[u8]>, policy: &NamePolicy<'_>) -> bool {
    let Some(Ok(mut entries)) = san.map(entries) else { return false };
    let mut named = false;
    loop {
        while let Some(found) = entries.next_plain_dns() {
            named = named || is_meant(references, &PresentedId::Dns(found), policy);
        }
        match entries.next() {
            Some(Ok(found)) => named = named || is_meant(references, &found, policy),
            Some(Err(fault)) if fault.is_fatal(policy.san) => return false,
            Some(Err(_)) => {}
            None => return named,
        }
    }
}

/// The compiler makes it anew for a kind that it knows.
#[inline(always)]
fn is_meant(references: &[ReferenceId], found: &PresentedId<'_>, policy: &NamePolicy<'_>) -> bool {
    // No `any`: the compiler calls it once per name of the certificate.
    for wanted in references {
        if matches(wanted, found, policy) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::wrap;
    use crate::name::{Idna, NameOutcome, SanRule, SuffixList, Wildcards, compare};

    fn wanted(tagged: &[&str]) -> Vec<ReferenceId> {
        tagged.iter().map(|text| ReferenceId::parse_tagged(text, Idna::Convert).unwrap()).collect()
    }

    /// Numbers that look like chance and are the same each time (splitmix64).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, most: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ mixed >> 31) % most as u64) as usize
        }

        fn one_of<'a>(&mut self, choices: &[&'a [u8]]) -> &'a [u8] {
            choices[self.below(choices.len())]
        }

        /// A name that is mostly one of those that are meant, and mostly with something odd about it.
        fn name(&mut self) -> Vec<u8> {
            let mut name = self.one_of(WHOLE).to_vec();
            for _ in 0..self.below(3) {
                let at = self.below(name.len() + 1);
                let odd = self.one_of(ODD);
                let until = (at + self.below(2) * odd.len()).min(name.len());
                name.splice(at..until, odd.iter().copied());
            }
            name
        }

        fn entry(&mut self) -> Vec<u8> {
            let mut entry = match self.below(12) {
                0 => wrap(0x87, &[1; 17][..[4, 4, 5, 16, 17][self.below(5)]]),
                1 => wrap(0x86, b"sip:bob.test"),
                2 => wrap(0x81, &[b"bob@", &self.name()[..]].concat()),
                3 => {
                    wrap(0xa0, b"\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x05\xa0\x0a\x0c\x08bob.test")
                }
                _ => wrap(0x82, &self.name()),
            };
            if self.below(60) == 0 {
                let at = self.below(entry.len());
                entry[at] = self.below(256) as u8;
            }
            entry
        }
    }

    const LABEL: &[u8] = &[b'a'; 63];
    const WHOLE: &[&[u8]] = &[
        b"mail.bob.test",
        b"MAIL.Bob.test",
        b"*.bob.test",
        b"m*.bob.test",
        b"mail.*.test",
        b"_x.bob.test",
        b"a.b.c.d.e.f.g.h.bob.test",
        b"xn--bcher-kva.bob.test",
        b"bob.test",
        b"192.0.2.1",
        b"mail.0x1f",
        b"a",
        b"",
        LABEL,
    ];
    const ODD: &[&[u8]] = &[
        b".", b"-", b"..", b"-.", b".-", b"--", b"*", b"\0", b"\x80", b"\xff", b"_", b"B", b"1",
        b"/", b"@", b":", b" ", b"a.bob.", LABEL, b"a",
    ];

    /// Asks by every rule, and answers by the default ones.
    fn agree(references: &[ReferenceId], san: &[u8]) -> NameOutcome {
        let list = SuffixList::parse("test");
        let wildcards = [Wildcards::LeftMostLabel, Wildcards::None, Wildcards::PartialLabel];
        let rules = [SanRule::Strict, SanRule::LenientInsecure]
            .map(|san| wildcards.map(|wildcards| (san, wildcards)));
        for (rule, wildcards) in rules.into_iter().flatten() {
            for suffixes in [None, Some(&list)] {
                let policy = NamePolicy { san: rule, wildcards, suffixes, ..NamePolicy::default() };
                let judged = compare(references, Some(san), &[], &policy).is_match();
                let asked = is_named(references, Some(san), &policy);
                assert_eq!(asked, judged, "{} {policy:?}", san.escape_ascii());
            }
        }
        compare(references, Some(san), &[], &NamePolicy::default()).outcome
    }

    /// The question and the judge: the same answer for every subjectAltName, whatever is odd about it.
    #[test]
    fn the_question_is_answered_as_the_judge_answers_it() {
        let one = wanted(&["dns:mail.bob.test"]);
        let several =
            wanted(&["xmpp:bob.test", "ip:1.1.1.1", "dns:_x.bob.test", "email:bob@bob.test"]);
        let mut dice = Dice(2026);
        let (mut matched, mut differed, mut malformed) = (0, 0, 0);
        for round in 0..4_000 {
            let entries: Vec<u8> = (0..dice.below(4)).flat_map(|_| dice.entry()).collect();
            let mut san = wrap(0x30, &entries);
            match dice.below(40) {
                0 => san.truncate(dice.below(san.len() + 1)),
                1 => san.push(0),
                2 => drop(san.splice(1..2, [0x81, san[1]])),
                _ => {}
            }
            match agree(if round % 4 == 0 { &several } else { &one }, &san) {
                NameOutcome::Match { .. } => matched += 1,
                NameOutcome::Mismatch | NameOutcome::NoSan => differed += 1,
                NameOutcome::MalformedSan(_) => malformed += 1,
            }
        }
        assert!(matched.min(differed).min(malformed) > 100, "{matched} {differed} {malformed}");
        assert!(!is_named(&one, None, &NamePolicy::default()));
    }

    #[test]
    fn names_that_are_cut_or_too_long_are_answered_alike() {
        let longest = [LABEL, b".", LABEL, b".", LABEL, b".", &LABEL[2..]].concat();
        let one = wanted(&["dns:mail.bob.test"]);
        for name in [&longest[..], b"*.bob.test", b"mail.bob.test", &LABEL[1..]] {
            let beside = |name: &[u8]| [wrap(0x82, b"mail.bob.test"), wrap(0x82, name)].concat();
            let whole = wrap(0x30, &beside(name));
            assert!(matches!(agree(&one, &whole), NameOutcome::Match { .. }));
            agree(&one, &wrap(0x30, &beside(&[name, b"a"].concat())));
            for cut in 0..whole.len() {
                assert!(matches!(agree(&one, &whole[..cut]), NameOutcome::MalformedSan(_)));
            }
            for cut in 0..beside(name).len() {
                // The length of the whole fits, so that it is an entry that is cut.
                agree(&one, &wrap(0x30, &beside(name)[..cut]));
            }
        }
    }
}
