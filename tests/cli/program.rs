//! The program under test, and the lab it is run against.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;
use stv_lab::Lab;
use stv_lab::scenario::{Outcome, Scenario};

/// One lab for all tests; its servers end with the process.
pub static LAB: LazyLock<Lab> = LazyLock::new(|| Lab::start(&lab_dir()).expect("the lab starts"));

/// What the program said.
#[derive(Debug)]
pub struct Said {
    pub exit: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn first_line(&self) -> &str {
        self.out.lines().next().unwrap_or_default()
    }

    /// Every line of output as JSON.
    pub fn records(&self) -> Vec<Json> {
        let parse = |line| serde_json::from_str(line).expect("every line is JSON");
        self.out.lines().map(parse).collect()
    }
}

pub fn lab_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-lab")
}

pub fn cafile() -> String {
    LAB.ca_pem_path().to_str().expect("a UTF-8 path").to_owned()
}

pub fn scenario(id: &str) -> &'static Scenario {
    LAB.scenario(id).expect("the table has it")
}

/// Runs the program with these arguments and nothing on standard input.
pub fn run<S: AsRef<str>>(arguments: &[S]) -> Said {
    run_with(arguments, Vec::new())
}

/// Runs the program with this on standard input.
pub fn run_with<S: AsRef<str>>(arguments: &[S], input: Vec<u8>) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_starttls-verify"))
        .args(arguments.iter().map(AsRef::as_ref))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // In a thread of its own: the program answers while it reads. It may also end early.
    let feeder = thread::spawn(move || stdin.write_all(&input).is_ok());
    let output = child.wait_with_output().expect("the program ends");
    feeder.join().expect("the feeder ends");
    said(&output)
}

/// Runs a line of shell, in which `$PROGRAM` is the program.
pub fn shell(line: &str) -> Said {
    let program = env!("CARGO_BIN_EXE_starttls-verify");
    let mut command = Command::new("sh");
    command.args(["-c", line]).env("PROGRAM", program).env("STARTTLS_VERIFY", program);
    said(&command.output().expect("a shell"))
}

fn said(output: &Output) -> Said {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { exit: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// `check` for a scenario of the lab, with further arguments.
pub fn check(scenario: &Scenario, more: &[&str]) -> Said {
    let seconds = format!("{}", scenario.deadline_ms as f64 / 1000.0);
    let (cafile, connect) = (cafile(), scenario.connect());
    let target = format!("smtp://{}", scenario.host);
    let given = ["check", "--cafile", &cafile, "--connect", &connect, "--timeout", &seconds];
    run(&[&given[..], more, &[&target]].concat())
}

/// The verdict in JSON that a scenario wants.
pub fn verdict_of(scenario: &Scenario) -> &'static str {
    match scenario.outcome {
        Outcome::Trusted => "trusted",
        Outcome::Rejected(_) => "rejected",
        Outcome::Unchecked(_) => "unknown",
    }
}

/// The key pin of a scenario's certificate, as the program prints it.
pub fn pins_of(id: &str) -> String {
    let path = lab_dir().join(id).join("chain.pem");
    let said = run(&["pin", "--pem", path.to_str().expect("UTF-8")]);
    assert_eq!(said.exit, Some(0), "{said:?}");
    said.out.lines().nth(1).expect("a pin").to_owned()
}

/// A text as one word of a shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A program that is asked line by line while its pipes stay open.
pub struct Dialogue {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
}

impl Dialogue {
    pub fn begin(arguments: &[&str]) -> Dialogue {
        let mut child = Command::new(env!("CARGO_BIN_EXE_starttls-verify"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let questions = child.stdin.take().expect("a pipe");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let (sender, answers) = channel();
        // Ends with the program's output.
        thread::spawn(move || lines.map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        Dialogue { child, questions, answers }
    }

    /// One line there, one line back; `None` when none came in time.
    pub fn ask(&mut self, line: &str) -> Option<String> {
        writeln!(self.questions, "{line}").expect("the program reads");
        self.answers.recv_timeout(Duration::from_secs(20)).ok()
    }

    pub fn end(mut self) {
        drop(self.questions);
        assert!(self.child.wait().expect("the program ends").success());
    }
}
