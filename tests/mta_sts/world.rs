//! A verifier and a CA for policy hosts.

use std::time::Duration;

use starttls_verify::discover::{FetchFault, PolicyHosts};
use starttls_verify::mta_sts::StsPolicy;
use starttls_verify::name::{DnsName, Idna};
use starttls_verify::options::{self, Value};
use starttls_verify::verify::{Config, Verifier};
use stv_lab::chains::Pki;

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
        let hosts =
            PolicyHosts { verifier: &self.verifier, connect: Some(address), patience: PATIENCE };
        let domain = DnsName::parse("bob.test", Idna::Refuse).unwrap();
        hosts.fetch(&domain).map(|text| StsPolicy::parse(&text).expect("a policy that parses"))
    }

    /// What a host with a perfect certificate gives.
    pub fn honest(&self, answer: Answer) -> Result<StsPolicy, FetchFault> {
        self.fetch(&serve(&self.pki.leaf(&["mta-sts.bob.test"]).unwrap(), answer))
    }
}
