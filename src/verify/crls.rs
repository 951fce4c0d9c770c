//! What revocation lists weigh. They are given, never fetched: when any are, every certificate below
//! the anchor is checked, and a list that is missing, out of date or wrong is a failure.
//!
//! The soft mode forgives only what an administrator who forgot a job can cause (a list is missing or
//! out of date). A list with a wrong signature is somebody's doing, and revoked stays revoked, also by
//! a list that is out of date.

use crate::crl::issuer_and_number;
use crate::der;
use crate::error::Result;
use crate::options::Settings;
use crate::ossl::{Certificate, Crl, CrlScope, fault};
use crate::report::Code;
use crate::trust::{CrlSources, Crls, Watched};

/// Rules for revocation lists.
pub struct CrlRules {
    /// The lists.
    pub lists: Vec<Crl>,
    /// Whose revocation is checked.
    pub scope: CrlScope,
    /// What it means that nothing can be said.
    pub lack: CrlLack,
}

/// What a list that is missing or out of date is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrlLack {
    /// A failure.
    Refused,
    /// Insecure: a note.
    Noted,
}

impl CrlRules {
    /// Reads the lists; the files that they come from are to be watched.
    pub fn freeze(settings: &Settings) -> Result<(CrlRules, Vec<Watched>)> {
        let crls = Crls::load(&CrlSources {
            files: settings.texts("crl_file").map(|(path, _)| path).collect(),
            directories: settings.texts("crl_path").map(|(path, _)| path).collect(),
            pem: settings.bytes("crl_pem").collect(),
            der: settings.bytes("crl_der").collect(),
        })?;
        let scope = match settings.text("crl_check") {
            Some("leaf") => CrlScope::Leaf,
            _ => CrlScope::Chain,
        };
        let lack = match settings.bool("insecure_crl_soft") {
            Some(true) => CrlLack::Noted,
            Some(false) | None => CrlLack::Refused,
        };
        Ok((CrlRules { lists: crls.lists, scope, lack }, crls.watched))
    }

    /// The first certificate of the path whose lists are all without a number.
    pub fn unnumbered(&self, path: &[Certificate]) -> Option<usize> {
        let read = self.lists.iter().filter_map(|list| issuer_and_number(list.der()).ok());
        let read: Vec<(&[u8], bool)> = read.collect();
        path.iter().position(|issuer| {
            let Ok(skeleton) = der::Certificate::parse(issuer.der()) else { return false };
            let mut own = read.iter().filter(|(name, _)| *name == skeleton.subject).peekable();
            own.peek().is_some() && own.all(|(_, numbered)| !numbered)
        })
    }

    /// Whether this fault is only a note here.
    pub fn pardons(&self, number: i32) -> bool {
        let lack = matches!(lack_of(number), Some(Code::ChainCrlMissing | Code::ChainCrlStale));
        lack && self.lack == CrlLack::Noted
    }
}

/// What OpenSSL's faults about lists mean.
pub const CODES: &[(i32, Code)] = &[
    (fault::UNABLE_TO_GET_CRL, Code::ChainCrlMissing),
    (fault::CRL_HAS_EXPIRED, Code::ChainCrlStale),
    (fault::CRL_NOT_YET_VALID, Code::ChainCrlStale),
    (fault::CRL_SIGNATURE_FAILURE, Code::ChainCrlInvalid),
    (fault::UNABLE_TO_DECRYPT_CRL_SIGNATURE, Code::ChainCrlInvalid),
    (fault::ERROR_IN_CRL_LAST_UPDATE_FIELD, Code::ChainCrlInvalid),
    (fault::ERROR_IN_CRL_NEXT_UPDATE_FIELD, Code::ChainCrlInvalid),
    (fault::KEYUSAGE_NO_CRL_SIGN, Code::ChainCrlInvalid),
    (fault::UNHANDLED_CRITICAL_CRL_EXTENSION, Code::ChainCrlInvalid),
    (fault::UNABLE_TO_GET_CRL_ISSUER, Code::ChainCrl),
    (fault::DIFFERENT_CRL_SCOPE, Code::ChainCrl),
    (fault::CRL_PATH_VALIDATION_ERROR, Code::ChainCrl),
];

/// The code, if the fault is about a list and not about the certificate.
pub fn lack_of(number: i32) -> Option<Code> {
    CODES.iter().find(|(known, _)| *known == number).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_mode_forgives_a_lack_and_nothing_else() {
        let rules = |lack| CrlRules { lists: Vec::new(), scope: CrlScope::Chain, lack };
        for number in 0..100 {
            let lack = [fault::UNABLE_TO_GET_CRL, fault::CRL_HAS_EXPIRED, fault::CRL_NOT_YET_VALID];
            assert_eq!(rules(CrlLack::Noted).pardons(number), lack.contains(&number), "{number}");
            assert!(!rules(CrlLack::Refused).pardons(number), "{number}");
        }
    }
}
