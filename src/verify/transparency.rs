//! Does the certificate stand in public logs (RFC 6962)?
//!
//! A promise of a log (SCT) comes inside the certificate, with the stapled OCSP response, or in the
//! handshake, where our own sessions ask for it. It counts if its log is on the list that the caller
//! gave and in good standing, takes certificates of this age, and signed it before now. Two promises
//! of one log count once. Without a list nothing is checked, and no server is asked.
//!
//! Q: Does it prove that the certificate is in the log? A: No, only that the log promised so. Somebody
//! who watches logs sees the certificate of a CA that was deceived; that is the point of asking for it.

use std::collections::BTreeSet;

use crate::der::{self, oid, single, tag};
use crate::error::{Error, Result};
use crate::limits::SCTS;
use crate::ocsp::Response;
use crate::options::Settings;
use crate::ossl::{Ask, Scheme, digest};
use crate::pin::Algorithm;
use crate::report::{Code, Finding};
use crate::sct::{Entry, Sct, before_logging, parse_list};
use crate::status::Status;
use crate::trust::{Log, Logs, Standing, Watched};

use super::chain::Path;
use super::decide::{Need, Needs};
use super::examination::{Ending, Reached};

/// How far a log's clock and ours may differ, milliseconds.
const SKEW_MS: u64 = 300_000;

/// Rules for public logs.
pub struct CtRules {
    logs: Option<Logs>,
    required: usize,
}

impl CtRules {
    /// Reads the list.
    pub fn freeze(settings: &Settings) -> Result<CtRules> {
        let logs = settings.text("ct_log_file").map(Logs::load).transpose()?;
        let required = settings.int("ct_required").and_then(|number| usize::try_from(number).ok());
        let required = required.unwrap_or(0);
        match &logs {
            None if required > 0 => {
                let what = "option ct_required needs the option ct_log_file: without a list of logs \
                            no promise of one can be checked";
                Err(Error::new(Status::OptionValue, what))
            }
            Some(logs) if logs.by_id.len() < required => {
                let what = "option ct_required: the list has fewer logs than that";
                Err(Error::new(Status::OptionValue, what))
            }
            _ => Ok(CtRules { logs, required }),
        }
    }

    /// Whether servers are asked for promises: only where there is a list to hold them against.
    pub fn ask(settings: &Settings) -> Ask {
        if settings.text("ct_log_file").is_some() { Ask::Asked } else { Ask::NotAsked }
    }

    /// The list's file.
    pub fn watched(&self) -> Option<&Watched> {
        self.logs.as_ref().map(|logs| &logs.watched)
    }

    /// What the check weighs.
    pub fn needs(&self, needs: Needs) -> Needs {
        let transparency = if self.required > 0 { Need::Required } else { Need::ReportOnly };
        Needs { transparency, ..needs }
    }

    /// Counts the logs that promised to hold the certificate.
    pub fn check(&self, path: &Path, ending: &Ending, now: i64) -> Finding {
        let skip = |words| Finding::skip(Code::TransparencyNotChecked, words);
        let (Some(logs), Reached::Reached) = (&self.logs, ending.reached) else {
            return skip("no list of public logs is given (ct_log_file)");
        };
        let [leaf, issuer, ..] = path.verified.as_slice() else {
            return skip("without a verified chain to a CA no log entry can be made out");
        };
        let parsed = (der::Certificate::parse(leaf.der()), der::Certificate::parse(issuer.der()));
        let (Ok(leaf), Ok(issuer)) = parsed else {
            return skip("the certificate cannot be made out");
        };
        match (Shown { logs, leaf: &leaf, issuer_spki: issuer.spki, now }).tally(ending) {
            Ok(tally) => self.finding(&tally),
            Err(words) => Finding::fail(Code::TransparencyInvalid, words).at(0),
        }
    }

    fn finding(&self, tally: &Tally) -> Finding {
        let wanted = self.required.max(1);
        let found = tally.logs.len();
        let names: Vec<String> =
            tally.logs.iter().map(|name| crate::report::quote(name.as_bytes())).collect();
        let mut words = match found {
            0 => "no public log on the list promised to hold the certificate".to_owned(),
            _ => format!(
                "{found} public logs promised to hold the certificate: {}",
                names.join(", ")
            ),
        };
        if let Some(objection) = tally.objections.first() {
            let count = tally.objections.len();
            words = format!("{words}; {count} SCTs do not count, the first because {objection}");
        }
        let finding = if found >= wanted {
            Finding::pass(Code::TransparencyLogged, words)
        } else {
            Finding::fail(Code::TransparencyTooFew, words)
        };
        finding.compared(format!("{wanted} logs"), format!("{found} logs")).at(0)
    }
}

/// What the promises come to.
#[derive(Default)]
struct Tally {
    logs: BTreeSet<String>,
    objections: Vec<String>,
}

/// What is needed to check a promise.
struct Shown<'a> {
    logs: &'a Logs,
    leaf: &'a der::Certificate<'a>,
    issuer_spki: &'a [u8],
    now: i64,
}

impl Shown<'_> {
    fn tally(&self, ending: &Ending) -> std::result::Result<Tally, String> {
        let mut tally = Tally::default();
        let beside = Entry::Certificate(self.leaf.whole);
        if let Some(list) = self.embedded()? {
            let issuer: [u8; 32] = self.issuer_hash()?;
            let before = before_logging(self.leaf.tbs).map_err(|error| error.to_string())?;
            self.count(list, Entry::Precertificate(&issuer, &before), &mut tally)?;
        }
        for list in ending.staple.map(of_staple).unwrap_or_default() {
            self.count(list, beside, &mut tally)?;
        }
        if let Some(list) = ending.scts {
            self.count(list, beside, &mut tally)?;
        }
        Ok(tally)
    }

    fn embedded(&self) -> std::result::Result<Option<&[u8]>, String> {
        let Some(value) = self.leaf.extension(oid::SCTS_OF_CERTIFICATE) else { return Ok(None) };
        let list = single(value, tag::OCTET_STRING).map_err(|error| error.to_string())?;
        Ok(Some(list.value))
    }

    fn issuer_hash(&self) -> std::result::Result<[u8; 32], String> {
        let hash = digest(Algorithm::Sha256, self.issuer_spki).map_err(|error| error.what)?;
        hash.try_into().map_err(|_| "SHA-256 has 32 octets".to_owned())
    }

    fn count(
        &self,
        list: &[u8],
        entry: Entry,
        tally: &mut Tally,
    ) -> std::result::Result<(), String> {
        let scts = parse_list(list).map_err(|error| error.to_string())?;
        if scts.len() > SCTS {
            return Err(format!("there are more than {SCTS} SCTs in one list"));
        }
        for sct in scts {
            match self.promised(&sct, entry) {
                Ok(log) => drop(tally.logs.insert(log.name.clone())),
                Err(objection) => tally.objections.push(objection),
            }
        }
        Ok(())
    }

    /// The log, if its promise counts.
    fn promised(&self, sct: &Sct, entry: Entry) -> std::result::Result<&Log, String> {
        let Some(log) = self.logs.by_id.get(&sct.log[..]) else {
            return Err("its log is not on the list".to_owned());
        };
        let name = crate::report::quote(log.name.as_bytes());
        let seconds = i64::try_from(sct.timestamp / 1000).unwrap_or(i64::MAX);
        match log.standing {
            Standing::Good => {}
            Standing::Until(end) if seconds < end => {}
            Standing::Until(_) => return Err(format!("the log {name} was retired before")),
            Standing::None => return Err(format!("the log {name} is not trusted")),
        }
        let not_after = der::epoch(self.leaf.not_after).map_err(|error| error.to_string())?;
        if log.interval.is_some_and(|(from, before)| not_after < from || not_after >= before) {
            return Err(format!("the log {name} takes no certificates that end at that time"));
        }
        let now_ms = u64::try_from(self.now).unwrap_or(0).saturating_mul(1000);
        if sct.timestamp > now_ms.saturating_add(SKEW_MS) {
            return Err(format!("the promise of the log {name} is of a time that has not come"));
        }
        let signed = scheme(sct.algorithm)
            .is_some_and(|scheme| log.key.has_signed(scheme, &sct.signed(entry), sct.signature));
        if signed { Ok(log) } else { Err(format!("the signature of the log {name} is wrong")) }
    }
}

/// RFC 6962 §2.1.4: ECDSA or RSA with SHA-256 (RFC 5246 §7.4.1.4.1: sha256 is 4, ecdsa 3, rsa 1).
const fn scheme(algorithm: [u8; 2]) -> Option<Scheme> {
    match algorithm {
        [4, 3] => Some(Scheme::EcdsaSha256),
        [4, 1] => Some(Scheme::RsaSha256),
        _ => None,
    }
}

/// The lists of a stapled OCSP response. A staple that is none has none: what that means is another
/// check's business.
fn of_staple(staple: &[u8]) -> Vec<&[u8]> {
    let Ok(Response::Basic(basic)) = Response::parse(staple) else { return Vec::new() };
    let extensions = basic.answers.iter().flat_map(|answer| answer.extensions.iter());
    let values = extensions.filter(|extension| extension.oid == oid::SCTS_OF_OCSP);
    values
        .filter_map(|extension| single(extension.value, tag::OCTET_STRING).ok())
        .map(|list| list.value)
        .collect()
}
