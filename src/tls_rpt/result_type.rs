//! The result types of RFC 8460 §4.3, and the one that each code of a report stands for.
//!
//! - `certificate-host-mismatch` is for a certificate that does not keep to what the policy asks (§4.3.1):
//!   another name, and one that no TLSA record matches.
//! - A TLSA record that nothing can be made of is `tlsa-invalid`; an answer that fails validation, or
//!   none, is `dnssec-invalid`; no proven record where the sender's `dane=require` wants one is
//!   `dane-required` (§4.3.2.1).
//! - An MX host that the MTA-STS policy does not name has no type of its own: `validation-failure`.
//! - `sts-webpki-invalid` is about the certificate of the policy host only (§4.3.2.2), never of a mail
//!   host.

use crate::report::Code;

macro_rules! result_types {
    ($( $variant:ident, $word:literal, $meaning:literal; )*) => {
        /// A result type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ResultType { $( #[doc = $meaning] $variant, )* }

        impl ResultType {
            /// All of them.
            pub const ALL: &[ResultType] = &[$( ResultType::$variant, )*];

            /// The word in a report.
            pub const fn word(self) -> &'static str {
                match self { $( ResultType::$variant => $word, )* }
            }
        }
    };
}

result_types! {
    StarttlsNotSupported, "starttls-not-supported", "The MX did not do STARTTLS.";
    CertificateHostMismatch, "certificate-host-mismatch", "The certificate is not what the policy asks for.";
    CertificateExpired, "certificate-expired", "The certificate has expired.";
    CertificateNotTrusted, "certificate-not-trusted", "Something else about the certificate or its chain.";
    ValidationFailure, "validation-failure", "A failure that no other type is for.";
    TlsaInvalid, "tlsa-invalid", "None of the TLSA records can be used.";
    DnssecInvalid, "dnssec-invalid", "The resolver gave no valid records.";
    DaneRequired, "dane-required", "The sender demands TLSA records, and there are none with DNSSEC.";
    StsPolicyFetchError, "sts-policy-fetch-error", "The MTA-STS policy could not be got.";
    StsPolicyInvalid, "sts-policy-invalid", "The MTA-STS policy does not parse.";
    StsWebpkiInvalid, "sts-webpki-invalid", "The policy host's certificate is not good.";
}

/// What a failure with this code is called; `None` where it is no result of TLS.
pub const fn result_type(code: Code) -> Option<ResultType> {
    // No catch-all: a new code must be thought of here.
    match code {
        // Good outcomes; what is no failure of TLS: transient ones (§4.3.4), a server that takes no mail,
        // a connection that broke after TLS stood.
        Code::StarttlsGranted
        | Code::StarttlsGreetingRejected
        | Code::StarttlsGreetingRejectedTemporarily
        | Code::StarttlsServerBye
        | Code::StarttlsNotChecked
        | Code::StarttlsRequired
        | Code::TlsOk
        | Code::TlsTruncated
        | Code::IoTimeout
        | Code::IoClosed
        | Code::IoConnect
        | Code::IoResolve
        | Code::IoError
        | Code::ChainTrusted
        | Code::NameMatch
        | Code::PinMatch
        | Code::KnownSame
        | Code::KnownRotated
        | Code::KnownNewAddress
        | Code::RevocationGood
        | Code::TransparencyLogged
        | Code::DaneMatch
        | Code::MtaStsMatch
        | Code::EvidenceReverseConfirmed
        | Code::EvidenceMxMember
        | Code::EvidenceBannerMatch
        | Code::EvidenceResolversAgree => None,
        Code::StarttlsNotOffered | Code::StarttlsRefused | Code::StarttlsRefusedTemporarily => {
            Some(ResultType::StarttlsNotSupported)
        }
        Code::NameMismatch
        | Code::NameMalformedSan
        | Code::NameNoSan
        | Code::NameDisagreement
        | Code::DaneMismatch => Some(ResultType::CertificateHostMismatch),
        Code::ChainExpired => Some(ResultType::CertificateExpired),
        Code::ChainUnknownIssuer
        | Code::ChainSelfSigned
        | Code::ChainNotYetValid
        | Code::ChainInvalidCa
        | Code::ChainCaAsLeaf
        | Code::ChainPurpose
        | Code::ChainWeakKey
        | Code::ChainWeakSignature
        | Code::ChainBadSignature
        | Code::ChainNameConstraint
        | Code::ChainPathLength
        | Code::ChainTooLong
        | Code::ChainBudget
        | Code::ChainCriticalExtension
        | Code::ChainRevoked
        | Code::ChainCrl
        | Code::ChainCrlMissing
        | Code::ChainCrlStale
        | Code::ChainCrlInvalid
        | Code::ChainMalformed
        | Code::ChainInvalid
        | Code::ChainStrict
        | Code::RevocationRevoked
        | Code::RevocationUnknown
        | Code::RevocationStapleMissing
        | Code::RevocationStapleInvalid
        | Code::RevocationStapleStale
        | Code::DaneWeakKey => Some(ResultType::CertificateNotTrusted),
        // General failures (§4.3.3), what the sender's own settings ask for among them.
        Code::StarttlsInjection
        | Code::StarttlsPipelined
        | Code::StarttlsProtocol
        | Code::StarttlsLineTooLong
        | Code::StarttlsTooManyLines
        | Code::StarttlsTooMuchData
        | Code::StarttlsTlsOnPlainPort
        | Code::StarttlsPreauth
        | Code::StarttlsUnexpectedData
        | Code::StarttlsDataUnprotected
        | Code::TlsVersion
        | Code::TlsHandshake
        | Code::TlsAlert
        | Code::TlsAlpn
        | Code::TlsCipher
        | Code::TlsRenegotiation
        | Code::TlsOtherPeer
        | Code::TlsProtocol
        | Code::ChainEmpty
        | Code::ChainNotChecked
        | Code::NameNotChecked
        | Code::PinMismatch
        | Code::PinNotChecked
        | Code::KnownNew
        | Code::KnownChanged
        | Code::KnownNotChecked
        | Code::RevocationNotChecked
        | Code::TransparencyTooFew
        | Code::TransparencyInvalid
        | Code::TransparencyNotChecked
        | Code::NameUnprovenHost
        | Code::MtaStsMismatch
        | Code::MtaStsTesting
        | Code::MtaStsNotChecked
        | Code::EvidenceReverseUnconfirmed
        | Code::EvidenceReverseNone
        | Code::EvidenceMxStranger
        | Code::EvidenceBannerDiffers
        | Code::EvidenceResolversDiffer
        | Code::EvidenceNotChecked => Some(ResultType::ValidationFailure),
        Code::DaneUnusable => Some(ResultType::TlsaInvalid),
        Code::DaneBogus | Code::DaneLookupFailed => Some(ResultType::DnssecInvalid),
        Code::DaneInsecure | Code::DaneNotChecked => Some(ResultType::DaneRequired),
        Code::MtaStsUnknown => Some(ResultType::StsPolicyFetchError),
        Code::MtaStsInvalid => Some(ResultType::StsPolicyInvalid),
        Code::MtaStsHostNotTrusted => Some(ResultType::StsWebpkiInvalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Check, TABLE};
    use crate::status::Status;

    #[test]
    fn every_code_has_its_place() {
        for row in TABLE {
            let result = result_type(row.code);
            if row.status == Status::Ok || row.check == Check::Io {
                assert_eq!(result, None, "{}", row.name);
            } else if Check::OF_PEER.contains(&row.check) {
                assert!(result.is_some(), "{} is about the peer", row.name);
            }
        }
        for (name, wanted) in [
            ("starttls.not_offered", "starttls-not-supported"),
            ("starttls.plaintext_injection", "validation-failure"),
            ("tls.version", "validation-failure"),
            ("chain.expired", "certificate-expired"),
            ("chain.not_yet_valid", "certificate-not-trusted"),
            ("chain.unknown_issuer", "certificate-not-trusted"),
            ("name.mismatch", "certificate-host-mismatch"),
            ("dane.mismatch", "certificate-host-mismatch"),
            ("dane.unusable", "tlsa-invalid"),
            ("dane.bogus", "dnssec-invalid"),
            ("dane.lookup_failed", "dnssec-invalid"),
            ("dane.not_checked", "dane-required"),
            ("mta_sts.mismatch", "validation-failure"),
            ("mta_sts.unknown", "sts-policy-fetch-error"),
            ("mta_sts.invalid", "sts-policy-invalid"),
            ("mta_sts.host_not_trusted", "sts-webpki-invalid"),
        ] {
            let row = TABLE.iter().find(|row| row.name == name).expect(name);
            assert_eq!(result_type(row.code).map(ResultType::word), Some(wanted), "{name}");
        }
    }

    #[test]
    fn words_are_unique() {
        for one in ResultType::ALL {
            let same = ResultType::ALL.iter().filter(|other| other.word() == one.word());
            assert_eq!(same.count(), 1, "{one:?}");
        }
    }
}
