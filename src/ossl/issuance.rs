//! Whether one certificate issued another, and nothing further up: what RFC 6960 §4.2.2.2 asks of a
//! delegated responder.

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParamRef};
use openssl::x509::{X509StoreContext, X509StoreContextRef};

use super::certificate::Certificate;
use super::error_queue::drain;
use super::sys;

/// Under which rules it counts.
#[derive(Clone, Copy, Debug)]
pub struct Issuance {
    /// Seconds since 1970; `None` where dates do not count.
    pub time: Option<i64>,
    /// OpenSSL security level.
    pub level: i32,
}

impl Issuance {
    /// Whether `issuer` itself issued `issued`, which is good now. The words say why not.
    pub fn holds(&self, issuer: &Certificate, issued: &Certificate) -> Result<(), String> {
        let answer = self.ask(issuer, issued);
        drain();
        match answer {
            Ok(None) => Ok(()),
            Ok(Some(words)) => Err(words),
            Err(_) => Err("OpenSSL could not check it".to_owned()),
        }
    }

    fn ask(
        &self,
        issuer: &Certificate,
        issued: &Certificate,
    ) -> Result<Option<String>, ErrorStack> {
        let mut store = X509StoreBuilder::new()?;
        store.add_cert(issuer.x509.clone())?;
        let store = store.build();
        let others = Stack::new()?;
        let mut context = X509StoreContext::new()?;
        context.init(&store, &issued.x509, &others, |context| {
            self.set(context)?;
            let good = context.verify_cert()?;
            Ok((!good).then(|| context.error().error_string().to_owned()))
        })
    }

    fn set(&self, context: &mut X509StoreContextRef) -> Result<(), ErrorStack> {
        // The flag for "no dates" has no name in the openssl crate.
        const NO_CHECK_TIME: std::ffi::c_ulong = 0x20_0000;
        // SAFETY: the context is initialised; the parameters belong to it and outlive the borrow.
        let param = unsafe { sys::X509_STORE_CTX_get0_param(context.as_ptr()) };
        // SAFETY: the pointer is valid and not aliased while the borrow lives.
        let param = unsafe { X509VerifyParamRef::from_ptr_mut(param) };
        let flags = X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::TRUSTED_FIRST;
        match self.time {
            Some(time) => {
                param.set_flags(flags)?;
                param.set_time(time);
            }
            None => {
                param.set_flags(flags | X509VerifyFlags::from_bits_retain(NO_CHECK_TIME as _))?;
            }
        }
        param.set_depth(0);
        param.set_auth_level(self.level);
        Ok(())
    }
}
