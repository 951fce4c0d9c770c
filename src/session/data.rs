//! A data connection (FTP): TLS from its first byte, to the peer of the control connection.
//!
//! RFC 4217 §12: the control connection says who the peer is, and the data connection must be to the
//! same one, or a man in the middle who answers the PASV address gets the file. So it is judged like
//! any peer, and besides resumes the control connection's TLS session (servers such as vsftpd demand
//! it) or shows the very certificate of the control connection.

use crate::error::{Error, Result};
use crate::ossl::Chain;
use crate::proto::DataConnections;
use crate::report::{Code, Finding};
use crate::status::Status;
use crate::verify::KeptEnding;

use super::{FirstBytes, Session, State};

/// What a data connection knows of its control connection.
pub(super) struct Control {
    /// The chain that was judged there.
    pub(super) chain: Chain,
    /// What was shown there besides.
    pub(super) ending: KeptEnding,
}

impl Control {
    /// The failure, if this chain belongs to somebody else.
    pub(super) fn stranger(&self, chain: &Chain) -> Option<Finding> {
        let der = |chain: &Chain| chain.leaf().map(|leaf| leaf.der().to_vec());
        if !chain.is_empty() && der(chain) == der(&self.chain) {
            return None;
        }
        let words = "the data connection shows another certificate than the control connection";
        Some(Finding::fail(Code::TlsOtherPeer, words))
    }
}

impl Session {
    /// A session for a data connection of this one, which must be open. It has not begun: run it on
    /// the connected descriptor, or feed and step it, after the transfer command was sent.
    pub fn data(&self) -> Result<Session> {
        let State::Open { tls, .. } = &self.state else {
            return Err(Error::new(Status::State, "the control connection is not open"));
        };
        let row = self.peer.protocol().row();
        if row.data == DataConnections::None {
            return Err(Error::new(
                Status::State,
                format!("{} has no data connections", row.scheme),
            ));
        }
        let mut session = Session::new(&self.verifier, &self.peer)?;
        session.control = Some(Control { chain: self.chain.clone(), ending: self.stapled.clone() });
        session.state = session.begin_tls(FirstBytes::Good, None)?;
        if let (State::Handshaking { tls: data, .. }, Some(ticket)) =
            (&mut session.state, tls.ticket())
        {
            data.resume(&ticket)?;
        }
        Ok(session)
    }
}
