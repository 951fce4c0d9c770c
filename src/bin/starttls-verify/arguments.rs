//! The arguments and the help: what a newcomer reads first.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

const ABOUT: &str = "Is the mail server behind this STARTTLS connection the one you meant?";

const LONG_ABOUT: &str = "\
Is the mail server behind this STARTTLS connection the one you meant?

Connects, asks for STARTTLS, does the TLS handshake and checks everything: the chain of \
certificates, the name, pins, tampering before TLS. Then says what it found and what to do about \
it, and ends with an exit code for scripts. No password is ever sent, and no mail.";

const EXAMPLES: &str = "\
Examples:
  starttls-verify check mail.example.com
        the mail server on port 25, checked against the CAs of this system
  starttls-verify check submission://mail.example.com
        where your mail program hands letters in (port 587)
  starttls-verify check --cafile company-ca.pem mail.example.com
        a server with a certificate of your own CA
  starttls-verify check --connect 192.0.2.7:2525 mail.example.com
        is the machine at 192.0.2.7 really mail.example.com?
  starttls-verify check --tlsa \"3 1 1 0b9f...\" mail.example.com
        a server whose TLSA record you know
  starttls-verify pin mail.example.com
        the pins and the TLSA record of a server
  starttls-verify chain --name mail.example.com fullchain.pem
        the certificate that you are about to install
  starttls-verify doctor
        what works on this machine and what does not

Exit code:
  0  trusted: the server is the one you meant
  1  not trusted: it is not, or STARTTLS is missing or was tampered with
  2  wrong usage or configuration; the message says what to write instead
  3  could not check: unreachable, too slow, broken handshake
  4  encrypted but not authenticated, as you asked for";

const CHECK_EXAMPLES: &str = "\
A target is HOST, HOST:PORT or SCHEME://HOST[:PORT]; without a scheme it is smtp. An IPv6 address \
stands in brackets: [2001:db8::1]:25.

The first line of the answer is VERDICT URL [code] words; docs/errors.md explains every code.

Batch: one target per line, or a JSON object per line with the keys id, target, connect, sni, names, \
pins, anchors, crls, tlsa, tlsa_state, time, options. Blank lines and lines that begin with # are passed over. \
The answers come as they are ready, one JSON object per line, with the number of the input line.

  starttls-verify check --batch --parallel 500 < hosts.txt > verdicts.jsonl

With --strict the exit code is that of the worst line; from good to bad: 0, 4, 3, 2, 1.";

const CHAIN_EXAMPLES: &str = "\
Examples:
  starttls-verify chain --name mail.example.com fullchain.pem
  starttls-verify chain --name dns:example.com --name srv:_imap.example.com chain.pem
  openssl s_client -connect mail.example.com:465 -showcerts </dev/null |
        starttls-verify chain --name mail.example.com -

Batch: one JSON object per line with the keys id, chain (base64 DER, leaf first), names, time, \
anchors, crls, ocsp (base64 DER), tlsa, tlsa_state, pins, options; the answers come in the same order, one per line:
  {\"id\":1,\"chain\":[\"MII...\"],\"names\":[\"dns:mail.example.com\"],\"anchors\":[\"MII...\"]}
  {\"id\":1,\"verdict\":\"trusted\",\"status\":\"STV_OK\",\"code\":null,\"findings\":[...]}
A line with anchors trusts these and nothing else. What a line does not say comes from the options \
of the command line. With --strict the exit code is that of the worst line, from good to bad: \
0, 4, 3, 2, 1.";

const PIN_EXAMPLES: &str = "\
The pins describe whatever certificate the server shows. Unless the first line says TRUSTED, \
anybody on the way could have shown it: compare the pins over another way before you use them. The \
exit code is that of `check`.";

const KNOWN_EXAMPLES: &str = "\
Examples:
  starttls-verify known create --store peers
  starttls-verify check --known-peers peers --accept-new mail.example.com
        the first contact; from then on without --accept-new
  starttls-verify pin --pem next.pem
  starttls-verify known announce --store peers mail.example.com spki-sha256:...
        the key that the server will have after the change
  starttls-verify known export --store peers > peers.copy

docs/known-peers.md has the rules.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "starttls-verify", version, about = ABOUT, long_about = LONG_ABOUT)]
#[command(after_help = EXAMPLES, arg_required_else_help = true, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Connect to a server and check it
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArguments),
    /// Check a chain of certificates from a file
    #[command(after_help = CHAIN_EXAMPLES)]
    Chain(ChainArguments),
    /// Print the pins and the TLSA record of a server or a certificate
    #[command(after_help = PIN_EXAMPLES)]
    Pin(PinArguments),
    /// Keep the store of known peers (trust on first use)
    #[command(subcommand, after_help = KNOWN_EXAMPLES)]
    Known(KnownAction),
    /// Say what works on this machine and what does not: OpenSSL, CA certificates, resolver, IPv6
    Doctor,
    /// List every option that --set and the configuration file take
    Options,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// HOST[:PORT], or SCHEME://HOST[:PORT] with smtp, submission, ...
    #[arg(required_unless_present = "batch")]
    pub target: Option<String>,
    /// One more name that the certificate may be for, such as dns:mail.example.com
    #[arg(long = "name", value_name = "TAG:NAME", conflicts_with = "batch")]
    pub names: Vec<String>,
    /// The target is a mail domain: look up its mail exchanges (MX), their TLSA records and the domain's
    /// MTA-STS policy, and check every one; the exit code is that of the worst
    #[arg(long, conflicts_with_all = ["batch", "names", "tlsa"])]
    pub mx: bool,
    /// The target is a domain: look up its servers for the protocol (SRV) and their TLSA records, and check
    /// every one; the exit code is that of the worst
    #[arg(long, conflicts_with_all = ["batch", "mx", "tlsa"])]
    pub srv: bool,
    /// Directory in which MTA-STS policies are kept for as long as they hold; only its owner may write
    /// to it
    #[arg(long, value_name = "DIR", requires = "mx")]
    pub mta_sts_cache: Option<String>,
    #[command(flatten)]
    pub connection: ConnectionArguments,
    /// Store of known peers: a server whose key has changed is refused, one that was trusted is
    /// remembered; make it with `starttls-verify known create`
    #[arg(long, value_name = "FILE")]
    pub known_peers: Option<String>,
    /// Accept a server that the store has never seen, and remember it if all else is right
    #[arg(long, requires = "known_peers")]
    pub accept_new: bool,
    /// Report only: go on with an untrusted server; the exit code stays 1
    #[arg(long)]
    pub audit: bool,
    #[command(flatten)]
    pub tls_rpt: TlsRptArguments,
    #[command(flatten)]
    pub policy: PolicyArguments,
    #[command(flatten)]
    pub output: OutputArguments,
    /// Read targets from standard input, one per line, and answer in JSON lines
    #[arg(long, conflicts_with_all = ["target", "connect", "sni", "quiet"])]
    pub batch: bool,
    /// Connections at the same time; fewer where the limit of open files leaves no room
    #[arg(long, value_name = "N", requires = "batch", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    pub parallel: u16,
    /// Show progress on standard error even where that is no terminal
    #[arg(long, requires = "batch")]
    pub progress: bool,
    /// Exit with the code of the worst line
    #[arg(long, requires = "batch")]
    pub strict: bool,
}

/// What the domain is told.
#[derive(Debug, Args)]
pub struct TlsRptArguments {
    /// Write what the domain is to be told of this run (TLSRPT, RFC 8460), compressed if the name ends
    /// with .gz; with a single target or --mx
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    #[arg(requires_all = ["tls_rpt_organization", "tls_rpt_contact"])]
    pub tls_rpt: Option<String>,
    /// Who reports
    #[arg(long, value_name = "NAME", requires = "tls_rpt")]
    pub tls_rpt_organization: Option<String>,
    /// Whom the domain may ask: an e-mail address
    #[arg(long, value_name = "ADDRESS", requires = "tls_rpt")]
    pub tls_rpt_contact: Option<String>,
}

/// Arguments of `chain`.
#[derive(Debug, Args)]
pub struct ChainArguments {
    /// File with the chain, leaf first: PEM or DER; - is standard input
    #[arg(value_name = "CHAIN.pem", required_unless_present = "batch")]
    pub file: Option<String>,
    /// Name that the certificate must be for: a host, or dns: ip: srv: xmpp: email: uri: and a
    /// name; one of several must match
    #[arg(long = "name", value_name = "NAME", conflicts_with = "batch")]
    pub names: Vec<String>,
    /// The OCSP response that the server staples to the chain, DER
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub ocsp: Option<String>,
    /// Time to check the validity at, seconds since 1970
    #[arg(long, value_name = "EPOCH", allow_negative_numbers = true)]
    pub time: Option<i64>,
    #[command(flatten)]
    pub policy: PolicyArguments,
    #[command(flatten)]
    pub output: OutputArguments,
    /// Read cases from standard input, one JSON object per line, and answer in JSON lines
    #[arg(long, conflicts_with_all = ["file", "quiet"])]
    pub batch: bool,
    /// Exit with the code of the worst line
    #[arg(long, requires = "batch")]
    pub strict: bool,
}

/// Arguments of `pin`.
#[derive(Debug, Args)]
pub struct PinArguments {
    /// Servers, as for `check`
    #[arg(value_name = "HOST", required_unless_present = "pem")]
    pub targets: Vec<String>,
    /// Take the certificate from this file (PEM or DER; - is standard input) and connect to nobody
    #[arg(long, value_name = "FILE", conflicts_with_all = ["connect", "sni", "timeout"])]
    pub pem: Option<String>,
    #[command(flatten)]
    pub connection: ConnectionArguments,
    #[command(flatten)]
    pub policy: PolicyArguments,
}

/// What to do with a store of known peers.
#[derive(Debug, Subcommand)]
pub enum KnownAction {
    /// Make an empty store; one that is there already stays as it is
    Create(StoreArguments),
    /// List the peers
    List(ListArguments),
    /// Show all that is known of one peer
    Show(PeerArguments),
    /// Forget a peer: it is new again
    Forget(PeerArguments),
    /// Announce the key that a peer will have next
    Announce(KeyArguments),
    /// Take an announced key back
    Withdraw(KeyArguments),
    /// Print the whole store, for `import`
    Export(StoreArguments),
    /// Add the peers of an export; nothing is changed unless all of it is right
    Import(ImportArguments),
}

/// Which store.
#[derive(Debug, Args)]
pub struct StoreArguments {
    /// The store's file
    #[arg(long, value_name = "FILE")]
    pub store: String,
}

/// Arguments of `known list`.
#[derive(Debug, Args)]
pub struct ListArguments {
    #[command(flatten)]
    pub at: StoreArguments,
    /// Print each peer as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// A store and a peer in it.
#[derive(Debug, Args)]
pub struct PeerArguments {
    #[command(flatten)]
    pub at: StoreArguments,
    /// The peer, as for `check`
    pub target: String,
}

/// A store, a peer in it, and keys.
#[derive(Debug, Args)]
pub struct KeyArguments {
    #[command(flatten)]
    pub at: StoreArguments,
    /// The peer, as for `check`
    pub target: String,
    /// spki-sha256:BASE64, as `starttls-verify pin` prints it
    #[arg(value_name = "PIN", required = true)]
    pub pins: Vec<String>,
}

/// Arguments of `known import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    #[command(flatten)]
    pub at: StoreArguments,
    /// The export; - is standard input
    pub file: String,
}

/// Where to connect and how long to wait.
#[derive(Debug, Args)]
pub struct ConnectionArguments {
    /// Connect to this address in place of the host; the host stays the name that is wanted
    #[arg(long, value_name = "IP[:PORT]")]
    pub connect: Option<String>,
    /// Look TLSA records up in the DNS and let them decide (dns=system unless --set says otherwise)
    #[arg(long)]
    pub dane: bool,
    /// Server name to send in the handshake in place of the host
    #[arg(long, value_name = "NAME")]
    pub sni: Option<String>,
    /// Seconds for each of connecting, negotiating and the handshake; decimals are fine
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
}

/// What is trusted.
#[derive(Debug, Args)]
pub struct PolicyArguments {
    /// File with trusted CA certificates, in place of the system's; may be repeated
    #[arg(long, value_name = "FILE")]
    pub cafile: Vec<String>,
    /// Directory with trusted CA certificates under their hash names
    #[arg(long, value_name = "DIR")]
    pub capath: Vec<String>,
    /// Pin that must match: spki-sha256:BASE64 or sha256:HEX; one of several must match
    #[arg(long = "pin", value_name = "PIN")]
    pub pins: Vec<String>,
    /// TLSA record such as "3 1 1 HEX", which decides in place of the public CAs; one of several must
    /// match
    #[arg(long, value_name = "RECORD")]
    pub tlsa: Vec<String>,
    /// How the TLSA records came: given (by you, the default), secure, insecure, bogus, lookup_failed
    #[arg(long, value_name = "STATE")]
    pub tlsa_state: Option<String>,
    /// File with certificate revocation lists
    #[arg(long = "crl", value_name = "FILE")]
    pub crls: Vec<String>,
    /// Configuration file with defaults and sections per host
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Any option of the library; `starttls-verify options` lists them
    #[arg(long = "set", value_name = "OPTION=VALUE")]
    pub set: Vec<String>,
}

/// How the answer is shown.
#[derive(Debug, Args)]
pub struct OutputArguments {
    /// Print the report as one line of JSON
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,
    /// Print no report; only the exit code tells
    #[arg(long, short)]
    pub quiet: bool,
}

/// Seconds with decimals, as a deadline.
fn seconds(text: &str) -> Result<Duration, String> {
    const RANGE: std::ops::RangeInclusive<f64> = 0.001..=600.0;
    let number = text.parse::<f64>().ok().filter(|number| RANGE.contains(number));
    let number = number.ok_or("write seconds between 0.001 and 600, such as 10 or 2.5")?;
    Ok(Duration::from_secs_f64(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn deadlines() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        for bad in ["0", "-1", "601", "NaN", "inf", "1s", ""] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
