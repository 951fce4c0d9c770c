//! Rows of `starttls_scripts.json`: one end for each. The corpus says FAIL, UPGRADE, or leaves it
//! open; the code is ours, and where we are stricter the rule is given.

use super::ending::Ending::{self, Code, Trusted};
use super::stage::Shown;

/// The rows of a family (the id up to its last parts) that end alike.
struct Ruling {
    ending: Ending,
    family: &'static str,
    rows: &'static [&'static str],
}

const fn rule(ending: Ending, family: &'static str, rows: &'static [&'static str]) -> Ruling {
    Ruling { ending, family, rows }
}

const NOT_OFFERED: Ending = Code("starttls.not_offered");
const REFUSED: Ending = Code("starttls.refused");
const PROTOCOL: Ending = Code("starttls.protocol");
const UNEXPECTED: Ending = Code("starttls.unexpected_data");
const GREETING: Ending = Code("starttls.greeting_rejected");

#[rustfmt::skip]
const RULINGS: &[Ruling] = &[
    // IMAP
    rule(Trusted, "fms/imap/Buffering/", &["B_3"]),
    rule(NOT_OFFERED, "fms/imap/Negotiation/", &["D_1", "D_2", "D_3", "O_1"]),
    rule(Trusted, "fms/imap/Negotiation/", &["M_1_B", "M_2_A"]),
    rule(PROTOCOL, "fms/imap/Negotiation/", &["O_4"]),
    rule(Code("starttls.preauth"), "fms/imap/Negotiation/", &["P", "P_3"]),
    rule(Trusted, "fms/imap/Tampering/untagged/after_greeting/", &["03_status_2", "08_expunge", "09_fetch"]),
    rule(UNEXPECTED, BEFORE_STARTTLS,
        &["03_status_2", "04_search", "05_flags", "06_exists", "08_expunge", "09_fetch"]),
    rule(Trusted, "fms/imap/Tampering/untagged/protocol_state/", &["01_referral"]),
    rule(NOT_OFFERED, "fms/imap/UI_Spoofing/greeting/",
        &["no/01_alert", "no/03_parse", "ok/01_alert", "ok/02_badcharset"]),
    rule(Trusted, "fms/imap/others/",
        &["exploit/list_injection_expunge", "untagged_capability_before_starttls", "utf8_only_2"]),
    rule(NOT_OFFERED, "fms/imap/others/",
        &["exploit/stripping_drafts", "protocol/construction/greeting_tagged", "protocol/greeting/02_greeting_no", "utf8_only_1"]),
    rule(PROTOCOL, "fms/imap/others/protocol/construction/", &["02_greeting_invalid_ok", "reorder"]),
    // POP3
    rule(Trusted, "fms/pop3/", &["Buffering/B_1", "Negotiation/O_4", "others/capa/capa_ok_all", "others/code"]),
    rule(Code("starttls.plaintext_injection"), "fms/pop3/Buffering/", &["B_2"]),
    rule(REFUSED, "fms/pop3/",
        &["Negotiation/O_2", "others/quit/greeting_ok_capa_stls_stls_err_quit_err", "others/quit/greeting_ok_capa_stls_stls_err_quit_ok"]),
    // RFC 2449 §5: a server without CAPA is asked for STLS once, and this one grants it.
    rule(Trusted, "fms/pop3/others/auth/",
        &["capa_err_auth_err", "capa_err_auth_ok_empty", "capa_err_quit_err_sys_perm", "capa_err_quit_ok_sys_perm"]),
    rule(NOT_OFFERED, "fms/pop3/others/", &["X_1", "capa/capa_ok_empty", "greeting/ok_sys_perm", "greeting/ok_sys_temp"]),
    rule(GREETING, "fms/pop3/others/",
        &["greeting/err", "greeting/err_escape", "greeting/err_sys_perm", "greeting/err_timestamp", "greeting/greeting_2",
          "quit/greeting_err_quit_err"]),
    // SMTP
    rule(Trusted, "fms/smtp/Buffering/", &["B_1"]),
    rule(PROTOCOL, "fms/smtp/others/", &["ehlo/220", "ehlo/354", "greeting/354"]),
    // RFC 5321 §4.2.3 and §3.8: 421 closes the channel, whatever was asked.
    rule(Code("starttls.server_bye"), "fms/smtp/others/ehlo/", &["421"]),
    rule(NOT_OFFERED, "fms/smtp/others/",
        &["ehlo/250-all-no-starttls", "ehlo/250-empty", "ehlo/500", "ehlo/502", "ehlo/504", "ehlo/550",
          "helo/ehlo500_helo221", "helo/ehlo500_helo354", "helo/ehlo500_helo500", "rset/ehlo500_rset220", "rset/ehlo500_rset421"]),
    rule(Code("starttls.greeting_rejected_temporarily"), "fms/smtp/others/greeting/", &["421"]),
    rule(GREETING, "fms/smtp/others/",
        &["greeting/501", "greeting/530", "quit/greeting500_quit220", "quit/greeting500_quit354", "quit/greeting500_quit421",
          "quit/greeting500_quit500", "quit/greeting500_quit501", "quit/greeting500_quit530"]),
    rule(REFUSED, "fms/smtp/others/starttls/", &["500", "501", "530"]),
    // Certificates
    rule(Code("chain.self_signed"), CERTIFICATES, &["imap/T_1", "pop3/T_1"]),
    rule(Code("chain.unknown_issuer"), CERTIFICATES, &["smtp/T_2"]),
    rule(Code("name.mismatch"), CERTIFICATES, &["pop3/T_3", "smtp/T_3"]),
    rule(Code("chain.expired"), CERTIFICATES, &["imap/T_4", "pop3/T_4", "smtp/T_4"]),
    // The first reply is the answer, and ends it; what was pipelined behind it is never taken.
    rule(Code("starttls.refused_temporarily"), "curl/", &["test980"]),
    rule(REFUSED, "curl/", &["test982", "test983"]),
];

const BEFORE_STARTTLS: &str = "fms/imap/Tampering/untagged/before_starttls/";
const CERTIFICATES: &str = "fms/testcases_extra/Certificate_Validation/";

/// Where we do not do what the corpus expects: a family or an id, and the rule.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        BEFORE_STARTTLS,
        "the corpus upgrades and discards. RFC 9051 §3.1: nothing can be asked of a mailbox before \
         authentication, so this was planted. §2.2.2 lets servers speak unasked, but what is \
         dropped in silence is an attack that nobody hears of: refused, as attacks.md A090 wants",
    ),
    (
        "fms/imap/others/protocol/construction/reorder",
        "the corpus upgrades. RFC 9051 §2.2.2: a completion has the tag of a command that was sent; \
         '2' is none of ours, and attacks.md A039 refuses it",
    ),
];

/// How a row ends.
pub fn ending(id: &str) -> Option<Ending> {
    let has = |ruling: &&Ruling| {
        id.strip_prefix(ruling.family).is_some_and(|row| ruling.rows.contains(&row))
    };
    RULINGS.iter().find(has).map(|ruling| ruling.ending)
}

/// How many rows have a ruling.
pub fn count() -> usize {
    RULINGS.iter().map(|ruling| ruling.rows.len()).sum()
}

/// Why we differ from the corpus in this row.
pub fn exception(id: &str) -> Option<&'static str> {
    EXCEPTIONS.iter().find(|(rows, _)| id.starts_with(rows)).map(|(_, why)| *why)
}

/// Whether an end is what the corpus expects.
pub fn agrees(expect: &str, ending: Ending) -> bool {
    match expect {
        "FAIL" => ending != Trusted,
        "UPGRADE" | "UPGRADE_AND_DISCARD" => ending == Trusted,
        "FAIL_OR_UPGRADE" => true,
        _ => false,
    }
}

/// The certificate of the row's server, by the name of its file.
pub fn shown(why: &str) -> Shown {
    match why.rsplit('/').next() {
        Some("example.org-self-signed.pem") => Shown::SelfSigned,
        Some("example.org-unknown-root.pem") => Shown::UnknownRoot,
        Some("other.example.org.pem") => Shown::OtherName,
        Some("example.org-expired.pem") => Shown::Expired,
        _ => Shown::Good,
    }
}
