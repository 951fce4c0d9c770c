//! To be written.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// To be written.
#[derive(Debug)]
pub struct Xmpp;

impl Xmpp {
    /// To be written.
    pub fn new(_namespace: &'static str, _terms: &Terms, _occasion: &Occasion) -> Xmpp {
        Xmpp
    }
}

impl Negotiator for Xmpp {
    fn step(&mut self, _input: &mut Input) -> Result<Move, Refusal> {
        Err(Refusal::new(Code::StarttlsProtocol, "not built yet"))
    }
}
