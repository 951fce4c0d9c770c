//! The scenario table. One row each; the order is the order of the demo.
//!
//! A certificate row plays the honest server with a chain of its own; a script row has Bob's
//! perfect chain and a server that misbehaves. A new row takes its recipe from `chains` or its
//! script from `plays`; `tests/chains.rs` then asks OpenSSL whether the chain has the fault that
//! the row's code names.

use crate::ca::Validity;
use crate::chains::{self, BOB, EVE, bob};
use crate::plays;
use crate::san::San;
use crate::scenario::{Case, Outcome, Play, Recipe};
use crate::tls::Strength;

/// For servers that answer.
const USUAL_MS: u64 = 10_000;
/// For servers that stall: the client shall give up soon.
const IMPATIENT_MS: u64 = 2_000;

/// All scenarios.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    [BOB_AND_EVE, CHAINS, NAMES, CONVERSATIONS, HANDSHAKES].into_iter().flatten()
}

const fn good(id: &'static str, host: &'static str, title: &'static str, chain: Recipe) -> Case {
    Case {
        id,
        title,
        host,
        outcome: Outcome::Trusted,
        deadline_ms: USUAL_MS,
        chain,
        strength: Strength::Modern,
        play: plays::honest,
        unknown_to: &[],
        elsewhere: &[],
    }
}

/// An honest server with a certificate that will not do for mail.bob.test.
const fn bad(id: &'static str, code: &'static str, title: &'static str, chain: Recipe) -> Case {
    Case { outcome: Outcome::Rejected(code), ..good(id, BOB, title, chain) }
}

/// Bob's certificate behind a dishonest conversation.
const fn foul(id: &'static str, code: &'static str, title: &'static str, play: Play) -> Case {
    Case { play, ..bad(id, code, title, bob) }
}

/// Bob's certificate behind a server with which nothing can be found out.
const fn mute(id: &'static str, code: &'static str, title: &'static str, play: Play) -> Case {
    Case { outcome: Outcome::Unchecked(code), ..foul(id, code, title, play) }
}

impl Case {
    const fn wanting(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    const fn served(self, strength: Strength) -> Self {
        Self { strength, ..self }
    }

    const fn unknown_to(self, protocols: &'static [&'static str]) -> Self {
        Self { unknown_to: protocols, ..self }
    }

    const fn elsewhere(self, outcomes: &'static [(&'static str, Outcome)]) -> Self {
        Self { elsewhere: outcomes, ..self }
    }

    const fn within(self, deadline_ms: u64) -> Self {
        Self { deadline_ms, ..self }
    }
}

const BOB_AND_EVE: &[Case] = &[
    good("honest", BOB, "Bob's server with Bob's certificate", bob),
    good("honest-rsa", BOB, "Bob's server with an RSA key", chains::bob_rsa),
    bad("eve", "name.mismatch", "Eve's valid certificate on Bob's server", |pki| pki.leaf(&[EVE])),
];

const CHAINS: &[Case] = &[
    bad(
        "unknown-ca",
        "chain.unknown_issuer",
        "Bob's name, certified by a CA that nobody knows",
        chains::unknown_ca,
    ),
    bad(
        "namesake-ca",
        "chain.unknown_issuer",
        "Bob's name, certified by a CA that bears the trusted one's name",
        chains::namesake,
    ),
    bad(
        "self-signed",
        "chain.self_signed",
        "Bob's name, certified by the server itself",
        chains::self_signed,
    ),
    bad("expired", "chain.expired", "The certificate expired yesterday", |pki| {
        chains::valid_in(pki, Validity::PAST)
    }),
    bad("not-yet-valid", "chain.not_yet_valid", "The certificate is valid from tomorrow", |pki| {
        chains::valid_in(pki, Validity::FUTURE)
    }),
    bad(
        "client-certificate",
        "chain.purpose",
        "A certificate for clients only",
        chains::client_only,
    ),
    bad(
        "no-signing-key",
        "chain.purpose",
        "The key may agree on keys and may not sign",
        chains::unsigning,
    ),
    bad(
        "missing-intermediate",
        "chain.unknown_issuer",
        "The server forgot its intermediate certificate",
        chains::missing_intermediate,
    ),
    bad("sha1-leaf", "chain.weak_signature", "The certificate is signed with SHA-1", chains::sha1)
        .served(Strength::Lax),
    bad(
        "sha1-intermediate",
        "chain.weak_signature",
        "The intermediate is signed with SHA-1",
        chains::sha1_intermediate,
    )
    .served(Strength::Lax),
    bad("md5-leaf", "chain.weak_signature", "The certificate is signed with MD5", chains::md5)
        .served(Strength::Lax),
    bad("rsa-1024", "chain.weak_key", "The key is RSA of 1024 bits", chains::rsa1024)
        .served(Strength::Lax),
    bad(
        "broken-signature",
        "chain.bad_signature",
        "One bit of the signature is turned round",
        chains::broken_signature,
    ),
    bad(
        "constrained-san",
        "chain.name_constraint",
        "The intermediate may certify eve.test only, the SAN is Bob's",
        chains::constrained_san,
    ),
    bad(
        "constrained-cn",
        "name.mismatch",
        "The intermediate may certify eve.test only, the CN is Bob's",
        chains::constrained_cn,
    ),
    bad(
        "excluded-wildcard",
        "chain.name_constraint",
        "The intermediate may not certify mail.bob.test, the SAN is *.bob.test",
        chains::excluded_wildcard,
    ),
    bad(
        "ca-as-leaf",
        "chain.ca_as_leaf",
        "The server's certificate is one of an authority",
        chains::ca_as_leaf,
    ),
    bad(
        "leaf-as-issuer",
        "chain.invalid_ca",
        "Eve signs Bob's certificate with her own server certificate",
        chains::leaf_as_issuer,
    ),
    bad(
        "issuer-without-constraints",
        "chain.invalid_ca",
        "The issuer has no basicConstraints",
        chains::issuer_without_constraints,
    ),
    bad(
        "old-intermediate",
        "chain.invalid_ca",
        "The intermediate is of version 1, which knows no CAs",
        chains::old_intermediate,
    ),
    bad(
        "path-length",
        "chain.path_length",
        "A CA for leaves only made another CA",
        chains::path_length,
    ),
    bad(
        "expired-intermediate",
        "chain.expired",
        "The intermediate certificate expired yesterday",
        chains::expired_intermediate,
    ),
    bad(
        "client-intermediate",
        "chain.purpose",
        "The intermediate may certify clients only",
        chains::client_intermediate,
    ),
    bad(
        "critical-extension",
        "chain.critical_extension",
        "A critical extension that nobody knows",
        chains::critical_extension,
    ),
    bad(
        "revoked-staple",
        "revocation.revoked",
        "The stapled OCSP response says that the certificate is revoked",
        chains::revoked_staple,
    ),
    bad(
        "must-staple-missing",
        "revocation.staple_missing",
        "A must-staple certificate, and nothing is stapled",
        chains::must_staple_missing,
    ),
    good(
        "must-staple",
        BOB,
        "A must-staple certificate with a good OCSP response",
        chains::must_staple,
    ),
    good(
        "disordered",
        BOB,
        "The chain is out of order and strangers stand in it",
        chains::disordered,
    ),
];

const NAMES: &[Case] = &[
    bad("cn-right-san-other", "name.mismatch", "The CN is Bob's, the SAN is Eve's", |pki| {
        pki.named(&[BOB], vec![San::dns(EVE)])
    }),
    bad("cn-only", "name.no_san", "Bob's name in the CN and no SAN", |pki| {
        pki.named(&[BOB], vec![])
    }),
    bad("two-cns", "name.no_san", "Two CNs, Bob's first, and no SAN", |pki| {
        pki.named(&[BOB, EVE], vec![])
    }),
    bad("email-only", "name.mismatch", "The CN is Bob's, the SAN an e-mail address", |pki| {
        pki.named(&[BOB], vec![San::Email("bob@mail.bob.test".into())])
    }),
    good("wildcard", BOB, "*.bob.test for mail.bob.test", |pki| pki.leaf(&["*.bob.test"])),
    good("upper-case", BOB, "The SAN is written MAIL.BOB.TEST", |pki| pki.leaf(&["MAIL.BOB.TEST"])),
    bad("wildcard-tld", "name.mismatch", "*.test for mail.bob.test", |pki| pki.leaf(&["*.test"])),
    bad("wildcard-bare", "name.mismatch", "* for mail.bob.test", |pki| pki.leaf(&["*"])),
    bad("wildcard-partial", "name.mismatch", "m*il.bob.test for mail.bob.test", |pki| {
        pki.leaf(&["m*il.bob.test"])
    }),
    bad("wildcard-two-labels", "name.mismatch", "*.bob.test for a.mail.bob.test", |pki| {
        pki.leaf(&["*.bob.test"])
    })
    .wanting("a.mail.bob.test"),
    bad("wildcard-middle", "name.mismatch", "mail.*.test for mail.bob.test", |pki| {
        pki.leaf(&["mail.*.test"])
    }),
    bad("wildcard-a-label", "name.mismatch", "A wildcard inside an A-label", |pki| {
        pki.leaf(&["xn--*-kva.bob.test"])
    })
    .wanting("xn--bcher-kva.bob.test"),
    bad("homograph", "name.mismatch", "Bob's certificate; a Cyrillic o in the name wanted", bob)
        .wanting("mail.b\u{43e}b.test"),
    bad("uri-only", "name.mismatch", "The CN is Bob's, the SAN a URI of Bob's", |pki| {
        pki.named(&[BOB], vec![San::Uri("smtp://mail.bob.test".into())])
    }),
    bad("dot-in-san", "name.malformed_san", "A dot at the end of the SAN", |pki| {
        pki.named(&[BOB], vec![San::dns("mail.bob.test.")])
    }),
    bad("empty-in-san", "name.malformed_san", "An empty dNSName beside Bob's", |pki| {
        pki.named(&[BOB], vec![San::dns(BOB), San::dns("")])
    }),
    bad("nul-in-san", "name.malformed_san", "A NUL in the SAN, Bob's name before it", |pki| {
        pki.named(&[EVE], vec![San::Dns(b"mail.bob.test\0.eve.test".to_vec())])
    }),
    bad(
        "san-in-dns",
        "name.malformed_san",
        "\", DNS:mail.bob.test\" inside Eve's dNSName",
        |pki| pki.named(&[EVE], vec![San::dns("mail.eve.test, DNS:mail.bob.test")]),
    ),
    bad(
        "san-in-uri",
        "name.malformed_san",
        "\", DNS:mail.bob.test\" inside a URI of Eve's",
        |pki| {
            let uri = San::Uri("http://mail.eve.test, DNS:mail.bob.test".into());
            pki.named(&[EVE], vec![San::dns(EVE), uri])
        },
    ),
    good("ip", "127.0.0.1", "An iPAddress for an IP address", |pki| {
        pki.named(&[BOB], vec![San::Ip([127, 0, 0, 1].into())])
    }),
    bad("ip-as-dns", "name.mismatch", "A dNSName that reads 127.0.0.1", |pki| {
        pki.named(&[BOB], vec![San::dns("127.0.0.1")])
    })
    .wanting("127.0.0.1"),
    bad("ip-as-cn", "name.no_san", "127.0.0.1 in the CN and no SAN", |pki| {
        pki.named(&["127.0.0.1"], vec![])
    })
    .wanting("127.0.0.1"),
    good("idn-a-label", "mail.xn--bcher-kva.test", "An IDN, wanted as A-label", |pki| {
        pki.leaf(&["mail.xn--bcher-kva.test"])
    }),
    good("idn-u-label", "mail.bücher.test", "An IDN, wanted as U-label", |pki| {
        pki.leaf(&["mail.xn--bcher-kva.test"])
    }),
];

const CONVERSATIONS: &[Case] = &[
    foul("stripped", "starttls.not_offered", "The offer of STARTTLS is cut out", plays::stripped)
        // Its clients do not ask what there is, they ask for TLS (RFC 4217 §3).
        .unknown_to(&["ftp"]),
    foul("refused", "starttls.refused", "STARTTLS is answered with 502", |dialect, _| {
        plays::answering(dialect, dialect.refusal)
    }),
    foul(
        "refused-454",
        "starttls.refused_temporarily",
        "STARTTLS is answered with 454",
        |dialect, _| plays::answering(dialect, dialect.refusal_for_now),
    ),
    foul("wrong-go-ahead", "starttls.protocol", "STARTTLS is answered with 250", |dialect, _| {
        plays::answering(dialect, dialect.wrong_go_ahead)
    }),
    foul(
        "injected",
        "starttls.plaintext_injection",
        "A line of Eve's behind the go-ahead, in the same segment",
        plays::injected,
    ),
    foul(
        "injected-late",
        "starttls.plaintext_injection",
        "A line of Eve's in place of the ServerHello",
        plays::late_injection,
    ),
    foul(
        "pipelined",
        "starttls.pipelined_reply",
        "The go-ahead comes before STARTTLS was sent",
        plays::pipelined,
    ),
    foul(
        "greeting-554",
        "starttls.greeting_rejected",
        "The server greets with 554",
        |dialect, _| plays::greeting_with(dialect, dialect.unwelcome),
    ),
    foul(
        "greeting-421",
        "starttls.greeting_rejected_temporarily",
        "The server greets with 421",
        |dialect, _| plays::greeting_with(dialect, dialect.busy),
    ),
    foul(
        "tls-first",
        "starttls.tls_on_plain_port",
        "A TLS record where the greeting should be",
        plays::tls_first,
    ),
    foul(
        "endless-greeting",
        "starttls.line_too_long",
        "A greeting line without end",
        plays::endless_greeting,
    ),
    foul(
        "endless-reply",
        "starttls.too_many_lines",
        "A reply to EHLO without end",
        plays::endless_reply,
    )
    .elsewhere(&[("pop3", Outcome::Rejected("starttls.too_much_data"))]),
    mute("slow-greeting", "io.timeout", "The greeting comes byte by byte", plays::slow_greeting)
        .within(IMPATIENT_MS),
    mute("closed", "io.closed", "The server hangs up after EHLO", plays::closed),
];

const HANDSHAKES: &[Case] = &[
    foul("tls-1.0", "tls.version", "The server speaks TLS 1.0 and nothing else", plays::honest)
        .served(Strength::Tls10Only),
    mute("alert", "tls.alert", "The handshake is answered with an alert", plays::alert),
    mute(
        "garbled-handshake",
        "tls.handshake",
        "The handshake is answered with nonsense",
        plays::garbled_handshake,
    ),
    mute(
        "closed-handshake",
        "io.closed",
        "The server hangs up after the ClientHello",
        plays::closed_handshake,
    ),
    mute(
        "stalled-handshake",
        "io.timeout",
        "The server is silent after the ClientHello",
        plays::stalled_handshake,
    )
    .within(IMPATIENT_MS),
    mute(
        "dripped-handshake",
        "io.timeout",
        "The handshake comes byte by byte",
        plays::dripped_handshake,
    )
    .within(IMPATIENT_MS),
];
