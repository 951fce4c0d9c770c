//! To be written.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// To be written.
#[derive(Debug)]
pub struct Pop3;

impl Pop3 {
    /// To be written.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Pop3 {
        Pop3
    }
}

impl Negotiator for Pop3 {
    fn step(&mut self, _input: &mut Input) -> Result<Move, Refusal> {
        Err(Refusal::new(Code::StarttlsProtocol, "not built yet"))
    }
}
