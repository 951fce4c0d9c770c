//! `check --batch` under pressure: many lines, few descriptors, servers that never answer, readers
//! that go away.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::program::{Dialogue, Said, cafile, quoted, run_with, scenario, shell};

/// A line for a server of the lab.
fn line(id: usize, name: &str, timeout_ms: u64) -> String {
    let scenario = scenario(name);
    let names = ["connect_timeout_ms", "negotiation_timeout_ms", "handshake_timeout_ms"];
    let options: Json =
        names.into_iter().map(|name| (name.to_owned(), json!(timeout_ms))).collect();
    let (target, connect) = (format!("smtp://{}", scenario.host), scenario.connect());
    json!({"id": id, "target": target, "connect": connect, "options": options}).to_string()
}

/// Runs a batch from a file, under this limit of open files.
fn limited(lines: &[String], files: u64, more: &str) -> Said {
    let path = std::env::temp_dir().join(format!("stv-many-{}-{files}", std::process::id()));
    std::fs::write(&path, lines.join("\n")).expect("a file");
    let said = shell(&format!(
        "ulimit -n {files}; exec \"$PROGRAM\" check --batch {more} --cafile {} < {}",
        quoted(&cafile()),
        quoted(path.to_str().expect("UTF-8")),
    ));
    std::fs::remove_file(&path).expect("it was there");
    said
}

fn verdicts(said: &Said, verdict: &str) -> usize {
    said.records().iter().filter(|record| record["verdict"] == verdict).count()
}

/// What has no descriptor waits for one, and is not answered with "too many open files".
#[test]
fn a_thousand_lines_with_sixty_four_descriptors() {
    let lines: Vec<String> =
        (0..1000).map(|id| line(id, if id % 10 == 0 { "eve" } else { "honest" }, 60_000)).collect();
    for (more, files) in [("", 64), ("--parallel 1000", 65), ("--parallel 8", 24)] {
        let lines = if files == 64 { &lines[..] } else { &lines[..100] };
        let said = limited(lines, files, more);
        assert_eq!((said.exit, &said.err[..]), (Some(0), ""), "{more}");
        let ids: BTreeSet<u64> =
            said.records().iter().filter_map(|record| record["id"].as_u64()).collect();
        assert_eq!((ids.len(), said.records().len()), (lines.len(), lines.len()), "{more}");
        let eves = lines.len() / 10;
        assert_eq!(
            (verdicts(&said, "trusted"), verdicts(&said, "rejected")),
            (lines.len() - eves, eves),
            "{:?}",
            said.records().iter().find(|record| record["verdict"] == "unknown")
        );
    }
}

/// A hundred servers that never answer cost one deadline, not a hundred, and the others nothing.
#[test]
fn those_who_never_answer_keep_nobody_waiting() {
    // The kernel's backlog takes the connections; nobody ever says a word.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let silent = silent.local_addr().expect("an address");
    let mute = json!({"target": "mail.bob.test", "connect": silent.to_string(),
        "options": {"negotiation_timeout_ms": 1500}});
    let lines: Vec<String> =
        (0..100).map(|_| mute.to_string()).chain([line(7, "honest", 20_000)]).collect();
    let begun = Instant::now();
    let given = ["check", "--batch", "--parallel", "200", "--cafile", &cafile(), "--strict"];
    let said = run_with(&given, lines.join("\n").into_bytes());
    let took = begun.elapsed();
    assert_eq!(said.exit, Some(3), "{said:?}");
    assert!(took < Duration::from_secs(12), "{took:?}");
    let records = said.records();
    assert_eq!(records.len(), 101);
    assert_eq!((&records[0]["id"], &records[0]["verdict"]), (&json!(7), &json!("trusted")));
    assert!(records[1..].iter().all(|record| record["code"] == "io.timeout"), "{said:?}");
}

/// The resolver is waited for by others.
#[test]
fn a_name_that_is_looked_up_keeps_nobody_waiting() {
    let lines: Vec<String> = (0..40)
        .map(|number| format!("smtp://nowhere-{number}.invalid"))
        .chain([line(1, "honest", 20_000)])
        .collect();
    let given = ["check", "--batch", "--timeout", "8", "--cafile", &cafile()];
    let said = run_with(&given, lines.join("\n").into_bytes());
    assert_eq!((said.exit, said.records().len()), (Some(0), 41), "{said:?}");
    assert_eq!(verdicts(&said, "trusted"), 1);
    let unresolved = said.records().into_iter().filter(|record| record["verdict"] == "unknown");
    let codes: BTreeSet<String> = unresolved.map(|record| record["code"].to_string()).collect();
    assert!(
        codes.iter().all(|code| code == "\"io.resolve\"" || code == "\"io.timeout\""),
        "{codes:?}"
    );
}

/// Nobody reads any more: the batch ends at once and says nothing, with SIGPIPE or without.
#[test]
fn a_closed_standard_output_ends_it() {
    let lines: Vec<String> = (0..400).map(|id| line(id, "honest", 20_000)).collect();
    let mut child = Command::new(env!("CARGO_BIN_EXE_starttls-verify"))
        .args(["check", "--batch", "--parallel", "4", "--cafile", &cafile()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut out = child.stdout.take().expect("a pipe");
    stdin.write_all(lines[..40].join("\n").as_bytes()).expect("it reads");
    stdin.write_all(b"\n").expect("it reads");
    out.read_exact(&mut [0; 10]).expect("the first answer");
    drop(out);
    let begun = Instant::now();
    // Standard input stays open: the program must not wait for its end.
    let _ = stdin.write_all(lines.join("\n").as_bytes());
    let status = child.wait().expect("it ends");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(status.code(), Some(3));
    let mut err = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("UTF-8");
    assert_eq!(err, "");
}

#[test]
fn broken_lines_are_answered_among_good_ones() {
    let good = line(1, "honest", 20_000);
    let lines = [
        "{",
        "[1]",
        "{\"id\":3}",
        "",
        "\u{fffd}\u{0}",
        "nowhere://x",
        &good,
        "host:0",
        "{\"target\":\"mail.bob.test\",\"options\":{\"min_tsl\":\"1.3\"}}",
    ];
    let said =
        run_with(&["check", "--batch", "--cafile", &cafile()], lines.join("\r\n").into_bytes());
    assert_eq!((said.exit, verdicts(&said, "error"), verdicts(&said, "trusted")), (Some(0), 7, 1));
    assert_eq!(said.records().len(), 8);
}

/// An answer comes while standard input is still open, and without a line on standard error.
#[test]
fn a_dialogue_with_check() {
    let mut dialogue = Dialogue::begin(&["check", "--batch", "--cafile", &cafile()]);
    for number in 0..3 {
        let answer = dialogue.ask(&line(number, "honest", 20_000)).expect("an answer in time");
        assert!(answer.contains("\"trusted\""), "{answer}");
    }
    dialogue.end();
}

#[test]
fn progress_is_shown_when_it_is_asked_for() {
    let lines = format!("{}\n{}\n", line(1, "honest", 20_000), line(2, "eve", 20_000));
    for (more, last) in [(&[][..], ""), (&["--progress"], "2 checked, 1 not trusted")] {
        let cafile = cafile();
        let given = [&["check", "--batch", "--cafile", &cafile], more].concat();
        let said = run_with(&given, lines.clone().into_bytes());
        assert_eq!(said.err.lines().last().unwrap_or_default(), last);
    }
}
