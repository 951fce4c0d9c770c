//! Revocation lists: where they come from.
//!
//! Lists are given, never fetched. All are read when the verifier is made, so that the judge needs no
//! disk and a directory that is half-way through an update fails here, loudly; whether something has
//! changed since is `Verifier::is_stale`.
//!
//! Q: Which files of a directory? A: Those under a hash name for CRLs (`5ed36f99.r0`, what `openssl
//! rehash` makes), and all that end in `.crl` or `.pem`. A `.pem` file may hold certificates only;
//! every other one must hold a list, and a directory without any list is an error.

use std::collections::HashSet;
use std::fs;

use crate::error::{Error, Result};
use crate::limits::CRL_FILES;
use crate::ossl::{Crl, digest};
use crate::pin::Algorithm;
use crate::status::Status;

use super::{Watched, io_error, read_file};

/// Where lists come from.
#[derive(Default)]
pub struct CrlSources<'a> {
    /// Files, PEM or DER.
    pub files: Vec<&'a str>,
    /// Directories.
    pub directories: Vec<&'a str>,
    /// PEM texts.
    pub pem: Vec<&'a [u8]>,
    /// DER lists.
    pub der: Vec<&'a [u8]>,
}

/// Revocation lists, and the files that they were read from.
pub struct Crls {
    /// Each list once.
    pub lists: Vec<Crl>,
    /// Files and directories, to see later whether they changed.
    pub watched: Vec<Watched>,
}

impl Crls {
    /// Reads all sources.
    pub fn load(sources: &CrlSources) -> Result<Crls> {
        let mut loader =
            Loader { crls: Crls { lists: Vec::new(), watched: Vec::new() }, seen: HashSet::new() };
        for path in &sources.files {
            loader.add_file("option crl_file", path)?;
        }
        for path in &sources.directories {
            loader.add_directory(path)?;
        }
        for pem in &sources.pem {
            loader.add_contents("option crl_pem", "the text", pem)?;
        }
        for der in &sources.der {
            let crl = Crl::from_der(der).map_err(named("option crl_der"))?;
            loader.add(crl)?;
        }
        Ok(loader.crls)
    }
}

struct Loader {
    crls: Crls,
    seen: HashSet<Vec<u8>>,
}

impl Loader {
    /// A hash name is a link to another file of the same directory as a rule.
    fn add(&mut self, crl: Crl) -> Result<()> {
        if self.seen.insert(digest(Algorithm::Sha256, crl.der())?) {
            self.crls.lists.push(crl);
        }
        Ok(())
    }

    fn add_file(&mut self, option: &str, path: &str) -> Result<()> {
        let contents = self.read(option, path)?;
        self.add_contents(option, path, &contents)
    }

    fn read(&mut self, option: &str, path: &str) -> Result<Vec<u8>> {
        let contents = read_file(option, path)?;
        self.crls.watched.push(Watched::now(path));
        Ok(contents)
    }

    fn add_contents(&mut self, option: &str, whose: &str, contents: &[u8]) -> Result<()> {
        if self.add_any(option, whose, contents)? == 0 {
            let what = format!("{option}: {whose} holds no CRL (no BEGIN X509 CRL)");
            return Err(Error::new(Status::FileEmpty, what));
        }
        Ok(())
    }

    fn add_any(&mut self, option: &str, whose: &str, contents: &[u8]) -> Result<usize> {
        let found = Crl::all_from(contents).map_err(named(&format!("{option}: {whose}")))?;
        let count = found.len();
        found.into_iter().try_for_each(|crl| self.add(crl))?;
        Ok(count)
    }

    fn add_directory(&mut self, path: &str) -> Result<()> {
        const OPTION: &str = "option crl_path";
        let unreadable = |error: std::io::Error| io_error(OPTION, path, &error);
        // Before the directory is read: what is put into it meanwhile makes it stale.
        self.crls.watched.push(Watched::now(path));
        let mut files = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            files.extend(kind(&file.to_string_lossy()).map(|kind| (file, kind)));
        }
        if files.len() > CRL_FILES {
            let what = format!("{OPTION}: {path} holds more than {CRL_FILES} files");
            return Err(Error::new(Status::FileUnreadable, what));
        }
        files.sort();
        let mut found = 0;
        for (file, kind) in files {
            let file = file.to_string_lossy();
            match kind {
                Kind::List => self.add_file(OPTION, &file).map(|()| found += 1)?,
                Kind::Any => {
                    let contents = self.read(OPTION, &file)?;
                    found += self.add_any(OPTION, &file, &contents)?;
                }
            }
        }
        if found == 0 {
            let what = format!(
                "{OPTION}: {path} holds no CRL (no file under a hash name such as 5ed36f99.r0, *.crl or *.pem)"
            );
            return Err(Error::new(Status::FileEmpty, what));
        }
        Ok(())
    }
}

/// What a file of a directory is by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// It must hold a list.
    List,
    /// It may hold one.
    Any,
}

fn kind(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next()?;
    let (stem, end) = name.rsplit_once('.')?;
    match end {
        "crl" => Some(Kind::List),
        "pem" => Some(Kind::Any),
        _ => {
            let number = end.strip_prefix('r')?;
            let is_hash = stem.len() == 8 && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
            (is_hash && number.parse::<u32>().is_ok()).then_some(Kind::List)
        }
    }
}

fn named(whose: &str) -> impl Fn(Error) -> Error {
    let whose = whose.to_owned();
    move |error| Error::new(error.status, format!("{whose}: {}", error.what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_by_their_names() {
        for (name, wanted) in [
            ("/crls/5ed36f99.r0", Some(Kind::List)),
            ("/crls/5ed36f99.r12", Some(Kind::List)),
            ("/crls/root.crl", Some(Kind::List)),
            ("/crls/root.pem", Some(Kind::Any)),
            ("/crls/5ed36f99.0", None),
            ("/crls/5ed36f9.r0", None),
            ("/crls/5ed36f99.rx", None),
            ("/crls/README", None),
            ("/crls.r0/README", None),
        ] {
            assert_eq!(kind(name), wanted, "{name}");
        }
    }
}
