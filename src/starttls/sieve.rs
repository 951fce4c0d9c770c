//! To be written.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// To be written.
#[derive(Debug)]
pub struct Sieve;

impl Sieve {
    /// To be written.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Sieve {
        Sieve
    }
}

impl Negotiator for Sieve {
    fn step(&mut self, _input: &mut Input) -> Result<Move, Refusal> {
        Err(Refusal::new(Code::StarttlsProtocol, "not built yet"))
    }
}
