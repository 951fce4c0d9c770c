use super::*;
use crate::dns::{Facts, Name, Question, Said, Witness};
use crate::options::{Mode, Value};

const HERE: &str = "192.0.2.1";

fn freeze(set: &[(&str, &str)]) -> Result<EvidenceRules> {
    let mut settings = Settings::default();
    for (name, text) in set {
        let mode = if *name == "dns_evidence" { Mode::Replace } else { Mode::Append };
        settings.put(mode, name, Value::Text((*text).to_owned()))?;
    }
    EvidenceRules::freeze(&settings)
}

fn report() -> EvidenceRules {
    freeze(&[("dns_evidence", "report")]).unwrap()
}

fn peer(facts: &[&str]) -> Peer {
    let mut peer = Peer::new();
    peer.set_host("mail.bob.test").unwrap();
    peer.add_reference("dns:bob.test").unwrap();
    for fact in facts {
        match fact.strip_prefix("other: ") {
            Some(fact) => peer.state_fact(&Witness::Other("192.0.2.53".into()), fact).unwrap(),
            None => peer.state_fact(&Witness::Ours, fact).unwrap(),
        }
    }
    peer
}

/// The finding of one kind.
fn finding(
    rules: &EvidenceRules,
    of: EvidenceKind,
    peer: &Peer,
    address: Option<&str>,
    banner: Option<&str>,
) -> Finding {
    let address = address.map(|address| address.parse().unwrap());
    let findings = rules.check(peer, &Ending { address, banner, ..Ending::default() });
    assert_eq!(findings.len(), KINDS.len());
    let at = KINDS.iter().position(|(kind, _)| *kind == of).unwrap();
    findings[at].clone()
}

type Case<'a> = (&'a [&'a str], Option<&'a str>, Code, Outcome);

fn hold(of: EvidenceKind, cases: &[Case], banner: Option<&str>) {
    for (facts, address, code, outcome) in cases {
        let found = finding(&report(), of, &peer(facts), *address, banner);
        assert_eq!((found.code, found.outcome), (*code, *outcome), "{facts:?} {}", found.detail);
        assert!(!found.detail.is_empty());
        // Demanded, only what fits passes; all else refuses.
        let demanded = super::demanded(found);
        let wanted = if *outcome == Outcome::Pass { Outcome::Pass } else { Outcome::Fail };
        assert_eq!(demanded.outcome, wanted, "{facts:?}");
    }
}

#[test]
fn names_of_the_address() {
    use Code::*;
    use Outcome::*;
    let back = &["192.0.2.1 PTR mx.bob.test", "mx.bob.test A 192.0.2.1"][..];
    let away = &["192.0.2.1 PTR mx.bob.test", "mx.bob.test A 192.0.2.66"][..];
    let both = &[
        "mail.bob.test A 192.0.2.1",
        "mail.bob.test A 192.0.2.2",
        "192.0.2.1 PTR mail.bob.test",
        "192.0.2.2 PTR",
    ][..];
    hold(
        EvidenceKind::Reverse,
        &[
            (back, Some(HERE), EvidenceReverseConfirmed, Pass),
            (back, Some("::ffff:192.0.2.1"), EvidenceReverseConfirmed, Pass),
            (away, Some(HERE), EvidenceReverseUnconfirmed, Note),
            (&["192.0.2.1 PTR"], Some(HERE), EvidenceReverseNone, Note),
            // Nobody asked, about this address or about the name.
            (back, Some("192.0.2.66"), EvidenceNotChecked, Skip),
            (&["192.0.2.1 PTR mx.bob.test"], Some(HERE), EvidenceNotChecked, Skip),
            (back, None, EvidenceNotChecked, Skip),
            // Where it is not known which address it is, all must fit.
            (both, None, EvidenceReverseNone, Note),
            (both, Some(HERE), EvidenceReverseConfirmed, Pass),
        ],
        None,
    );
}

#[test]
fn mail_exchanges() {
    use Code::*;
    use Outcome::*;
    let own = &["bob.test MX 10 mail.bob.test", "mail.bob.test A 192.0.2.1"][..];
    let other = &["bob.test MX 10 mx.bob.test", "mx.bob.test A 192.0.2.9"][..];
    let same = &["bob.test MX 10 mx.bob.test", "mx.bob.test A 192.0.2.1"][..];
    hold(
        EvidenceKind::Exchanges,
        &[
            (own, Some(HERE), EvidenceMxMember, Pass),
            (own, None, EvidenceMxMember, Pass),
            (same, Some(HERE), EvidenceMxMember, Pass),
            (other, Some(HERE), EvidenceMxStranger, Note),
            // An exchange by its name, and the connection leads elsewhere.
            (own, Some("192.0.2.66"), EvidenceMxStranger, Note),
            (&["bob.test MX", "bob.test A 192.0.2.1"], Some(HERE), EvidenceMxMember, Pass),
            (&["bob.test MX", "bob.test A 192.0.2.9"], Some(HERE), EvidenceMxStranger, Note),
            (&["bob.test MX 0 ."], Some(HERE), EvidenceMxStranger, Note),
            (&["bob.test MX 10 mx.bob.test"], Some(HERE), EvidenceNotChecked, Skip),
            (&[], Some(HERE), EvidenceNotChecked, Skip),
        ],
        None,
    );
    let mut lone = Peer::new();
    lone.set_host("mail.bob.test").unwrap();
    let found = finding(&report(), EvidenceKind::Exchanges, &lone, Some(HERE), None);
    assert_eq!(found.code, EvidenceNotChecked);
}

#[test]
fn the_name_in_the_greeting() {
    use Code::*;
    let reverse = ["192.0.2.1 PTR mx7.bob.test", "mx7.bob.test A 192.0.2.1"];
    let claimed = ["192.0.2.1 PTR mx7.bob.test", "mx7.bob.test A 192.0.2.66"];
    let alias = ["mail.bob.test CNAME mail.far.test"];
    for (facts, banner, code) in [
        (&[][..], "mail.bob.test", EvidenceBannerMatch),
        (&[], "MAIL.bob.test.", EvidenceBannerMatch),
        (&reverse, "mx7.bob.test", EvidenceBannerMatch),
        (&claimed, "mx7.bob.test", EvidenceBannerDiffers),
        (&alias, "mail.far.test", EvidenceBannerMatch),
        (&[], "mail.eve.test", EvidenceBannerDiffers),
        (&[], "mail.bob.test.eve.test", EvidenceBannerDiffers),
        (&[], "\u{1b}[2J.test", EvidenceBannerDiffers),
    ] {
        let found =
            finding(&report(), EvidenceKind::Banner, &peer(facts), Some(HERE), Some(banner));
        assert_eq!(found.code, code, "{banner}");
        assert_eq!(found.source, Source::PeerUnauthenticated);
        assert!(!found.detail.contains('\u{1b}'));
    }
    hold(EvidenceKind::Banner, &[(&[], Some(HERE), EvidenceNotChecked, Outcome::Skip)], None);
}

#[test]
fn several_resolvers() {
    use Code::*;
    use Outcome::*;
    let same = &["mail.bob.test A 192.0.2.1", "other: mail.bob.test A 192.0.2.1"][..];
    let lie = &["mail.bob.test A 192.0.2.1", "other: mail.bob.test A 192.0.2.66"][..];
    let gone = &["mail.bob.test A 192.0.2.1", "other: mail.bob.test A"][..];
    let mixed = &[
        "mail.bob.test A 192.0.2.1",
        "mail.bob.test A 192.0.2.2",
        "other: mail.bob.test A 192.0.2.2",
        "other: mail.bob.test A 192.0.2.1",
    ][..];
    let mx = &["bob.test MX 10 mail.bob.test", "other: bob.test MX 10 mail.eve.test"][..];
    hold(
        EvidenceKind::Resolvers,
        &[
            (same, None, EvidenceResolversAgree, Pass),
            (mixed, None, EvidenceResolversAgree, Pass),
            (lie, None, EvidenceResolversDiffer, Note),
            (gone, None, EvidenceResolversDiffer, Note),
            (mx, None, EvidenceResolversDiffer, Note),
            (&["mail.bob.test A 192.0.2.1"], None, EvidenceNotChecked, Skip),
            (&["other: mail.bob.test A 192.0.2.1"], None, EvidenceNotChecked, Skip),
        ],
        None,
    );
    let found = finding(&report(), EvidenceKind::Resolvers, &peer(lie), None, None);
    assert_eq!((found.wanted.as_str(), found.found.as_str()), ("192.0.2.1", "192.0.2.66"));
    assert!(found.detail.contains("192.0.2.53"), "{}", found.detail);
    assert!(found.detail.contains("content network"), "no alarm: {}", found.detail);
}

#[test]
fn a_failed_look_up_is_no_answer() {
    let mut facts = Facts::default();
    let fail = || Said::Failed("silence".into());
    let ask = |name: Name, kind| Question::new(name, kind);
    let name = |text: &str| Name::parse(text).unwrap();
    let of_address = Name::of_address(HERE.parse().unwrap());
    facts.note(&Witness::Ours, &ask(of_address, crate::dns::Kind::Ptr), fail());
    facts.note(&Witness::Ours, &ask(name("bob.test"), crate::dns::Kind::Mx), fail());
    facts.note(&Witness::Ours, &ask(name("mail.bob.test"), crate::dns::Kind::A), fail());
    let other = Witness::Other("192.0.2.53".into());
    let question = ask(name("mail.bob.test"), crate::dns::Kind::A);
    facts.note(&other, &question, Said::Records(Vec::new()));
    let mut peer = peer(&[]);
    peer.set_facts(facts);
    for of in [EvidenceKind::Reverse, EvidenceKind::Exchanges, EvidenceKind::Resolvers] {
        let found = finding(&report(), of, &peer, Some(HERE), None);
        assert_eq!((found.code, found.outcome), (Code::EvidenceNotChecked, Outcome::Skip));
        assert!(found.detail.contains("silence"), "{}", found.detail);
    }
}

#[test]
fn off_means_off() {
    let facts = ["192.0.2.1 PTR"];
    let findings = freeze(&[]).unwrap().check(&peer(&facts), &Ending::default());
    let [only] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!((only.code, only.outcome), (Code::EvidenceNotChecked, Outcome::Skip));
}

#[test]
fn only_what_is_demanded_refuses() {
    let set = [("dns_evidence", "require"), ("dns_evidence_required", "reverse")];
    let rules = freeze(&set).unwrap();
    assert_eq!(rules.needs(Needs::NONE).evidence, Need::Required);
    assert_eq!(report().needs(Needs::NONE), Needs::NONE);
    let peer = peer(&["192.0.2.1 PTR", "bob.test MX 0 ."]);
    let of = |kind| finding(&rules, kind, &peer, Some(HERE), Some("mail.eve.test"));
    let found = of(EvidenceKind::Reverse);
    assert_eq!(found.outcome, Outcome::Fail);
    assert!(!found.hint.is_empty());
    assert_eq!(of(EvidenceKind::Exchanges).outcome, Outcome::Note);
    assert_eq!(of(EvidenceKind::Banner).outcome, Outcome::Note);
    assert_eq!(of(EvidenceKind::Resolvers).outcome, Outcome::Skip);
}

#[test]
fn settings_that_cannot_be_meant() {
    for bad in [
        &[("dns_evidence", "require")][..],
        &[("dns_evidence_required", "mx")],
        &[("dns_evidence", "report"), ("dns_evidence_required", "mx")],
        &[("dns_evidence", "require"), ("dns_evidence_required", "ptr")],
        &[("dns_evidence", "require"), ("dns_evidence_required", "resolvers")],
        &[("dns_evidence", "maybe")],
        &[("dns_compare", "resolver.test")],
        &[("dns_compare", "192.0.2.1"); 9],
    ] {
        let error = freeze(bad).expect_err("refused");
        assert_eq!(error.status, Status::OptionValue, "{bad:?}: {}", error.what);
        assert!(error.what.starts_with("option dns_"), "{}", error.what);
    }
    let set = [
        ("dns_evidence", "require"),
        ("dns_evidence_required", "resolvers"),
        ("dns_compare", "192.0.2.53:5353"),
    ];
    assert_eq!(freeze(&set).unwrap().compare, ["192.0.2.53:5353".parse().unwrap()]);
}
