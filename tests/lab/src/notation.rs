//! Scripts as text: the notation of the attack corpus.
//!
//! | text | step |
//! |---|---|
//! | `>X` | send X in one segment; `\r \n \0 \xNN \\` are escapes, `{N*X}` repeats, `<T>` is a tag |
//! | `<X` | wait for something that begins with X |
//! | `TLS`, `TLS(c)` | handshake |
//! | `HOLD n` | n seconds of silence |
//! | `DRIP n X` | send X at one byte per n seconds |
//! | `EOF` | close |
//!
//! The corpus was split at blanks, so a word of text can stand alone (`<AUTH`, `TLS`); such a word
//! is put back where it came from.

use std::time::Duration;

use crate::script::{Framing, Script, Step};
use crate::tls::Endpoint;

/// Steps of the corpus as a script. `Err` names the step that is no step.
pub fn parse(steps: &[&str], framing: Framing, tls: &Endpoint) -> Result<Script, String> {
    let steps: Result<Vec<Step>, String> =
        rejoined(steps).iter().map(|step| parse_step(step, tls)).collect();
    Ok(Script { framing, steps: steps? })
}

/// How the clients of a protocol cut their bytes; the names are those of the corpus.
pub fn framing_of(protocol: &str) -> Framing {
    match protocol {
        "IMAP" => Framing::TaggedLines,
        "LDAP" | "PGSQL" | "AMQP" | "NBD" | "RDP" | "VNC" => Framing::Chunks,
        "MYSQL" => Framing::Packets,
        "XMPP" => Framing::Elements,
        _ => Framing::Lines,
    }
}

fn rejoined(steps: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for step in steps {
        match out.last_mut() {
            Some(before) if before == "<AUTH" || !is_step(step) => {
                before.push(' ');
                before.push_str(step);
            }
            _ => out.push((*step).to_owned()),
        }
    }
    out
}

fn is_step(text: &str) -> bool {
    text.starts_with(['>', '<'])
        || matches!(text, "TLS" | "EOF")
        || ["TLS(", "HOLD ", "DRIP "].iter().any(|word| text.starts_with(word))
}

fn parse_step(text: &str, tls: &Endpoint) -> Result<Step, String> {
    if let Some(bytes) = text.strip_prefix('>') {
        return Ok(Step::Send(unescape(bytes)?));
    }
    if let Some(prefix) = text.strip_prefix('<') {
        return Ok(Step::Expect(unescape(prefix)?));
    }
    if let Some(time) = text.strip_prefix("HOLD ") {
        return Ok(Step::Hold(seconds(time)?));
    }
    if let Some((time, bytes)) = text.strip_prefix("DRIP ").and_then(|rest| rest.split_once(' ')) {
        return Ok(Step::SendSlowly { bytes: unescape(bytes)?, every: seconds(time)? });
    }
    match text {
        "EOF" => Ok(Step::Close),
        "TLS" => Ok(Step::serve(tls)),
        _ if text.starts_with("TLS(") => Ok(Step::serve(tls)),
        _ => Err(format!("not a step: {text}")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.trim().parse().map_err(|_| format!("not a number: {text}"))?;
    Duration::try_from_secs_f64(seconds).map_err(|e| format!("{text}: {e}"))
}

fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((bytes, after)) = repetition(rest)? {
            out.extend(bytes);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('\\') {
            let (byte, after) = escape(after)?;
            out.push(byte);
            rest = after;
        } else {
            out.extend_from_slice(&rest.as_bytes()[..c.len_utf8()]);
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(out)
}

/// `{N*X}`. A brace that begins nothing of the kind is text (IMAP's literals are).
fn repetition(text: &str) -> Result<Option<(Vec<u8>, &str)>, String> {
    let inner = text.strip_prefix('{').and_then(|rest| rest.split_once('*'));
    let Some((count, rest)) = inner else { return Ok(None) };
    let (Ok(count), Some((unit, after))) = (count.parse::<usize>(), rest.split_once('}')) else {
        return Ok(None);
    };
    Ok(Some((unescape(unit)?.repeat(count), after)))
}

fn escape(text: &str) -> Result<(u8, &str), String> {
    let byte = match text.bytes().next() {
        Some(b'r') => b'\r',
        Some(b'n') => b'\n',
        Some(b'0') => 0,
        Some(b'\\') => b'\\',
        Some(b'x') => return hex(text),
        _ => return Err(format!("not an escape: \\{text}")),
    };
    Ok((byte, &text[1..]))
}

fn hex(text: &str) -> Result<(u8, &str), String> {
    let digits = text.get(1..3).ok_or_else(|| format!("not two digits: \\{text}"))?;
    let byte = u8::from_str_radix(digits, 16).map_err(|_| format!("not hex: \\{text}"))?;
    Ok((byte, &text[3..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        assert_eq!(unescape(r"a\r\n\0\xff\\").unwrap(), b"a\r\n\0\xff\\");
        assert_eq!(unescape(r"{3*x\n}y").unwrap(), b"x\nx\nx\ny");
        assert_eq!(unescape("* OK {42}").unwrap(), b"* OK {42}");
        assert!(unescape(r"\q").is_err());
    }

    #[test]
    fn words_come_back_together() {
        let steps = ["<AUTH", "TLS", ">454", "TLS not available", "TLS", "EOF"];
        assert_eq!(rejoined(&steps), ["<AUTH TLS", ">454 TLS not available", "TLS", "EOF"]);
    }
}
