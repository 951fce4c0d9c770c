//! A context that is made when the first session wants one.
//!
//! OpenSSL's first SSL_CTX costs a process more than a verdict does, and whoever judges a chain of his own
//! needs none. So it is made late, but only where nothing that the caller said could be at fault: a wrong
//! cipher string, a key that does not fit and the like are told when the verifier is made.

use std::sync::RwLock;

use crate::error::Result;

use super::context::{Context, ContextSettings};

/// A context, or what it will be made from.
pub struct LateContext(Origin);

enum Origin {
    /// Made with the verifier.
    Made(Context),
    /// To be made from ordinary settings.
    Ordinary {
        settings: Box<ContextSettings<'static>>,
        /// Never waited for: a child forked while another thread held the lock makes its own.
        made: RwLock<Option<Context>>,
    },
}

impl LateContext {
    /// Makes the context now, unless nothing but lack of memory could be the matter with it.
    pub fn new(settings: &ContextSettings) -> Result<LateContext> {
        if !settings.are_ordinary() {
            return Context::new(settings).map(|context| LateContext(Origin::Made(context)));
        }
        let settings = Box::new(settings.ordinary());
        Ok(LateContext(Origin::Ordinary { settings, made: RwLock::new(None) }))
    }

    /// The context, which all sessions share.
    pub fn context(&self) -> Result<Context> {
        match &self.0 {
            Origin::Made(context) => Ok(context.clone()),
            Origin::Ordinary { settings, made } => ordinary(settings, made),
        }
    }
}

fn ordinary(settings: &ContextSettings, made: &RwLock<Option<Context>>) -> Result<Context> {
    if let Some(context) = made.try_read().ok().and_then(|made| made.clone()) {
        return Ok(context);
    }
    let context = Context::new(settings)?;
    let Ok(mut made) = made.try_write() else { return Ok(context) };
    Ok(made.get_or_insert(context).clone())
}

#[cfg(test)]
mod tests {
    use foreign_types::ForeignType;

    use super::*;
    use crate::ossl::{Ask, TlsVersion};

    fn ordinary_ones() -> ContextSettings<'static> {
        ContextSettings {
            min: TlsVersion::V1_2,
            max: TlsVersion::V1_3,
            ciphers: None,
            suites: None,
            groups: None,
            level: 2,
            identity: None,
            key_log: None,
            ocsp: Ask::NotAsked,
            scts: Ask::NotAsked,
        }
    }

    #[test]
    fn what_could_be_at_fault_is_told_when_it_is_made() {
        for settings in [
            ContextSettings { ciphers: Some("NONSENSE"), ..ordinary_ones() },
            ContextSettings { ciphers: Some("aNULL"), ..ordinary_ones() },
            ContextSettings { suites: Some("NONSENSE"), ..ordinary_ones() },
            ContextSettings { groups: Some("NONSENSE"), ..ordinary_ones() },
            ContextSettings { key_log: Some("/nowhere/keys"), ..ordinary_ones() },
        ] {
            assert!(LateContext::new(&settings).is_err());
        }
        let old = ContextSettings { min: TlsVersion::V1_0, ..ordinary_ones() };
        assert!(matches!(LateContext::new(&old).unwrap().0, Origin::Made(_)));
    }

    #[test]
    fn sessions_share_one_that_is_made_late() {
        let late = LateContext::new(&ordinary_ones()).unwrap();
        let Origin::Ordinary { made, .. } = &late.0 else { panic!("made at once") };
        assert!(made.read().unwrap().is_none());
        let [one, other] = [late.context().unwrap(), late.context().unwrap()];
        assert_eq!(one.context.as_ptr(), other.context.as_ptr());
        let held = made.write().unwrap();
        let own = late.context().unwrap();
        assert_ne!(own.context.as_ptr(), one.context.as_ptr(), "nobody waits");
        drop(held);
        assert_eq!(late.context().unwrap().context.as_ptr(), one.context.as_ptr());
    }
}
