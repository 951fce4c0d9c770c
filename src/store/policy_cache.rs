//! MTA-STS policies that were fetched before, one file to a domain in a directory of its own.
//!
//! RFC 8461 §5.1: a policy holds for its max_age, whether or not its host and its TXT record can be
//! reached meanwhile; that is what keeps somebody on the path from switching it off. So a file that
//! cannot be read is an error and never "no policy".
//!
//! ```json
//! {"starttls-verify":"mta-sts policy","v":1,"domain":"bob.test","id":"2016","fetched":1795000000,
//!  "policy":"version: STSv1\r\n..."}
//! ```

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::mta_sts::{Held, StsPolicy};
use crate::name::DnsName;
use crate::private_file::PrivateFile;
use crate::status::Status;

const KIND: &str = "mta-sts policy";
const VERSION: u32 = 1;

/// A directory of policies. Several processes may share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyCache {
    directory: PathBuf,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(rename = "starttls-verify")]
    kind: String,
    v: u32,
    domain: String,
    id: String,
    fetched: i64,
    policy: String,
}

impl PolicyCache {
    /// A directory that exists and that only its owner may write to.
    pub fn at(directory: &str) -> PolicyCache {
        PolicyCache { directory: PathBuf::from(directory) }
    }

    /// What is held for the domain, whether or not it still holds.
    pub fn read(&self, domain: &DnsName) -> Result<Option<Held>> {
        let file = self.file(domain)?;
        let Some(contents) = file.read()? else { return Ok(None) };
        parse(&contents, domain).map(Some).map_err(|why| {
            let path = file.path();
            let words = format!(
                "{}: {why}; the policy that it held is lost: remove the file, and fetch the policy before mail is sent",
                path.display()
            );
            Error::new(Status::FileUnreadable, words)
        })
    }

    /// Holds a policy in place of an earlier one.
    pub fn write(&self, domain: &DnsName, held: &Held) -> Result<()> {
        let text = Text {
            kind: KIND.to_owned(),
            v: VERSION,
            domain: domain.to_string(),
            id: held.id.clone(),
            fetched: held.fetched,
            policy: held.text.clone(),
        };
        let json = serde_json::to_vec(&text)
            .map_err(|error| Error::new(Status::Memory, error.to_string()))?;
        self.file(domain)?.update(|_| Ok(Some(json)))
    }

    /// A domain's name holds letters, digits, `-`, `_` and single dots, so it names a file here and
    /// nowhere else.
    fn file(&self, domain: &DnsName) -> Result<PrivateFile> {
        let path = self.directory.join(format!("{domain}.json"));
        let path = path.to_str().ok_or_else(|| {
            Error::new(Status::Encoding, "the path of the policy cache is not UTF-8")
        })?;
        PrivateFile::at(path)
    }
}

fn parse(contents: &[u8], domain: &DnsName) -> std::result::Result<Held, String> {
    let text: Text = serde_json::from_slice(contents).map_err(|error| error.to_string())?;
    if text.kind != KIND || text.v != VERSION {
        return Err("it is no MTA-STS policy, or a newer one".to_owned());
    }
    if text.domain != domain.as_str() {
        return Err(format!(
            "it is the policy of {}",
            crate::report::quote(text.domain.as_bytes())
        ));
    }
    let policy = StsPolicy::parse(&text.policy).map_err(|fault| fault.to_string())?;
    Ok(Held { id: text.id, fetched: text.fetched, text: text.policy, policy })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Idna;

    fn domain(name: &str) -> DnsName {
        DnsName::parse(name, Idna::Refuse).unwrap()
    }

    fn held() -> Held {
        let text = "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 10\n".to_owned();
        let policy = StsPolicy::parse(&text).unwrap();
        Held { id: "1".to_owned(), fetched: 1000, text, policy }
    }

    fn directory(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("stv-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir(&directory).unwrap();
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700)).unwrap();
        directory
    }

    #[test]
    fn what_is_written_is_read() {
        let directory = directory("policies");
        let cache = PolicyCache::at(directory.to_str().unwrap());
        assert_eq!(cache.read(&domain("bob.test")), Ok(None));
        cache.write(&domain("bob.test"), &held()).unwrap();
        assert_eq!(cache.read(&domain("BOB.test.")), Ok(Some(held())));
        assert_eq!(cache.read(&domain("eve.test")), Ok(None));
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_damaged_file_is_an_error_and_never_no_policy() {
        let directory = directory("damaged");
        let cache = PolicyCache::at(directory.to_str().unwrap());
        cache.write(&domain("bob.test"), &held()).unwrap();
        let path = directory.join("bob.test.json");
        let good = std::fs::read_to_string(&path).unwrap();
        let cuts = (0..good.len()).map(|at| good[..at].to_owned());
        let changed = [("bob.test", "eve.test"), ("\"v\":1", "\"v\":2"), ("enforce", "inforce")];
        let changed = changed.map(|(from, to)| good.replacen(from, to, 1));
        for bad in cuts.chain(changed) {
            std::fs::write(&path, &bad).unwrap();
            assert_eq!(
                cache.read(&domain("bob.test")).unwrap_err().status,
                Status::FileUnreadable,
                "{bad}"
            );
        }
        std::fs::remove_dir_all(directory).unwrap();
    }
}
