//! The report for people.
//!
//! The first line is the whole answer; programs may rely on its shape:
//! `VERDICT URL [code] words`, the bracket only where something failed.

use std::fmt::{self, Write};

use super::{Check, Finding, Outcome, Report, Verdict};

impl Report {
    /// The first line: verdict, peer, code of the first failure and the reason in words.
    pub fn summary(&self) -> String {
        let verdict = self.verdict_word();
        let words = match self.first_failure() {
            Some(finding) => format!("[{}] {}", finding.code.name(), finding.detail),
            None => self.good_words(),
        };
        format!("{verdict} {} {words}{}", self.target(), self.danger())
    }

    fn verdict_word(&self) -> &'static str {
        match self.verdict {
            Verdict::Unknown => "UNKNOWN",
            Verdict::Trusted => "TRUSTED",
            Verdict::Rejected => "REJECTED",
            Verdict::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    fn good_words(&self) -> String {
        let passed = self.findings.iter().filter(|finding| finding.outcome == Outcome::Pass);
        let words: Vec<&str> = passed.map(|finding| finding.detail.as_str()).collect();
        words.join("; ")
    }

    /// A verdict reached with a weakened check says so in its first line.
    fn danger(&self) -> String {
        let of_peer = |finding: &&Finding| Check::OF_PEER.contains(&finding.check());
        let judged =
            self.findings.iter().filter(of_peer).any(|finding| finding.outcome != Outcome::Skip);
        if self.insecure.is_empty() || !judged {
            return String::new();
        }
        format!(" (INSECURE: {})", self.insecure.join(", "))
    }

    /// The whole report: the summary, one line per finding with its hint, and the certificates.
    pub fn text(&self) -> String {
        let mut out = self.summary();
        // Writing to a String cannot fail.
        let _ = self.write_rest(&mut out);
        out
    }

    fn write_rest(&self, out: &mut String) -> fmt::Result {
        writeln!(out)?;
        for finding in &self.findings {
            finding.write_lines(out)?;
        }
        if let Some(tls) = &self.tls {
            writeln!(out, "  tls: {} {}", tls.version, tls.cipher)?;
        }
        for (position, certificate) in self.certificates.iter().enumerate() {
            writeln!(
                out,
                "  certificate {position}: subject {}; issuer {}; names {}; valid {} to {}; {} {} bits; sha256 {}; {}",
                certificate.subject,
                certificate.issuer,
                if certificate.names.is_empty() {
                    "none".to_owned()
                } else {
                    certificate.names.join(" ")
                },
                certificate.not_before,
                certificate.not_after,
                certificate.key.algorithm,
                certificate.key.bits,
                certificate.fingerprints.sha256,
                certificate.fingerprints.spki_pin,
            )?;
        }
        Ok(())
    }
}

impl Finding {
    fn write_lines(&self, out: &mut String) -> fmt::Result {
        write!(out, "  {:4} {}", self.outcome.word(), self.code.name())?;
        if self.depth >= 0 {
            write!(out, " (certificate {})", self.depth)?;
        }
        writeln!(out, ": {}", self.detail)?;
        if !self.hint.is_empty() {
            writeln!(out, "       what to do: {}", self.hint)?;
        }
        Ok(())
    }
}
