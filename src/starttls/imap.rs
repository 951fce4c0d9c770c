//! To be written.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// To be written.
#[derive(Debug)]
pub struct Imap;

impl Imap {
    /// To be written.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Imap {
        Imap
    }
}

impl Negotiator for Imap {
    fn step(&mut self, _input: &mut Input) -> Result<Move, Refusal> {
        Err(Refusal::new(Code::StarttlsProtocol, "not built yet"))
    }
}
