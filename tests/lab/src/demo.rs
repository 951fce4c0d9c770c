//! Runs client programs against the scenarios and compares their answers with the table.
//!
//! The contract of a client: it is called with `HOST CONNECT CAFILE DEADLINE_MS` behind its own
//! arguments, exits with 0 (trusted), 1 (not trusted), 2 (wrong usage) or 3 (could not check), and
//! its first line is `VERDICT URL [code] words`, without the brackets when trusted.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::scenario::{Outcome, Scenario};

/// Clients that run at the same time.
const AT_ONCE: usize = 8;
/// What a client may take beyond its deadline before it counts as hung.
const GRACE: Duration = Duration::from_secs(5);
/// A client that prints more than this has no more to say to us.
const OUTPUT_LIMIT: u64 = 1 << 20;

/// A program under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub name: String,
    /// Program and arguments.
    pub command: Vec<String>,
}

impl Client {
    /// `NAME=COMMAND`, the command split at spaces.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, command) = text.split_once('=')?;
        let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        let complete = !name.is_empty() && !command.is_empty();
        complete.then(|| Self { name: name.to_owned(), command })
    }
}

/// What one client said to one scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    pub client: String,
    pub ok: bool,
    /// `None`: killed, or not started at all.
    pub exit: Option<i32>,
    pub code: Option<String>,
    /// First line of its output.
    pub line: String,
    /// Last line of its error output; or why it has none.
    pub error: String,
    pub millis: u128,
}

impl Answer {
    /// What the client says about the peer, without verdict, URL and code.
    pub fn words(&self) -> &str {
        let rest = self.line.splitn(3, ' ').nth(2).unwrap_or_default();
        match rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            Some((_, words)) => words,
            None => rest,
        }
    }
}

/// Every client against every scenario; the answers stand in the order of `clients`.
pub fn run(scenarios: &[Scenario], clients: &[Client], ca_pem: &Path) -> Vec<Vec<Answer>> {
    let jobs: Vec<(&Scenario, &Client)> =
        scenarios.iter().flat_map(|s| clients.iter().map(move |c| (s, c))).collect();
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<(usize, Answer)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(jobs.len()) {
            scope.spawn(|| {
                while let Some((at, (scenario, client))) = take(&jobs, &next) {
                    let answer = ask(scenario, client, ca_pem);
                    answers.lock().expect("no thread panics while it pushes").push((at, answer));
                }
            });
        }
    });
    let mut answers = answers.into_inner().expect("all threads have ended");
    answers.sort_by_key(|(at, _)| *at);
    let answers: Vec<Answer> = answers.into_iter().map(|(_, answer)| answer).collect();
    answers.chunks(clients.len().max(1)).map(<[Answer]>::to_vec).collect()
}

fn take<T: Copy>(jobs: &[T], next: &AtomicUsize) -> Option<(usize, T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(at).map(|job| (at, *job))
}

/// One client, one scenario.
pub fn ask(scenario: &Scenario, client: &Client, ca_pem: &Path) -> Answer {
    let begin = Instant::now();
    let said = converse(scenario, client, ca_pem).unwrap_or_else(|e| Said {
        exit: None,
        out: String::new(),
        err: format!("{}: {e}", client.command.join(" ")),
    });
    let line = said.out.lines().next().unwrap_or_default().to_owned();
    let code = code_of(&line);
    Answer {
        client: client.name.clone(),
        ok: is_right(scenario.outcome, said.exit, &line, code.as_deref()),
        exit: said.exit,
        code,
        line,
        error: said.err.lines().last().unwrap_or_default().to_owned(),
        millis: begin.elapsed().as_millis(),
    }
}

/// The exit code, the verdict and the code must all be those of the table.
fn is_right(wanted: Outcome, exit: Option<i32>, line: &str, code: Option<&str>) -> bool {
    let verdict = line.split(' ').next().unwrap_or_default();
    let verdict_is_right = match wanted {
        Outcome::Trusted => verdict == "TRUSTED",
        Outcome::Rejected(_) => verdict == "REJECTED",
        // What a client calls it when it could not check is its own affair.
        Outcome::Unchecked(_) => !verdict.is_empty() && verdict != "TRUSTED",
    };
    exit == Some(wanted.exit()) && verdict_is_right && code == wanted.code()
}

/// ` [code]`, third in the line.
fn code_of(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(" [")?;
    let (code, _) = rest.split_once(']')?;
    Some(code.to_owned())
}

struct Said {
    exit: Option<i32>,
    out: String,
    err: String,
}

fn converse(scenario: &Scenario, client: &Client, ca_pem: &Path) -> io::Result<Said> {
    let (program, arguments) =
        client.command.split_first().ok_or(io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut child = Command::new(program)
        .args(arguments)
        .args([scenario.host, &scenario.connect()])
        .arg(ca_pem)
        .arg(scenario.deadline_ms.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (out, err) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let exit = wait(&mut child, Duration::from_millis(scenario.deadline_ms) + GRACE)?;
    let mut said = Said { exit, out: collected(&out), err: collected(&err) };
    if exit.is_none() {
        said.err = "hangs: killed".to_owned();
    }
    Ok(said)
}

/// `None` when the program had to be killed, or was killed by a signal.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<i32>> {
    let until = Instant::now() + limit;
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// Reads to the end in a thread of its own, so that a full pipe does not look like a hang.
fn collect(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (done, text) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still worth showing.
            let _ = pipe.by_ref().take(OUTPUT_LIMIT).read_to_end(&mut bytes);
            let _ = io::copy(&mut pipe, &mut io::sink());
        }
        // The receiver may have stopped waiting.
        let _ = done.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    text
}

/// A grandchild may hold the pipe open for ever; it is not waited for.
fn collected(text: &Receiver<String>) -> String {
    text.recv_timeout(Duration::from_secs(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_on_the_command_line() {
        let client = Client::parse("php=php -n  verify.php").unwrap();
        assert_eq!(client.name, "php");
        assert_eq!(client.command, ["php", "-n", "verify.php"]);
        assert!(Client::parse("php").is_none() && Client::parse("php=").is_none());
    }

    #[test]
    fn an_answer_is_right_in_all_parts_or_wrong() {
        let line = "REJECTED smtp://mail.bob.test:25 [name.mismatch] for mail.eve.test";
        let wanted = Outcome::Rejected("name.mismatch");
        let code = code_of(line);
        assert!(is_right(wanted, Some(1), line, code.as_deref()));
        assert!(!is_right(wanted, Some(0), line, code.as_deref()));
        assert!(!is_right(wanted, None, line, code.as_deref()));
        assert!(!is_right(Outcome::Trusted, Some(0), line, code.as_deref()));
        assert!(!is_right(Outcome::Rejected("chain.expired"), Some(1), line, code.as_deref()));
        assert!(is_right(Outcome::Trusted, Some(0), "TRUSTED smtp://mail.bob.test:25", None));
    }
}
