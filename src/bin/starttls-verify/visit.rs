//! One connection to a peer: judged, reported, and left politely.

use starttls_verify::discover::discover;
use starttls_verify::error::Result;
use starttls_verify::report::Report;
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Peer, Verifier};

use crate::exit::Exit;

/// A connection that came to an answer, whatever it is.
pub struct Visit {
    session: Session,
    status: Status,
    /// What was found.
    pub report: Report,
}

impl Visit {
    /// Looks up what the options ask for, connects and judges. An error is the caller's fault: nothing was found out then.
    pub fn pay(verifier: &Verifier, peer: &Peer) -> Result<Visit> {
        let mut peer = peer.clone();
        if verifier.policy(&peer).dns.engine.is_some() {
            discover(verifier, &mut peer)?;
        }
        let mut session = Session::new(verifier, &peer)?;
        let status = match session.connect() {
            Ok(status) => status,
            Err(error) if error.status.has_report() => error.status,
            Err(error) => return Err(error),
        };
        let report = session.report();
        Ok(Visit { session, status, report })
    }

    /// The exit code of what was found.
    pub fn exit(&self) -> Exit {
        Exit::of(self.status, self.report.verdict)
    }

    /// Says goodbye inside TLS, if the session is open. What goes wrong then changes nothing.
    pub fn leave(mut self) {
        if !matches!(self.status, Status::Ok | Status::OpenUnverified) {
            return;
        }
        let goodbye = self.report.protocol.row().goodbye;
        if !goodbye.is_empty() {
            let _ = self.say(goodbye);
        }
        let _ = self.session.close();
    }

    fn say(&mut self, goodbye: &str) -> Result<()> {
        let mut answer = [0; 1024];
        if self.session.server_speaks_first() {
            self.session.read(&mut answer)?;
        }
        self.session.write(goodbye.as_bytes())?;
        self.session.read(&mut answer)?;
        Ok(())
    }
}
