//! A context that is made when the first session wants one.
//!
//! OpenSSL's first SSL_CTX costs a process more than a verdict does, and whoever judges a chain of his own
//! needs none. So it is made late, but only where nothing that the caller said could be at fault: a wrong
//! cipher string, a key that does not fit and the like are told when the verifier is made.

use std::sync::RwLock;

use crate::error::Result;
use crate::ossl::library::{Library, for_session};

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
        made: RwLock<Option<Late>>,
    },
}

/// A context, and the library context that it was wanted for.
struct Late {
    context: Context,
    library: Library,
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

    /// The context, which all sessions share that are begun in the same library context.
    pub fn context(&self) -> Result<Context> {
        match &self.0 {
            Origin::Made(context) => Ok(context.clone()),
            Origin::Ordinary { settings, made } => ordinary(settings, made, for_session()),
        }
    }
}

/// Where another library context is wanted than before, the context is made once more. Sessions keep the
/// one that they began with, and one does the same as the other.
fn ordinary(
    settings: &ContextSettings,
    made: &RwLock<Option<Late>>,
    library: Library,
) -> Result<Context> {
    let is_wanted = |late: &&Late| late.library == library;
    if let Ok(made) = made.try_read()
        && let Some(late) = made.as_ref().filter(is_wanted)
    {
        return Ok(late.context.clone());
    }
    let context = Context::of(settings, library).or_else(|_| Context::new(settings))?;
    let Ok(mut made) = made.try_write() else { return Ok(context) };
    if let Some(late) = made.as_ref().filter(is_wanted) {
        return Ok(late.context.clone());
    }
    Ok(made.insert(Late { context, library }).context.clone())
}

#[cfg(test)]
mod tests {
    use foreign_types::{ForeignType, ForeignTypeRef};
    use openssl::ssl::Ssl;

    use super::*;
    use crate::ossl::{Ask, TlsVersion, connection_shortcut};

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

    fn late() -> (ContextSettings<'static>, RwLock<Option<Late>>) {
        (ordinary_ones(), RwLock::new(None))
    }

    #[test]
    fn sessions_share_one_that_is_made_late() {
        let (settings, made) = late();
        let context = || ordinary(&settings, &made, Library::OWN).unwrap().context.as_ptr();
        let [one, other] = [context(), context()];
        assert_eq!(one, other);
        let held = made.write().unwrap();
        assert_ne!(context(), one, "nobody waits");
        drop(held);
        assert_eq!(context(), one);
    }

    #[test]
    fn another_library_context_has_one_of_its_own() {
        let (settings, made) = late();
        if connection_shortcut().is_err() {
            return;
        }
        let libraries: Vec<Library> = (0..99).map(|_| for_session()).collect();
        let swift = libraries[98];
        assert_ne!(swift, Library::OWN);
        let first = ordinary(&settings, &made, Library::OWN).unwrap();
        let begun = Ssl::new(&first.context).unwrap();
        let second = ordinary(&settings, &made, swift).unwrap();
        assert_ne!(first.context.as_ptr(), second.context.as_ptr());
        let again = ordinary(&settings, &made, swift).unwrap();
        assert_eq!(again.context.as_ptr(), second.context.as_ptr());
        assert_eq!(begun.ssl_context().as_ptr(), first.context.as_ptr(), "it keeps its own");
        let back = ordinary(&settings, &made, Library::OWN).unwrap();
        assert_ne!(back.context.as_ptr(), second.context.as_ptr());
    }
}
