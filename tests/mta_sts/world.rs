//! A verifier and a CA for policy hosts.

use std::time::Duration;

use starttls_verify::discover::{FetchFault, PolicyHosts};
use starttls_verify::mta_sts::{Sts, StsPolicy};
use starttls_verify::name::{DnsName, Idna};
use starttls_verify::options::{self, Value};
use starttls_verify::ossl::Chain;
use starttls_verify::report::{Report, Shown};
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Provenance, Verifier, judge};
use stv_lab::chains::{self as lab, Pki};

use super::host::{Answer, serve};

const PATIENCE: Duration = Duration::from_millis(1500);

pub struct World {
    pub pki: Pki,
    verifier: Verifier,
}

impl World {
    pub fn new(more: &[(&str, Value)]) -> World {
        let pki = Pki::new().unwrap();
        let mut config = Config::new();
        let put = |config: &mut Config, name: &str, value| {
            config.put(options::Mode::Replace, name, value).unwrap();
        };
        put(&mut config, "ca_pem", Value::Bytes(pki.root.cert.to_pem().unwrap()));
        put(&mut config, "io_timeout_ms", Value::Int(700));
        for (name, value) in more {
            put(&mut config, name, value.clone());
        }
        World { pki, verifier: Verifier::new(&config).unwrap() }
    }

    pub fn fetch(&self, address: &str) -> Result<StsPolicy, FetchFault> {
        let hosts = PolicyHosts { verifier: &self.verifier, patience: PATIENCE };
        let domain = DnsName::parse("bob.test", Idna::Refuse).unwrap();
        hosts
            .fetch(&domain, &[address.parse().unwrap()])
            .map(|text| StsPolicy::parse(&text).expect("a policy that parses"))
    }

    /// What a host with a perfect certificate gives.
    pub fn honest(&self, answer: Answer) -> Result<StsPolicy, FetchFault> {
        self.fetch(&serve(&self.pki.leaf(&["mta-sts.bob.test"]).unwrap(), answer))
    }
}

/// What the judge says of mail.bob.test with this chain, under this policy of its domain.
pub fn judged(pki: &Pki, more: &[(&str, Value)], shown: &lab::Chain, policy: &str) -> Report {
    judged_from(pki, more, shown, policy, Provenance::User)
}

/// The same for a host that was named so for bob.test.
pub fn judged_from(
    pki: &Pki,
    more: &[(&str, Value)],
    shown: &lab::Chain,
    policy: &str,
    provenance: Provenance,
) -> Report {
    let mut config = Config::new();
    let anchor = Value::Bytes(pki.root.cert.to_pem().unwrap());
    config.put(options::Mode::Replace, "ca_pem", anchor).unwrap();
    for (name, value) in more {
        config.put(options::Mode::Replace, name, value.clone()).unwrap();
    }
    let mut peer = Peer::new();
    peer.set_host("mail.bob.test").unwrap();
    if provenance != Provenance::User {
        peer.set_origin("bob.test", provenance).unwrap();
    }
    peer.set_sts(Sts::stated(policy).unwrap());
    let mut chain = Chain::new();
    for certificate in &shown.certs {
        chain.add_der(&certificate.to_der().unwrap()).unwrap();
    }
    let evidence = Evidence { chain: &chain, shown: Shown::OnDisk };
    judge(&Verifier::new(&config).unwrap(), &peer, &evidence, &Ending::default())
}
