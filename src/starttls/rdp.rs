//! To be written.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// To be written.
#[derive(Debug)]
pub struct Rdp;

impl Rdp {
    /// To be written.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Rdp {
        Rdp
    }
}

impl Negotiator for Rdp {
    fn step(&mut self, _input: &mut Input) -> Result<Move, Refusal> {
        Err(Refusal::new(Code::StarttlsProtocol, "not built yet"))
    }
}
