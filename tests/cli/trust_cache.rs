//! Where the index of the system's CAs is written down when nobody says where.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::program::{LAB, Said, lab_dir, quoted, shell};

const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A home, emptied.
fn home(name: &str) -> PathBuf {
    let home = std::env::temp_dir().join(format!("stv-home-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&home);
    fs::create_dir(&home).expect("a directory");
    set_mode(&home, 0o755);
    home
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
}

/// A chain that no public CA vouches for.
fn ask(environment: &str, more: &str) -> Said {
    let _ = &*LAB;
    let chain = lab_dir().join("honest").join("chain.pem");
    let chain = quoted(chain.to_str().expect("UTF-8"));
    let said = shell(&format!(
        "env -u XDG_CACHE_HOME -u HOME SSL_CERT_FILE={SYSTEM} {environment} \
         \"$PROGRAM\" chain --name mail.bob.test {more} {chain}"
    ));
    assert!(said.exit == Some(1) || !more.is_empty(), "{said:?}");
    said
}

fn indexes(directory: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(directory.join("starttls_verify")).into_iter().flatten().flatten();
    all.map(|entry| entry.path()).filter(|path| path.extension().is_none()).collect()
}

#[test]
fn the_index_lies_in_the_users_directory_of_caches() {
    let home = home("good");
    let caches = home.join(".cache");
    ask(&format!("HOME={}", home.display()), "");
    assert!(!caches.exists(), "no directory of caches is made");
    fs::create_dir(&caches).expect("a directory");
    set_mode(&caches, 0o700);
    let first = ask(&format!("HOME={}", home.display()), "");
    let [index] = &indexes(&caches)[..] else { panic!("{:?}", indexes(&caches)) };
    let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o7777;
    assert_eq!((mode(index), mode(index.parent().expect("a directory"))), (0o600, 0o700));
    assert_eq!(first.out, ask(&format!("HOME={}", home.display()), "").out);

    let other = home.join("other");
    fs::create_dir(&other).expect("a directory");
    ask(&format!("HOME={} XDG_CACHE_HOME={}", home.display(), other.display()), "");
    assert_eq!(indexes(&other).len(), 1);
    fs::remove_dir_all(home).expect("it is removed");
}

#[test]
fn there_is_none_where_somebody_else_could_write() {
    let home = home("bad");
    let place = format!("XDG_CACHE_HOME={}", home.display());
    for mode in [0o777, 0o770, 0o1777] {
        set_mode(&home, mode);
        ask(&place, "");
        assert!(!home.join("starttls_verify").exists(), "{mode:o}");
    }
    set_mode(&home, 0o755);
    std::os::unix::fs::chown(&home, Some(4321), None).expect("root");
    ask(&place, "");
    assert!(!home.join("starttls_verify").exists(), "another user's");
    ask("XDG_CACHE_HOME=relative HOME=", "");
    assert!(!Path::new("relative").exists());
    std::os::unix::fs::chown(&home, Some(0), None).expect("root");
    fs::create_dir(home.join("starttls_verify")).expect("a directory");
    set_mode(&home.join("starttls_verify"), 0o777);
    ask(&place, "");
    assert_eq!(indexes(&home), [] as [PathBuf; 0]);
    fs::remove_dir_all(home).expect("it is removed");
}

/// A program with more rights than its user: the user says what the environment is.
#[test]
fn there_is_none_for_a_set_uid_program() {
    let home = home("setuid");
    std::os::unix::fs::chown(&home, Some(4321), None).expect("root");
    let program = home.join("program");
    fs::copy(env!("CARGO_BIN_EXE_starttls-verify"), &program).expect("a copy");
    std::os::unix::fs::chown(&program, Some(4321), None).expect("root");
    set_mode(&program, 0o4755);
    let chain = home.join("chain.pem");
    let _ = &*LAB;
    fs::copy(lab_dir().join("honest").join("chain.pem"), &chain).expect("a copy");
    set_mode(&chain, 0o644);
    let run = |user: u32| {
        shell(&format!(
            "env XDG_CACHE_HOME={0} setpriv --reuid {user} --clear-groups {0}/program chain --name mail.bob.test {0}/chain.pem",
            home.display()
        ))
    };
    assert_eq!(run(1234).exit, Some(1));
    assert!(!home.join("starttls_verify").exists());
    assert_eq!(run(4321).exit, Some(1));
    assert_eq!(indexes(&home).len(), 1, "the same program with its owner's rights");
    fs::remove_dir_all(home).expect("it is removed");
}

#[test]
fn it_can_be_switched_off_and_put_elsewhere() {
    let home = home("option");
    let place = format!("XDG_CACHE_HOME={}", home.display());
    ask(&place, "--set trust_cache=off");
    assert!(!home.join("starttls_verify").exists());
    let own = home.join("own");
    fs::create_dir(&own).expect("a directory");
    set_mode(&own, 0o700);
    let said = ask(&place, &format!("--set trust_cache={}", own.display()));
    assert_eq!(said.exit, Some(1), "{said:?}");
    assert!(fs::read_dir(&own).expect("a directory").count() > 0);
    assert!(!home.join("starttls_verify").exists());
    let said = ask(&place, &format!("--set trust_cache={}/missing", own.display()));
    assert_eq!(said.exit, Some(2), "{said:?}");
    assert!(said.err.contains("option trust_cache: ") && said.err.contains("does not exist"));
    set_mode(&own, 0o777);
    let said = ask(&place, &format!("--set trust_cache={}", own.display()));
    assert_eq!(said.exit, Some(2), "{said:?}");
    assert!(said.err.contains("can be written by others"), "{said:?}");
    fs::remove_dir_all(home).expect("it is removed");
}
