//! To be written.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// To be written.
#[derive(Debug)]
pub struct Ftp;

impl Ftp {
    /// To be written.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Ftp {
        Ftp
    }
}

impl Negotiator for Ftp {
    fn step(&mut self, _input: &mut Input) -> Result<Move, Refusal> {
        Err(Refusal::new(Code::StarttlsProtocol, "not built yet"))
    }
}
