//! The server's side of TLS: a chain, and how much weakness the server tolerates in itself.

use std::io;

use openssl::error::ErrorStack;
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslStream, SslVersion,
};

use crate::chains::Chain;
use crate::wire::Wire;

/// What the server is willing to do. OpenSSL refuses to *serve* weak certificates as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    Modern,
    /// Serves SHA-1 signatures and short keys.
    Lax,
    /// As `Lax`, and speaks TLS 1.0 and nothing else.
    Tls10Only,
}

/// Ready to serve any number of handshakes.
#[derive(Clone)]
pub struct Endpoint {
    context: SslContext,
}

impl Endpoint {
    pub fn new(chain: &Chain, strength: Strength) -> Result<Self, ErrorStack> {
        let mut context = SslContext::builder(SslMethod::tls_server())?;
        strength.apply(&mut context)?;
        // Send what the scenario says, not what OpenSSL would complete it to.
        context.set_mode(SslMode::NO_AUTO_CHAIN);
        if let [leaf, others @ ..] = &chain.certs[..] {
            context.set_certificate(leaf)?;
            context.set_private_key(&chain.key)?;
            for other in others {
                context.add_extra_chain_cert(other.clone())?;
            }
        }
        if let Some(staple) = chain.staple.clone() {
            context.set_status_callback(move |ssl| ssl.set_ocsp_status(&staple).map(|()| true))?;
        }
        Ok(Self { context: context.build() })
    }

    pub fn accept(&self, wire: Wire) -> io::Result<SslStream<Wire>> {
        let ssl = Ssl::new(&self.context)?;
        ssl.accept(wire).map_err(|e| io::Error::other(e.to_string()))
    }
}

impl Strength {
    fn apply(self, context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
        match self {
            Self::Modern => context.set_min_proto_version(Some(SslVersion::TLS1_2)),
            Self::Lax => {
                context.set_security_level(0);
                context.set_min_proto_version(Some(SslVersion::TLS1_2))
            }
            Self::Tls10Only => {
                context.set_security_level(0);
                context.clear_options(SslOptions::NO_TLSV1);
                context.set_min_proto_version(Some(SslVersion::TLS1))?;
                context.set_max_proto_version(Some(SslVersion::TLS1))
            }
        }
    }
}
