//! A row put to the library, set as a user who runs the suite would set it.

use crate::abi::{Chain, Config, Judged, Peer, Verifier};
use crate::suite::{Row, Shower, Suite};

/// What the library says. A certificate, an anchor or a list that it does not take at all is a
/// refusal as well.
pub fn judge(suite: &Suite, row: &Row) -> Judged {
    ask(suite, row).unwrap_or_else(|words| Judged {
        trusted: false,
        code: "not taken".to_owned(),
        text: words,
    })
}

fn ask(suite: &Suite, row: &Row) -> Result<Judged, String> {
    let verifier = Verifier::new(&config(suite, row))?;
    let chain = Chain::new();
    chain.add(&row.leaf)?;
    row.intermediates.iter().try_for_each(|der| chain.add(der))?;
    Ok(verifier.judge(&Peer::new(row.name.as_deref())?, &chain))
}

/// The options of the suite, and what its own columns name; nothing else.
fn config(suite: &Suite, row: &Row) -> Config {
    let config = Config::new();
    suite.settings.iter().for_each(|(name, value)| config.set(name, value));
    config.set("system_ca", "false");
    match (row.any_purpose(), row.shower) {
        (true, _) => config.set("insecure_purpose", "any"),
        (false, Shower::Client) => config.set("purpose", "sslclient"),
        (false, Shower::Server) => config.set("purpose", "sslserver"),
    }
    if row.has("TRUSTED_ANCHOR_WITH_CONSTRAINTS_REQUIRE_BASIC_CONSTRAINTS") {
        config.set("chain_profile", "rfc5280");
    }
    if row.name.is_none() {
        config.set("insecure_no_name", "true");
    }
    if let Some(time) = row.time {
        config.set("time", &time.to_string());
    }
    if let Some(depth) = row.depth {
        config.set("verify_depth", &depth.to_string());
    }
    row.anchors.iter().for_each(|der| config.add_bytes("ca_der", der));
    row.crls.iter().for_each(|der| config.add_bytes("crl_der", der));
    config
}

impl Row {
    /// Whether the row asks for a certificate for any use.
    pub fn any_purpose(&self) -> bool {
        self.has("ANY_EKU")
    }

    fn has(&self, wanted: &str) -> bool {
        self.features.split(',').any(|feature| feature == wanted)
    }
}
