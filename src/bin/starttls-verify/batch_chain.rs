//! `chain --batch`: a case per line, an answer per line, in the same order.
//!
//! A line stands for itself: what is wrong with it is said in its answer, and the next one is read
//! as if nothing had been.

use std::io::{self, BufWriter, Write};

use serde::Deserialize;
use serde_json::Value as Json;
use starttls_verify::error::{Error, Result};
use starttls_verify::ossl::Chain;
use starttls_verify::report::{Report, Shown};
use starttls_verify::verify::{Ending, Evidence, judge};

use crate::answer::{Answer, Question};
use crate::base::Base;
use crate::chain::peer_of;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::line_policy::{LinePolicy, Options, decode};
use crate::lines::{Line, Lines};
use crate::record::{self, Unreadable};
use crate::tlsa::Tlsa;
use crate::verifier_cache::VerifierCache;

/// Answers every line of standard input.
pub fn run(base: Base, strict: bool) -> std::result::Result<Exit, Fault> {
    let mut cache = VerifierCache::new(base)?;
    let mut lines = Lines::of(io::stdin().lock());
    let mut out = BufWriter::new(io::stdout().lock());
    let mut worst = Exit::Trusted;
    loop {
        if lines.may_wait() {
            out.flush().map_err(Fault::Output)?;
        }
        let Some(line) = lines.read().map_err(Fault::Input)? else { break };
        let answer = answer(&mut cache, &line);
        worst = worst.max(answer.exit);
        out.write_all(answer.text.as_bytes()).map_err(Fault::Output)?;
    }
    out.flush().map_err(Fault::Output)?;
    Ok(if strict { worst } else { Exit::Trusted })
}

/// A case as it stands in the line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    #[serde(default)]
    id: Json,
    chain: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
    time: Option<i64>,
    #[serde(default)]
    anchors: Vec<String>,
    #[serde(default)]
    crls: Vec<String>,
    ocsp: Option<String>,
    #[serde(default)]
    tlsa: Vec<String>,
    tlsa_state: Option<String>,
    #[serde(default)]
    pins: Vec<String>,
    #[serde(default)]
    options: Options,
}

/// What is judged.
struct Case {
    chain: Vec<String>,
    names: Vec<String>,
    ocsp: Option<String>,
    tlsa: Vec<String>,
    tlsa_state: Option<String>,
    policy: LinePolicy,
}

impl Record {
    fn split(self) -> (Json, Case) {
        let Record { id, chain, names, time, anchors, crls, ocsp, tlsa, tlsa_state, pins, options } =
            self;
        let policy = LinePolicy { time, anchors, crls, pins, options };
        (id, Case { chain, names, ocsp, tlsa, tlsa_state, policy })
    }
}

impl Case {
    fn judge(&self, cache: &mut VerifierCache) -> Result<Report> {
        let verifier = cache.verifier(&self.policy)?;
        let mut peer = peer_of(&self.names)?;
        let tlsa = Tlsa::of_line(&self.tlsa, self.tlsa_state.as_deref())?;
        tlsa.or(cache.base().tlsa()).give(&mut peer)?;
        let chain = self.chain()?;
        let evidence = Evidence { chain: &chain, shown: Shown::OnDisk };
        Ok(judge(&verifier, &peer, &evidence, &Ending::on_disk(&chain)))
    }

    fn chain(&self) -> Result<Chain> {
        let mut chain = Chain::new();
        for (position, text) in self.chain.iter().enumerate() {
            let added = chain.add_der(&decode("chain", position, text)?);
            added.map_err(|error| {
                Error::new(error.status, format!("chain[{position}]: {}", error.what))
            })?;
        }
        if let Some(text) = &self.ocsp {
            chain.set_staple(&decode("ocsp", 0, text)?)?;
        }
        Ok(chain)
    }
}

fn answer(cache: &mut VerifierCache, line: &Line) -> Answer {
    let (id, report) = match read(line) {
        Ok((id, case)) => (id, case.judge(cache)),
        Err((id, error)) => (id, Err(error)),
    };
    let question = Question { id, line: None, target: None };
    match report {
        Ok(report) => Answer::judged(&question, &report, Exit::of(report.status, report.verdict)),
        Err(error) => Answer::error(&question, &error),
    }
}

fn read(line: &Line) -> std::result::Result<(Json, Case), Unreadable> {
    record::read::<Record>(record::text_of(line)?).map(Record::split)
}
