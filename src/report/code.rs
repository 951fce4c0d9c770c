//! The table of codes: the stable word of every finding, what it means and what to do.
//!
//! `docs/errors.md` is generated from it. A code is never renamed; its prose may be improved.

use crate::status::Status;

use super::Check;

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// The code itself.
    pub code: Code,
    /// The stable word.
    pub name: &'static str,
    /// The check it belongs to.
    pub check: Check,
    /// The status of a call that ends with this finding.
    pub status: Status,
    /// What it means, one sentence.
    pub meaning: &'static str,
    /// What to do about it. This is the hint of the finding unless the check knows better.
    pub hint: &'static str,
}

macro_rules! codes {
    ($( $variant:ident, $name:literal, $check:ident, $status:ident,
        $meaning:literal, $cause:literal, $hint:literal; )*) => {
        /// The stable code of a finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(C)]
        pub enum Code { $( #[doc = $meaning] $variant, )* }

        /// The table, in the order in which `docs/errors.md` shows it.
        pub const TABLE: &[Row] = &[$( Row {
            code: Code::$variant, name: $name, check: Check::$check, status: Status::$status,
            meaning: $meaning, hint: $hint,
        }, )*];

        /// What usually causes each, in the order of the table: for pages, and no part of the shared
        /// library.
        pub const CAUSES: &[&str] = &[$( $cause, )*];
    };
}

codes! {
    StarttlsGranted, "starttls.granted", Starttls, Ok,
        "The server granted STARTTLS and sent nothing behind the go-ahead.",
        "All is well.", "";
    StarttlsNotOffered, "starttls.not_offered", Starttls, NotOffered,
        "The server does not offer STARTTLS.",
        "A middlebox removed the capability (a stripping attack or an old firewall), or the server has no certificate configured.",
        "Ask the server's administrator whether STARTTLS is on; if it is, something between you and the server removes it. Do not send a password here.";
    StarttlsRefused, "starttls.refused", Starttls, Refused,
        "The server answered STARTTLS with a permanent refusal.",
        "TLS is switched off for this client or port, or the answer is forged.",
        "Check the server's TLS settings and the port.";
    StarttlsRefusedTemporarily, "starttls.refused_temporarily", Starttls, RefusedTemporarily,
        "The server answered STARTTLS with a temporary refusal.",
        "The server cannot load its certificate or key right now, or the answer is forged.",
        "Try again later; if it lasts, the server's administrator should look into its log.";
    StarttlsInjection, "starttls.plaintext_injection", Starttls, Injected,
        "Plaintext arrived behind the go-ahead, before the handshake.",
        "Somebody on the path adds commands or answers that the program would take for protected ones (CVE-2011-0411, CVE-2021-38371).",
        "Do not use this connection or network; compare with the same check from another network.";
    StarttlsPipelined, "starttls.pipelined_reply", Starttls, Pipelined,
        "The server sent an answer to a command that had not been sent yet.",
        "Answers are being injected before TLS, or the server is broken.",
        "Do not use this connection or network; compare with the same check from another network.";
    StarttlsProtocol, "starttls.protocol", Starttls, Protocol,
        "What the server sent is not the protocol that was expected.",
        "Wrong port or protocol, a captive portal, or a forged answer.",
        "Check protocol and port.";
    StarttlsLineTooLong, "starttls.line_too_long", Starttls, LineTooLong,
        "A line of the server is longer than the limit.",
        "Wrong protocol, or an attempt to exhaust memory.",
        "Check protocol and port; the limit is the option max_line.";
    StarttlsTooManyLines, "starttls.too_many_lines", Starttls, TooManyLines,
        "The server sent more lines than the limit.",
        "An endless answer: a broken server or an attempt to exhaust memory.",
        "Check the server; the limit is the option max_lines.";
    StarttlsTooMuchData, "starttls.too_much_data", Starttls, TooMuchData,
        "The server sent more bytes than the limit before TLS.",
        "An endless answer: a broken server or an attempt to exhaust memory.",
        "Check the server; the limit is the option max_negotiation_bytes.";
    StarttlsGreetingRejected, "starttls.greeting_rejected", Starttls, GreetingRejected,
        "The server greets with a permanent refusal.",
        "The client's address is blocked, or the service is closed.",
        "Read the server's words in the report (they are not authenticated) and ask its administrator.";
    StarttlsGreetingRejectedTemporarily, "starttls.greeting_rejected_temporarily", Starttls, GreetingRejectedTemporarily,
        "The server greets with a temporary refusal.",
        "The server is busy or limits this client.",
        "Try again later.";
    StarttlsServerBye, "starttls.server_bye", Starttls, ServerBye,
        "The server said goodbye before TLS.",
        "The server is shutting down or limits this client.",
        "Try again later.";
    StarttlsTlsOnPlainPort, "starttls.tls_on_plain_port", Starttls, TlsOnPlainPort,
        "The server spoke TLS at once where plaintext was expected.",
        "This is an implicit-TLS port (465, 993, 995, ...).",
        "Use the implicit-TLS scheme for this port, or the port for STARTTLS.";
    StarttlsPreauth, "starttls.preauth", Starttls, Preauth,
        "The server claims that the session is authenticated before TLS.",
        "A server that was set up wrongly, or somebody on the path who wants TLS to be skipped (RFC 9051 §7.1.4).",
        "Do not use this connection; ask the server's administrator.";
    StarttlsUnexpectedData, "starttls.unexpected_data", Starttls, UnexpectedData,
        "The server sent data that has no place before TLS.",
        "Somebody on the path plants answers that the program would keep.",
        "Do not use this connection or network; compare with the same check from another network.";
    StarttlsDataUnprotected, "starttls.data_unprotected", Starttls, Refused,
        "The server refuses to protect data connections.",
        "The server's settings, or a server that cannot.",
        "Do not transfer files over this session; ask the server's administrator.";
    StarttlsNotChecked, "starttls.not_checked", Starttls, Rejected,
        "How the connection came to TLS was not checked.",
        "The program negotiated STARTTLS itself and handed in the SSL, the connection or the chain.",
        "";
    StarttlsRequired, "starttls.required", Starttls, NotOffered,
        "A command was to be sent in clear that has no place before TLS.",
        "The program goes on without TLS, because it was not told to use it or because the server's offer of STARTTLS was cut out on the way, and the administrator demands TLS for this server.",
        "Nothing was sent. Switch STARTTLS on in the program; if it is on, something between you and the server removes the offer.";

    TlsOk, "tls.ok", Tls, Ok,
        "The TLS handshake was completed with an allowed version and cipher.",
        "All is well.", "";
    TlsVersion, "tls.version", Tls, TlsVersion,
        "The server speaks no TLS version that is allowed.",
        "The server only knows TLS 1.0 or 1.1, which RFC 8996 forbids.",
        "The server needs TLS 1.2 or newer; insecure_min_tls accepts older versions.";
    TlsHandshake, "tls.handshake", Tls, TlsHandshake,
        "The TLS handshake failed.",
        "No common cipher or group, a broken server, or something that is not TLS.",
        "Compare the versions, ciphers and groups of both sides.";
    TlsAlert, "tls.alert", Tls, TlsAlert,
        "The server ended the handshake with an alert.",
        "The server does not accept the requested name (SNI), wants a client certificate, or shares no cipher.",
        "Look at the name of the alert; check the host name and the client certificate.";
    TlsAlpn, "tls.alpn", Tls, TlsAlpn,
        "The server chose an application protocol that was not offered.",
        "The connection was led to another service (cross-protocol attack), or a broken server.",
        "Check host and port; the option alpn=false offers none.";
    TlsCipher, "tls.cipher", Tls, Rejected,
        "The cipher does not encrypt.",
        "The program's own cipher list allows NULL ciphers.",
        "Remove eNULL from the cipher list of the program.";
    TlsRenegotiation, "tls.renegotiation", Tls, TlsProtocol,
        "The server asked for a second handshake inside the session.",
        "An old server that wants a client certificate only now, or somebody who wants to take the server's place (CVE-2009-3555).",
        "Let the server ask for the certificate in its first handshake, or speak TLS 1.3.";
    TlsOtherPeer, "tls.other_peer", Tls, Rejected,
        "A data connection leads to another peer than its control connection.",
        "Somebody on the path answers the data connection, or a load balancer with several certificates.",
        "Do not transfer files over this connection; compare from another network.";
    TlsTruncated, "tls.truncated", Tls, TlsTruncated,
        "The connection ended without close_notify.",
        "The server or somebody on the path cut the connection; what was read may be incomplete.",
        "Treat the last answer as incomplete.";
    TlsProtocol, "tls.protocol", Tls, TlsProtocol,
        "The TLS connection broke after the handshake.",
        "A damaged or forged record, or an internal error of one side.",
        "Connect anew.";

    IoTimeout, "io.timeout", Io, Timeout,
        "A deadline passed.",
        "The server, the network or somebody on the path is slow or silent.",
        "Try again; the deadlines are the options connect_timeout_ms, negotiation_timeout_ms, handshake_timeout_ms and io_timeout_ms.";
    IoClosed, "io.closed", Io, IoClosed,
        "The server closed the connection before TLS stood.",
        "A firewall or the server ends it; often the server has no usable certificate.",
        "Look into the server's log.";
    IoConnect, "io.connect", Io, Connect,
        "No address of the host could be connected to.",
        "The service is down, or a firewall is in the way.",
        "Check host, port and firewall.";
    IoResolve, "io.resolve", Io, Resolve,
        "The host name has no address.",
        "The name is misspelt, or DNS does not work.",
        "Check the name and the resolver.";
    IoError, "io.error", Io, Io,
        "Reading from or writing to the connection failed.",
        "The network or the server broke the connection.",
        "Try again.";

    ChainTrusted, "chain.trusted", Chain, Ok,
        "The certificate leads to a trusted CA, and every certificate on the way is valid.",
        "All is well.", "";
    ChainUnknownIssuer, "chain.unknown_issuer", Chain, Rejected,
        "The certificate does not lead to a trusted CA.",
        "The server does not send its intermediate certificate, the CA is private, or the certificate is a forgery.",
        "If the server is yours: install the full chain (fullchain.pem). If it has a private CA, give that CA with cafile.";
    ChainSelfSigned, "chain.self_signed", Chain, Rejected,
        "The certificate is signed by itself and is not trusted.",
        "A server with a default or home-made certificate, or an attacker.",
        "Get the certificate over a safe way and give it as cafile, or pin its key (spki-sha256).";
    ChainExpired, "chain.expired", Chain, Rejected,
        "A certificate has expired.",
        "The renewal did not happen or was not loaded, or this machine's clock is wrong.",
        "Renew the certificate and reload the server; check the clock of this machine.";
    ChainNotYetValid, "chain.not_yet_valid", Chain, Rejected,
        "A certificate is not valid yet.",
        "This machine's clock is behind, or the certificate was made for later.",
        "Check the clock of this machine.";
    ChainInvalidCa, "chain.invalid_ca", Chain, Rejected,
        "A certificate that is no CA issued another.",
        "A forgery with a stolen or bought leaf certificate, or a badly made private CA.",
        "A private CA needs basicConstraints CA:TRUE. Otherwise do not trust this server.";
    ChainCaAsLeaf, "chain.ca_as_leaf", Chain, Rejected,
        "The server shows a CA certificate as its own.",
        "A badly made private certificate.",
        "Issue a server certificate with CA:FALSE, or give this certificate itself as cafile, or pin it.";
    ChainPurpose, "chain.purpose", Chain, Rejected,
        "A certificate is not meant for a TLS server.",
        "A client or mail certificate was installed on the server, or is misused.",
        "Issue the certificate with extendedKeyUsage serverAuth; where it has a keyUsage, with digitalSignature.";
    ChainWeakKey, "chain.weak_key", Chain, Rejected,
        "A key is too weak for the security level.",
        "An old certificate (RSA below 2048 bits).",
        "Issue a new certificate with RSA 2048 bits or P-256.";
    ChainWeakSignature, "chain.weak_signature", Chain, Rejected,
        "A certificate is signed with a broken digest (MD5, SHA-1).",
        "An old certificate.",
        "Issue a new certificate signed with SHA-256 or better.";
    ChainBadSignature, "chain.bad_signature", Chain, Rejected,
        "The signature of a certificate is wrong.",
        "A forgery, or a damaged certificate.",
        "Do not trust this server.";
    ChainNameConstraint, "chain.name_constraint", Chain, Rejected,
        "A CA issued a certificate for a name that it must not.",
        "A private or misused CA outside its permitted names.",
        "The certificate must come from a CA that may issue for this name.";
    ChainPathLength, "chain.path_length", Chain, Rejected,
        "A CA stands deeper in the chain than its issuer permits.",
        "A badly made private CA, or a misused intermediate.",
        "Raise the pathlen of the issuing CA, or issue from the permitted level.";
    ChainTooLong, "chain.too_long", Chain, Rejected,
        "The chain is longer than the limit.",
        "Stray or hostile certificates in the chain.",
        "Send only the chain that is needed; the limit is the option verify_depth.";
    ChainBudget, "chain.budget", Chain, Rejected,
        "The search for a path to a trusted CA was given up at its limit.",
        "A hostile chain of certificates that certify one another, or of very many names and name constraints.",
        "Send only the chain that is needed: the certificate and its intermediates.";
    ChainCriticalExtension, "chain.critical_extension", Chain, Rejected,
        "A certificate has a critical extension that is not known.",
        "The certificate is meant for another use.",
        "Issue the certificate without it, or not critical.";
    ChainRevoked, "chain.revoked", Chain, Rejected,
        "A certificate was revoked by its CA.",
        "The key was lost or stolen, or the certificate replaced.",
        "Install the new certificate. Do not trust this server until then.";
    ChainCrl, "chain.crl", Chain, Rejected,
        "A CRL of the issuer is there and does not speak for the certificate.",
        "It is for other certificates (CA or user certificates only, another distribution point), or its signer has no trusted path.",
        "Give the full CRL of every CA below the anchor.";
    ChainCrlMissing, "chain.crl_missing", Chain, Rejected,
        "CRLs were given, and none is of the CA that issued a certificate.",
        "The CRL of an intermediate CA was forgotten, or belongs to another CA of the same operator.",
        "Give a CRL of every CA below the anchor; crl_check=leaf asks for that of the server's certificate only.";
    ChainCrlStale, "chain.crl_stale", Chain, Rejected,
        "A CRL is out of date, or not valid yet.",
        "The job that fetches CRLs has stopped, or this machine's clock is wrong.",
        "Fetch the CRL anew and make a new verifier; check the clock of this machine.";
    ChainCrlInvalid, "chain.crl_invalid", Chain, Rejected,
        "A CRL cannot be believed: its signature is wrong, its issuer may sign none, or it has a critical extension that is not known.",
        "A forged or damaged CRL, or one of another CA with the same name.",
        "Fetch the CRL anew from its CA; do not trust this server until then.";
    ChainMalformed, "chain.malformed", Chain, Rejected,
        "A certificate cannot be parsed.",
        "A damaged or hostile certificate.",
        "Do not trust this server.";
    ChainInvalid, "chain.invalid", Chain, Rejected,
        "A certificate breaks a rule of RFC 5280.",
        "A badly made certificate; OpenSSL's words are in the detail.",
        "Issue a certificate that keeps the rule named in the detail.";
    ChainStrict, "chain.strict", Chain, Rejected,
        "A certificate breaks a rule that public CAs must keep.",
        "Common with private CAs, whose anchors the caller gave: a note then, a refusal under a public one.",
        "Make the private CA with basicConstraints and keyUsage, both critical.";
    ChainEmpty, "chain.empty", Chain, Rejected,
        "There is no certificate.",
        "The server sent none (anonymous cipher), or an empty chain was handed in.",
        "A server must show a certificate.";
    ChainNotChecked, "chain.not_checked", Chain, Rejected,
        "The chain was not checked.",
        "The session ended before the certificate, or insecure_no_chain is set.",
        "";

    NameMatch, "name.match", Name, Ok,
        "The certificate is for the name that was wanted.",
        "All is well.", "";
    NameMismatch, "name.mismatch", Name, Rejected,
        "The certificate is for another name.",
        "The host name is an alias that the certificate does not hold (shared hosting), or this is another server: perhaps an attacker with a valid certificate of its own.",
        "Use a name that the certificate holds, if you know that it is the same server; or have the name added to the certificate.";
    NameUnprovenHost, "name.unproven_host", Name, Rejected,
        "The letter may only go to a host that is proven to serve the domain, and nothing proves this one.",
        "The option requiretls is set, and the domain has neither signed MX records nor an MTA-STS policy that names the host.",
        "Return the letter to its sender; the domain's administrator should sign the zone or publish an MTA-STS policy.";
    NameMalformedSan, "name.malformed_san", Name, Rejected,
        "The subjectAltName of the certificate is malformed.",
        "A hostile certificate (NUL or text tricks), or a badly made one.",
        "Do not trust this server; a private certificate must be made anew.";
    NameNoSan, "name.no_san", Name, Rejected,
        "The certificate has no subjectAltName.",
        "An old or home-made certificate with the name in its CN only, which RFC 9525 does not accept.",
        "Issue the certificate with subjectAltName = DNS:the.host.name.";
    NameDisagreement, "name.disagreement", Name, Rejected,
        "OpenSSL's host check and our own matcher disagree.",
        "A hostile certificate, or a fault in one of the two.",
        "Please report the certificate to the project; until then it is refused.";
    NameNotChecked, "name.not_checked", Name, Rejected,
        "The name was not checked.",
        "The session ended before the certificate, or insecure_no_name is set.",
        "";

    PinMatch, "pin.match", Pin, Ok,
        "A configured pin matches.",
        "All is well.", "";
    PinMismatch, "pin.mismatch", Pin, Rejected,
        "No configured pin matches.",
        "The server's key was replaced without a backup pin, or this is another server.",
        "Ask the server's administrator over a safe way for the new pin; renewals that keep the key keep an spki pin.";
    PinNotChecked, "pin.not_checked", Pin, Rejected,
        "No pin was checked.",
        "None is configured, or there was no certificate.",
        "";

    KnownSame, "known.same", Known, Ok,
        "The peer has a key that it was seen with before.",
        "All is well.", "";
    KnownRotated, "known.rotated", Known, Ok,
        "The peer has a key that the administrator announced.",
        "The server's key was changed as planned.",
        "";
    KnownNew, "known.new", Known, Rejected,
        "The peer was never seen before.",
        "The first contact, another port or name than before, or a new store.",
        "If the peer is expected to be new, set accept_new for this first contact and remember it.";
    KnownChanged, "known.changed", Known, Rejected,
        "The peer has another key than before.",
        "The server got a new key without notice, or somebody else answers in its place.",
        "Ask the server's administrator over another way. If the new key is right, announce it (starttls-verify known announce), or forget the peer and remember it anew.";
    KnownNotChecked, "known.not_checked", Known, Rejected,
        "The peer was not held against known peers.",
        "No store was asked; or the one that is expected is missing, unreadable or damaged.",
        "Ask the store before each session (--known-peers, stv_peer_set_known), or mend it.";
    KnownNewAddress, "known.new_address", Known, Ok,
        "The peer was never seen at this address before.",
        "The server moved or has several addresses. It weighs nothing.",
        "";

    RevocationGood, "revocation.good", Revocation, Ok,
        "The CA says that the certificate is not revoked.",
        "All is well.", "";
    RevocationRevoked, "revocation.revoked", Revocation, Rejected,
        "The CA says that the certificate is revoked.",
        "The key was lost or stolen, or the certificate replaced.",
        "Install the new certificate. Do not trust this server until then.";
    RevocationUnknown, "revocation.unknown", Revocation, Rejected,
        "The CA says that it knows no such certificate.",
        "A certificate that the CA never issued, or that its OCSP responder does not know yet.",
        "Do not trust this server; if it is yours and the certificate is new, wait for the responder and reload the server.";
    RevocationStapleMissing, "revocation.staple_missing", Revocation, Rejected,
        "The server stapled no OCSP response, and one is demanded.",
        "The certificate says must-staple or the option ocsp=require is set, and the server does not staple; or somebody with a stolen key hides that it was revoked.",
        "Switch OCSP stapling on at the server. For a chain on disk, give the response with it.";
    RevocationStapleInvalid, "revocation.staple_invalid", Revocation, Rejected,
        "The stapled OCSP response does not count: it is about another certificate, signed by somebody who may not, or malformed.",
        "A server that staples for another certificate of its own, or a forgery.",
        "If the server is yours, delete its stored response and reload it; the detail says what is wrong.";
    RevocationStapleStale, "revocation.staple_stale", Revocation, Rejected,
        "The stapled OCSP response is out of date.",
        "The server has stopped to renew it, somebody replays an old one, or this machine's clock is wrong.",
        "Look whether the server reaches its CA's OCSP responder; check the clock of this machine.";
    RevocationNotChecked, "revocation.not_checked", Revocation, Rejected,
        "No OCSP response was checked.",
        "The server stapled none, or the session ended before.",
        "";

    TransparencyLogged, "transparency.logged", Transparency, Ok,
        "As many public logs as were wanted promised to hold the certificate.",
        "All is well.", "";
    TransparencyTooFew, "transparency.too_few", Transparency, Rejected,
        "Fewer public logs than are wanted promised to hold the certificate.",
        "A private CA, a list of logs that is out of date, or a certificate that somebody wants to keep from being seen.",
        "Fetch the list of logs anew; for a server with a private CA leave ct_required at 0.";
    TransparencyInvalid, "transparency.invalid", Transparency, Rejected,
        "The list of SCTs is malformed or too long.",
        "A damaged or hostile certificate or server.",
        "Do not trust this server where logs are required.";
    TransparencyNotChecked, "transparency.not_checked", Transparency, Rejected,
        "No SCT was checked.",
        "No list of logs is given, the chain did not lead to a CA, or the session ended before.",
        "";

    DaneMatch, "dane.match", Dane, Ok,
        "A TLSA record of the domain matches.",
        "All is well.", "";
    DaneMismatch, "dane.mismatch", Dane, Rejected,
        "None of the TLSA records matches what the server has.",
        "The certificate or CA was replaced and the records were not, or this is another server.",
        "Publish the record of what the server has (it is in the finding) and keep the old one until it has left the caches; if you are not its administrator, tell him. There is no falling back to public CAs.";
    DaneUnusable, "dane.unusable", Dane, Rejected,
        "There are TLSA records, and nothing can be made of them.",
        "An unknown usage, selector or matching type, a digest of the wrong length, or a usage that this protocol does not have.",
        "Publish 3 1 1 (the server's key) or 2 1 1 (its CA's key); the finding says what is wrong with each record.";
    DaneBogus, "dane.bogus", Dane, Rejected,
        "The answer about TLSA records failed DNSSEC validation.",
        "Somebody forges answers, or the signatures of the zone are out of date.",
        "Try again later and do not go on without; the domain's administrator should check the zone's signatures.";
    DaneInsecure, "dane.insecure", Dane, Rejected,
        "The answer about TLSA records is not protected by DNSSEC, so they count for nothing.",
        "The zone is not signed, or the resolver does not validate.",
        "Sign the zone; use a validating resolver.";
    DaneLookupFailed, "dane.lookup_failed", Dane, Rejected,
        "Whether there are TLSA records could not be found out.",
        "The name server did not answer or answered with an error; somebody may be suppressing the records.",
        "Try again later and do not go on without.";
    DaneWeakKey, "dane.weak_key", Dane, Rejected,
        "A TLSA record matches a key that is too weak.",
        "An old and short key, which others can compute the private half of.",
        "Make a new key and publish its record.";
    DaneNotChecked, "dane.not_checked", Dane, Rejected,
        "No TLSA records were checked.",
        "None were given, the option dane is off, or there was no certificate.",
        "";

    MtaStsMatch, "mta_sts.match", MtaSts, Ok,
        "The server is a host of the domain's MTA-STS policy.",
        "All is well.", "";
    MtaStsMismatch, "mta_sts.mismatch", MtaSts, Rejected,
        "The server is no host of the domain's MTA-STS policy.",
        "Somebody forges the MX records, or the domain moved its mail and not its policy.",
        "Do not send mail to this server; the domain's administrator should compare MX records and policy.";
    MtaStsTesting, "mta_sts.testing", MtaSts, Rejected,
        "The domain tests its MTA-STS policy and does not enforce it yet.",
        "The policy's mode is testing.",
        "Wait until the domain enforces it, or do without the option mta_sts=require.";
    MtaStsUnknown, "mta_sts.unknown", MtaSts, Rejected,
        "The domain may have an MTA-STS policy, and it could not be got.",
        "The policy host or DNS failed, or somebody keeps the policy away.",
        "Try again; the detail says what failed.";
    MtaStsHostNotTrusted, "mta_sts.host_not_trusted", MtaSts, Rejected,
        "The domain has an MTA-STS policy, and the host that serves it is not trusted.",
        "The certificate of mta-sts.DOMAIN expired or is for another name, or somebody else answers for it.",
        "The domain's administrator should renew that certificate; the detail says what is wrong with it.";
    MtaStsInvalid, "mta_sts.invalid", MtaSts, Rejected,
        "The domain's MTA-STS policy does not parse.",
        "A mistake in the file mta-sts.txt; a policy with one counts as none.",
        "The domain's administrator should correct the policy; the detail says where.";
    MtaStsNotChecked, "mta_sts.not_checked", MtaSts, Rejected,
        "No MTA-STS policy was checked.",
        "None was given, the domain has none, or the protocol is no mail relay's.",
        "";

    EvidenceReverseConfirmed, "evidence.reverse_confirmed", Evidence, Ok,
        "The address has a name, and the name has that address.",
        "All is well; it proves nothing.", "";
    EvidenceReverseUnconfirmed, "evidence.reverse_unconfirmed", Evidence, Rejected,
        "The address has names, and none of them has that address.",
        "Reverse and forward zone have different administrators, or somebody gives his address a name that is not his.",
        "If the address is yours, let its PTR record name a host whose A or AAAA record is that address.";
    EvidenceReverseNone, "evidence.reverse_none", Evidence, Rejected,
        "The address has no name.",
        "Its provider set none: usual for addresses of private lines and of clouds.",
        "If the address is yours, have its provider set a PTR record.";
    EvidenceMxMember, "evidence.mx_member", Evidence, Ok,
        "The server is a mail exchange of the domain.",
        "All is well; whoever forges the MX records forges this too.", "";
    EvidenceMxStranger, "evidence.mx_stranger", Evidence, Rejected,
        "The server is no mail exchange of the domain.",
        "The domain has other machines for other mail services, or the connection was led to another server.",
        "Compare the addresses; a domain whose mailboxes and mail exchanges are different machines has nothing to mend.";
    EvidenceBannerMatch, "evidence.banner_match", Evidence, Ok,
        "The server greets with a name that it is expected to have.",
        "All is well; whoever sits on the path can write it.", "";
    EvidenceBannerDiffers, "evidence.banner_differs", Evidence, Rejected,
        "The server greets with another name than it is expected to have.",
        "One of many machines behind one name, a server that was never told its name, or another server.",
        "If the server is yours, let it greet with the name of its address (Postfix: myhostname).";
    EvidenceResolversAgree, "evidence.resolvers_agree", Evidence, Ok,
        "All resolvers that were asked give the same answers.",
        "All is well; resolvers may have one source.", "";
    EvidenceResolversDiffer, "evidence.resolvers_differ", Evidence, Rejected,
        "Resolvers give different answers.",
        "Load balancers and content networks answer each asker differently, a record has just changed, or one of the resolvers is lied to.",
        "Ask the domain's own name servers; for a host that answers everybody differently do not demand that resolvers agree.";
    EvidenceNotChecked, "evidence.not_checked", Evidence, Rejected,
        "A piece of evidence from the DNS was not looked at.",
        "Nobody asked for it (dns_evidence), nothing was looked up (dns), a look-up failed, or the peer has no such thing.",
        "";
}

impl Code {
    /// The code's row.
    pub fn row(self) -> &'static Row {
        // Table and enum are made by the same macro, in the same order.
        &TABLE[self as usize]
    }

    /// The stable word, such as `name.mismatch`.
    pub fn name(self) -> &'static str {
        self.row().name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_at_their_number_and_names_are_unique() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.code as usize, index);
            assert_eq!(TABLE.iter().filter(|other| other.name == row.name).count(), 1);
            assert!(row.name.starts_with(row.check.word()), "{} in its check", row.name);
        }
    }

    #[test]
    fn every_failure_says_what_to_do() {
        for row in TABLE.iter().filter(|row| row.status != Status::Ok) {
            assert!(!row.hint.is_empty() || row.name.ends_with("not_checked"), "{}", row.name);
        }
    }

    #[test]
    fn pages_have_a_cause_of_every_code() {
        assert_eq!(TABLE.len(), CAUSES.len());
        for (row, cause) in TABLE.iter().zip(CAUSES) {
            assert!(!cause.is_empty(), "{}", row.name);
        }
    }
}
