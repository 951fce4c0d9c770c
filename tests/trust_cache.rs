//! What is written down of a bundle saves reading it, and can at worst hide an anchor: whoever damages or
//! forges it, or its directory, gains none.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use data_encoding::BASE64;
use starttls_verify::error::Result;
use starttls_verify::ossl::{Certificate, Chain, CrlScope, Purpose, Question, find_path};
use starttls_verify::status::Status;
use starttls_verify::trust::{IndexCache, Reading, Sources, Trust, Watched};
use stv_lab::ca::{Blueprint, Identity};

const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Enough that a bundle of them is worth an index on disk.
const CAS: usize = 40;
/// Where the entries begin, and how long one is: start (4), end (4), hash of the subject (8).
const HEAD: usize = 72;
const ENTRY: usize = 16;

/// CAs, and a leaf of each.
struct Material {
    roots: Vec<Vec<u8>>,
    leaves: Vec<Vec<u8>>,
}

static MATERIAL: LazyLock<Material> = LazyLock::new(|| {
    let cas: Vec<Identity> = (0..CAS)
        .map(|number| Blueprint::authority(&format!("CA {number}")).self_signed().unwrap())
        .collect();
    let leaf = |ca| Blueprint::leaf(&["mail.bob.test"]).issued_by(ca).unwrap().cert.to_der();
    Material {
        roots: cas.iter().map(|ca| ca.cert.to_der().unwrap()).collect(),
        leaves: cas.iter().map(|ca| leaf(ca).unwrap()).collect(),
    }
});

/// A directory with a bundle and the indexes of bundles, removed at the end.
struct Room(PathBuf);

impl Room {
    fn new() -> Room {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("stv-trust-cache-{}-{number}", std::process::id());
        let room = Room(std::env::temp_dir().join(name));
        private_directory(&room.0);
        private_directory(&room.cache());
        room
    }

    /// With the first CAs in the bundle, which has been there for a while.
    fn with(count: usize) -> Room {
        let room = Room::new();
        room.put(&bundle(&MATERIAL.roots[..count]));
        settle();
        room
    }

    fn bundle(&self) -> PathBuf {
        self.0.join("bundle.pem")
    }

    fn cache(&self) -> PathBuf {
        self.0.join("cache")
    }

    fn put(&self, text: &str) {
        fs::write(self.bundle(), text).unwrap();
    }

    /// Puts another file in the place of the bundle.
    fn replace(&self, text: &str) {
        fs::write(self.0.join("new"), text).unwrap();
        fs::rename(self.0.join("new"), self.bundle()).unwrap();
    }

    fn index_cache(&self) -> Result<IndexCache> {
        IndexCache::at(self.cache().to_str().unwrap())
    }

    fn trust(&self) -> Trust {
        trust(&self.bundle(), Some(self.index_cache().unwrap()))
    }

    /// The one index that was written down.
    fn written(&self) -> PathBuf {
        let all = fs::read_dir(self.cache()).unwrap().map(|entry| entry.unwrap().path());
        let mut indexes = all.filter(|path| path.extension().is_none());
        let first = indexes.next().expect("an index");
        assert_eq!(indexes.next(), None);
        first
    }

    fn has_written(&self) -> bool {
        let all = fs::read_dir(self.cache()).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| path.is_file()).any(|path| path.extension().is_none())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn private_directory(path: &Path) {
    fs::DirBuilder::new().mode(0o700).create(path).unwrap();
}

/// A file that was written to just now is not written down, and not shared.
fn settle() {
    std::thread::sleep(Duration::from_millis(3100));
}

fn pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn bundle(roots: &[Vec<u8>]) -> String {
    let text: String = roots.iter().map(|der| pem(der)).collect();
    assert!(text.len() >= 16 << 10, "{}", text.len());
    text
}

fn trust(path: &Path, cache: Option<IndexCache>) -> Trust {
    let files = vec![path.to_str().unwrap()];
    Trust::load(&Sources { files, cache, ..Sources::default() }).unwrap()
}

fn chain(der: &[u8]) -> Chain {
    let mut chain = Chain::new();
    chain.add_der(der).unwrap();
    chain
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs().try_into().unwrap()
}

/// The anchor under which the leaf of this CA is trusted.
fn anchor_of(trust: &Trust, ca: usize) -> Option<Vec<u8>> {
    let chain = chain(&MATERIAL.leaves[ca]);
    let question = Question {
        anchors: trust.store(),
        chain: &chain,
        crls: &[],
        crl_scope: CrlScope::Chain,
        time: now(),
        check_time: true,
        purpose: Purpose::Any,
        depth: 20,
        level: 1,
        partial: true,
        hosts: &[],
        address: None,
        common_name: false,
        route: None,
    };
    let answer = find_path(&question).unwrap();
    let anchor = answer.path.last().map(|anchor| anchor.der().to_vec());
    anchor.filter(|_| answer.faults.is_empty())
}

fn assert_trusts(trust: &Trust, ca: usize, what: &str) {
    assert_eq!(anchor_of(trust, ca).as_ref(), Some(&MATERIAL.roots[ca]), "{what}");
}

/// FNV-1a of all, and of the version: whoever forges an index can make it.
fn seal(text: &[u8]) -> Vec<u8> {
    let hash = |octets: &[u8]| {
        octets.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let sum = hash(text) ^ hash(env!("CARGO_PKG_VERSION").as_bytes());
    [text, &sum.to_le_bytes()].concat()
}

/// Puts a forged index in the place of the good one.
fn forge(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut octets = fs::read(path).unwrap();
    octets.truncate(octets.len() - 8);
    change(&mut octets);
    fs::write(path, seal(&octets)).unwrap();
}

#[test]
fn the_index_on_disk_and_the_bundle_agree_on_every_anchor_of_the_system() {
    let room = Room::new();
    let text = fs::read(SYSTEM).unwrap();
    let all = starttls_verify::ossl::certificates_of_pem(&text).unwrap();
    assert!(all.len() > 50);
    let path = Path::new(SYSTEM);
    let cache = || Some(room.index_cache().unwrap());
    drop(trust(path, cache()));
    let size = usize::try_from(fs::metadata(room.written()).unwrap().len()).unwrap();
    assert_eq!(size, HEAD + all.len() * ENTRY + 8);
    let files = vec![SYSTEM];
    let whole = Sources { files, reading: Reading::Whole, ..Sources::default() };
    let (lying, held) = (trust(path, cache()), trust(path, None));
    let whole = Trust::load(&whole).unwrap();
    let ders = |found: Vec<Certificate>| -> Vec<Vec<u8>> {
        found.iter().map(|one| one.der().to_vec()).collect()
    };
    for anchor in &all {
        let found = [&lying, &held, &whole].map(|trust| ders(trust.store().issuers_of(anchor)));
        assert_eq!(found[0], found[1], "{}", anchor.facts().subject);
        assert_eq!(found[0], found[2], "{}", anchor.facts().subject);
        assert!(found[0].iter().any(|der| der == anchor.der()) || !anchor.is_self_issued());
    }
}

#[test]
fn it_is_written_once_for_its_owner_alone() {
    let room = Room::with(CAS);
    drop(room.trust());
    let state = fs::metadata(room.written()).unwrap();
    assert_eq!(state.mode() & 0o7777, 0o600);
    let trust = room.trust();
    assert_trusts(&trust, 3, "from the index");
    let again = fs::metadata(room.written()).unwrap();
    assert_eq!((state.ino(), state.mtime_nsec()), (again.ino(), again.mtime_nsec()), "not again");
}

#[test]
fn small_and_fresh_bundles_are_not_written_down() {
    let room = Room::new();
    room.put(&bundle(&MATERIAL.roots));
    assert_trusts(&room.trust(), 0, "fresh");
    assert!(!room.has_written());
    room.replace(&pem(&MATERIAL.roots[0]));
    settle();
    assert_trusts(&room.trust(), 0, "small");
    assert!(!room.has_written());
}

#[test]
fn a_damaged_index_is_made_anew() {
    let room = Room::with(CAS);
    drop(room.trust());
    let path = room.written();
    let good = fs::read(&path).unwrap();
    let cuts = (0..good.len()).step_by(7).map(|length| good[..length].to_vec());
    let flips = (0..good.len()).step_by(3).map(|at| {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        bad
    });
    let longer = [vec![0], good.clone(), vec![0; 1 << 20]];
    let longer = longer.iter().map(|more| [good.as_slice(), more].concat());
    for (number, bad) in cuts.chain(flips).chain(longer).enumerate() {
        fs::write(&path, bad).unwrap();
        assert_trusts(&room.trust(), 5, &format!("damage {number}"));
        assert_eq!(fs::read(&path).unwrap(), good, "{number}");
    }
}

/// Whoever can write to the file hides an anchor at worst; what is at another place than the index says
/// has the bundle read whole.
#[test]
fn a_forged_index_adds_nothing() {
    // Where an entry of the index begins.
    let at = |entry: usize| HEAD + entry * ENTRY;
    let few = &MATERIAL.roots[..CAS - 1];
    let room = Room::new();
    // The last CA is in a comment: in the file, and no anchor.
    let comment = pem(&MATERIAL.roots[CAS - 1]).replace("-----BEGIN", "# -----BEGIN");
    assert!(comment.contains("\nMII") || comment.contains("\nMI"));
    let indented = comment.lines().map(|line| format!(" {line}\n")).collect::<String>();
    let indented = indented.replace("-----BEGIN ", "-----BEGAN ");
    room.put(&format!("{}{indented}", bundle(few)));
    settle();
    drop(room.trust());
    let path = room.written();
    let good = fs::read(&path).unwrap();
    let whole = |trust: &Trust, what: &str| {
        assert_trusts(trust, 0, what);
        assert_eq!(anchor_of(trust, CAS - 1), None, "{what}");
    };
    whole(&room.trust(), "the good one");

    forge(&path, |text| text[at(0) + 4] -= 1);
    whole(&room.trust(), "a block that ends too early");
    fs::write(&path, &good).unwrap();
    forge(&path, |text| text[at(0)] += 1);
    whole(&room.trust(), "a block that begins too late");
    fs::write(&path, &good).unwrap();
    forge(&path, |text| {
        let (mine, other) = (text[at(0) + 8..at(1)].to_vec(), text[at(1) + 8..at(2)].to_vec());
        text[at(0) + 8..at(1)].copy_from_slice(&other);
        text[at(1) + 8..at(2)].copy_from_slice(&mine);
    });
    whole(&room.trust(), "subjects that were exchanged");
    fs::write(&path, &good).unwrap();
    forge(&path, |text| text[at(0) + 8..at(1)].fill(7));
    assert_eq!(anchor_of(&room.trust(), 0), None, "hidden, and nothing worse");
    assert_trusts(&room.trust(), 1, "the others are there");
    fs::write(&path, &good).unwrap();
    forge(&path, |text| text[at(CAS - 2) + 4..at(CAS - 2) + 8].fill(0xff));
    whole(&room.trust(), "beyond the end: no index at all");
    fs::write(&path, &good).unwrap();
    let end = u32::try_from(fs::metadata(room.bundle()).unwrap().len()).unwrap();
    let start = end - u32::try_from(indented.len()).unwrap();
    forge(&path, |text| {
        let last = at(CAS - 2);
        text[last..last + 4].copy_from_slice(&start.to_le_bytes());
        text[last + 4..last + 8].copy_from_slice(&end.to_le_bytes());
    });
    let trust = room.trust();
    assert_eq!(anchor_of(&trust, CAS - 1), None, "a comment is no anchor");
    assert_trusts(&trust, CAS - 2, "the bundle is asked");
}

#[test]
fn the_index_of_another_bundle_is_none() {
    let (one, other) = (Room::with(CAS), Room::new());
    other.put(&bundle(&MATERIAL.roots[1..]));
    settle();
    drop((one.trust(), other.trust()));
    let (from, to) = (one.written(), other.written());
    fs::copy(from, &to).unwrap();
    let trust = other.trust();
    assert_eq!(anchor_of(&trust, 0), None);
    assert_trusts(&trust, 1, "its own");
}

#[test]
fn writers_at_the_same_time_leave_a_good_index() {
    let room = Room::with(CAS);
    for _ in 0..10 {
        if room.has_written() {
            fs::remove_file(room.written()).unwrap();
        }
        std::thread::scope(|scope| {
            for ca in 0..6 {
                let room = &room;
                scope.spawn(move || assert_trusts(&room.trust(), ca, "beside others"));
            }
        });
        let good = fs::read(room.written()).unwrap();
        drop(room.trust());
        assert_eq!(fs::read(room.written()).unwrap(), good);
    }
}

#[test]
fn a_directory_that_others_may_write_to_is_refused() {
    let room = Room::with(CAS);
    let mode = |mode| fs::set_permissions(room.cache(), fs::Permissions::from_mode(mode)).unwrap();
    let status = |room: &Room| room.index_cache().map_err(|error| (error.status, error.what));
    drop(room.trust());
    let (path, cache) = (room.written(), room.index_cache().unwrap());
    for bad in [0o777, 0o770, 0o1777, 0o702] {
        mode(bad);
        let (status, what) = status(&room).unwrap_err();
        assert_eq!(status, Status::FileUnsafe);
        assert!(what.starts_with("option trust_cache: "), "{what}");
        // It became so after the verifier's options were read.
        forge(&path, |text| text[HEAD + 8..HEAD + 16].fill(7));
        assert_trusts(&trust(&room.bundle(), Some(cache.clone())), 0, "not read");
        fs::remove_file(&path).unwrap();
        drop(trust(&room.bundle(), Some(cache.clone())));
        assert!(!room.has_written(), "not written");
        mode(0o700);
        drop(room.trust());
    }
    chown(room.cache(), Some(4321), None).unwrap();
    assert_eq!(status(&room).unwrap_err().0, Status::FileUnsafe);
    fs::remove_dir_all(room.cache()).unwrap();
    assert_eq!(status(&room).unwrap_err().0, Status::FileMissing);
    fs::write(room.cache(), "a file").unwrap();
    assert_eq!(status(&room).unwrap_err().0, Status::FileUnreadable);
    fs::remove_file(room.cache()).unwrap();
    private_directory(&room.cache());
    assert_eq!(IndexCache::at("").unwrap_err().status, Status::OptionValue);
}

#[test]
fn a_file_that_is_not_the_users_own_is_not_read() {
    let room = Room::with(CAS);
    drop(room.trust());
    let path = room.written();
    let hiding = |path: &Path| forge(path, |text| text[HEAD + 8..HEAD + 16].fill(7));
    let anew = |what: &str| {
        assert_trusts(&room.trust(), 0, what);
        let state = fs::symlink_metadata(&path).unwrap();
        assert_eq!((state.uid(), state.mode() & 0o177_777), (0, 0o100_600), "{what}");
    };
    hiding(&path);
    chown(&path, Some(4321), None).unwrap();
    anew("another user's");
    for mode in [0o620, 0o602, 0o666] {
        hiding(&path);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        anew("others may write to it");
    }
    hiding(&path);
    fs::rename(&path, room.0.join("elsewhere")).unwrap();
    symlink(room.0.join("elsewhere"), &path).unwrap();
    anew("a link");
    fs::remove_file(&path).unwrap();
    Command::new("mkfifo").arg(&path).status().unwrap();
    anew("a FIFO");
}

/// What cannot be written down is no reason to fail.
#[test]
fn nothing_can_be_written() {
    let room = Room::with(CAS);
    let nowhere = IndexCache::at("/proc/sys/kernel").unwrap();
    assert_trusts(&trust(&room.bundle(), Some(nowhere)), 0, "read-only");
    drop(room.trust());
    let path = room.written();
    fs::remove_file(&path).unwrap();
    private_directory(&path.with_extension("new"));
    assert_trusts(&room.trust(), 0, "in the way");
    assert!(!room.has_written());
    fs::remove_dir(path.with_extension("new")).unwrap();
    private_directory(&path);
    assert_trusts(&room.trust(), 0, "a directory");
    fs::remove_dir(&path).unwrap();
}

/// A process that may write no file is killed by SIGXFSZ if it tries.
#[test]
fn a_process_that_may_not_write_files_lives() {
    const VARIABLE: &str = "STV_TEST_ROOM";
    if let Ok(path) = std::env::var(VARIABLE) {
        let room = std::mem::ManuallyDrop::new(Room(PathBuf::from(path)));
        assert!(room.trust().watched().iter().all(|file| !Watched::has_changed(file)));
        return;
    }
    let room = Room::with(CAS);
    for blocks in ["0", "1", "8"] {
        let script = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let name = "a_process_that_may_not_write_files_lives";
        let program = std::env::current_exe().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(program).args(["--exact", name]);
        let said = shell.env(VARIABLE, &room.0).output().unwrap();
        assert!(said.status.success(), "{blocks}: {said:?}");
        assert_eq!(room.has_written(), blocks == "8");
    }
}

#[test]
fn a_bundle_that_was_replaced_is_read_anew() {
    let room = Room::with(CAS);
    drop(room.trust());
    let old = room.trust();
    assert_trusts(&old, 0, "before");
    room.replace(&bundle(&MATERIAL.roots[2..]));
    settle();
    assert!(old.watched().iter().any(Watched::has_changed));
    assert_trusts(&old, 1, "a verifier keeps its file");
    let new = room.trust();
    assert_eq!(anchor_of(&new, 1), None);
    assert_trusts(&new, 2, "the new file");
    drop((old, new));
    assert_trusts(&room.trust(), 3, "by the new index");
}

/// The text is not in memory: what is asked for next comes from the file of now, or from nowhere.
#[test]
fn a_bundle_that_is_written_to_while_in_use() {
    let room = Room::with(CAS);
    let trust = room.trust();
    assert_trusts(&trust, 0, "before");
    // As long as before, so that the places of the index lie inside.
    room.put(&bundle(&MATERIAL.roots).replacen("MII", "MIJ", 1));
    assert_eq!(anchor_of(&trust, 3), None, "half of it is not believed");
    room.put(&bundle(&MATERIAL.roots[2..]));
    assert_trusts(&trust, 4, "what is there now");
    assert_eq!(anchor_of(&trust, 1), None, "what is there no more");
    assert_trusts(&trust, 0, "what was asked for stays");

    let room = Room::with(CAS);
    let trust = room.trust();
    room.put("");
    assert_eq!(anchor_of(&trust, 0), None, "truncated");
    fs::remove_file(room.bundle()).unwrap();
    assert_eq!(anchor_of(&trust, 1), None, "gone");
}

/// Daemons close what they do not know. The number then belongs to somebody else.
#[test]
fn a_descriptor_that_was_closed_is_not_missed() {
    let room = Room::with(CAS);
    let trust = room.trust();
    let numbers = || {
        let all = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| entry.ok());
        let ours =
            all.filter(|entry| fs::read_link(entry.path()).is_ok_and(|to| to == room.bundle()));
        ours.map(|entry| entry.file_name().to_str().unwrap().parse().unwrap()).collect::<Vec<i32>>()
    };
    let [number] = numbers()[..] else { panic!("one descriptor: {:?}", numbers()) };
    let other = fs::File::open("/etc/passwd").unwrap();
    // SAFETY: the number is the library's, as when a daemon closes all; it becomes /etc/passwd's.
    assert_eq!(unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&other), number) }, number);
    assert_trusts(&trust, 0, "opened again");
    assert!(numbers().is_empty(), "and closed again");
    fs::rename(room.bundle(), room.0.join("moved")).unwrap();
    assert_eq!(anchor_of(&trust, 1), None, "another file, or none, is not believed");
    drop(trust);
    let link = format!("/proc/self/fd/{number}");
    assert_eq!(fs::read_link(link).unwrap(), Path::new("/etc/passwd"), "not closed");
}
