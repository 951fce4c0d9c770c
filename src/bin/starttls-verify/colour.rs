//! Colours, for terminals only.

use std::io::IsTerminal;

const GREEN: &str = "\x1b[1;32m";
const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const PLAIN: &str = "\x1b[0m";

/// First words of the lines of `Report::text`, and how they are shown.
const WORDS: &[(&str, &str)] = &[
    ("TRUSTED", GREEN),
    ("REJECTED", RED),
    ("UNKNOWN", YELLOW),
    ("UNAUTHENTICATED", YELLOW),
    ("  pass", GREEN),
    ("  fail", RED),
    ("  note", YELLOW),
];

/// Whether standard output is a terminal and nobody objects (<https://no-color.org>).
pub fn is_wanted() -> bool {
    let objected = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal() && !objected
}

/// The text with its verdicts coloured.
pub fn paint(text: &str) -> String {
    text.split_inclusive('\n').map(paint_line).collect()
}

fn paint_line(line: &str) -> String {
    let begins = |(word, _): &&(&str, &str)| {
        line.strip_prefix(word).is_some_and(|rest| rest.starts_with(' '))
    };
    match WORDS.iter().find(begins) {
        Some((word, colour)) => format!("{colour}{word}{PLAIN}{}", &line[word.len()..]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_first_words_are_painted() {
        let text = "REJECTED smtp://a.test:25 [x] TRUSTED\n  fail x: y\n       what to do: z\n";
        let painted = paint(text);
        assert_eq!(painted.matches('\x1b').count(), 4);
        assert_eq!(painted.replace(RED, "").replace(PLAIN, ""), text);
    }
}
