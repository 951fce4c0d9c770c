//! TLSA records of the command line or of a line of a batch, for the peer who is meant.

use starttls_verify::error::{Error, Result};
use starttls_verify::status::Status;
use starttls_verify::tlsa::{Record, STATES, State};
use starttls_verify::verify::Peer;

/// Records, and how they came.
#[derive(Clone, Debug, Default)]
pub struct Tlsa {
    records: Vec<Record>,
    state: Option<State>,
}

impl Tlsa {
    /// What the command line states: whoever types a record in means it.
    pub fn of_arguments(records: &[String], state: Option<&str>) -> Result<Tlsa> {
        let state = state.map(|word| state_of("--tlsa-state", word)).transpose()?;
        Ok(Tlsa { records: parse("--tlsa", records)?, state })
    }

    /// What a line says. Its records are somebody's look-up: where it does not say how they came,
    /// DNSSEC vouches for them, and what cannot be used is passed over as RFC 7671 has it.
    pub fn of_line(records: &[String], state: Option<&str>) -> Result<Tlsa> {
        let state = state.map(|word| state_of("tlsa_state", word)).transpose()?;
        let looked_up = (!records.is_empty()).then_some(State::Secure);
        Ok(Tlsa { records: parse("tlsa", records)?, state: state.or(looked_up) })
    }

    /// These, or those of the command line where nothing was said.
    pub fn or<'a>(&'a self, other: &'a Tlsa) -> &'a Tlsa {
        if self.records.is_empty() && self.state.is_none() { other } else { self }
    }

    /// Gives them to the peer.
    pub fn give(&self, peer: &mut Peer) -> Result<()> {
        self.records.iter().try_for_each(|record| peer.add_tlsa(record.clone()))?;
        if let Some(state) = self.state {
            peer.set_tlsa_state(state);
        }
        Ok(())
    }
}

fn parse(what: &str, records: &[String]) -> Result<Vec<Record>> {
    let named = |error: Error| Error::new(error.status, format!("{what}: {}", error.what));
    records.iter().map(|text| Record::parse(text).map_err(named)).collect()
}

fn state_of(what: &str, word: &str) -> Result<State> {
    State::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = STATES.iter().map(|state| state.word()).collect();
        let shown = starttls_verify::report::quote(word.as_bytes());
        let what = format!("{what}: '{shown}' is none of {}", words.join(", "));
        Error::new(Status::Argument, what)
    })
}
