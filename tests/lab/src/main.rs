//! `stv-lab`: the lab as a program.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use stv_lab::demo::{self, Client};
use stv_lab::dialect::{Dialect, SMTP};
use stv_lab::report::{Form, Results};
use stv_lab::scenario::Case;
use stv_lab::{Fault, Lab, table, write_certificates};

const USAGE: &str = "\
usage: stv-lab serve --dir D [--protocol P] [--only ID]... [--for SECONDS]
       stv-lab demo  --dir D [--protocol P] [--only ID]... [--json FILE] [--markdown]
                     --client NAME=COMMAND...
       stv-lab certs --dir D
       stv-lab list  [--protocol P]

serve  starts everything, writes D/scenarios.json, prints `ready`, and runs until its
       standard input ends or SECONDS (default 900) are over
demo   runs COMMAND HOST CONNECT CAFILE DEADLINE_MS for each scenario, prints a table
       and exits with 1 if an answer was wrong
certs  writes D/ca.pem and D/ID/chain.pem and nothing else
list   prints the scenarios

P is smtp (if nothing is said), imap, pop3, sieve or ftp";

const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options = match Options::parse(&arguments) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("stv-lab: {wrong}\n{USAGE}");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    options.obey().unwrap_or_else(|fault| {
        eprintln!("stv-lab: {fault}");
        ExitCode::from(WRONG_USAGE)
    })
}

#[derive(Debug)]
struct Options {
    command: String,
    dir: PathBuf,
    dialect: &'static Dialect,
    only: Vec<String>,
    clients: Vec<Client>,
    json: Option<PathBuf>,
    markdown: bool,
    limit: Duration,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let (command, rest) = arguments.split_first().ok_or("no command")?;
        let mut options = Self {
            command: command.clone(),
            dir: PathBuf::new(),
            dialect: &SMTP,
            only: Vec::new(),
            clients: Vec::new(),
            json: None,
            markdown: false,
            limit: Duration::from_secs(900),
        };
        let mut rest = rest.iter();
        while let Some(name) = rest.next() {
            match &name[..] {
                "--markdown" => options.markdown = true,
                _ => options.set(name, rest.next().ok_or(format!("{name} wants a value"))?)?,
            }
        }
        options.check()?;
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--dir" => self.dir = PathBuf::from(value),
            "--protocol" => {
                let unknown = || format!("no protocol {value}");
                self.dialect = Dialect::named(value).ok_or_else(unknown)?;
            }
            "--only" => self.only.push(value.to_owned()),
            "--json" => self.json = Some(PathBuf::from(value)),
            "--for" => {
                let seconds = value.parse().map_err(|_| format!("not a number: {value}"))?;
                self.limit = Duration::from_secs(seconds);
            }
            "--client" => {
                let client = Client::parse(value).ok_or(format!("not NAME=COMMAND: {value}"))?;
                self.clients.push(client);
            }
            _ => return Err(format!("unknown option {name}")),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        if self.command != "list" && self.dir.as_os_str().is_empty() {
            return Err("--dir is missing".to_owned());
        }
        if self.command == "demo" && self.clients.is_empty() {
            return Err("demo wants a --client".to_owned());
        }
        let unknown = |id: &&String| !self.cases().any(|case| case.id == **id);
        match self.only.iter().find(unknown) {
            Some(id) => Err(format!("no scenario {id}")),
            None => Ok(()),
        }
    }

    fn obey(&self) -> Result<ExitCode, Fault> {
        match &self.command[..] {
            "serve" => self.serve(),
            "demo" => self.demo(),
            "certs" => write_certificates(&self.dir).map(|()| ExitCode::SUCCESS),
            "list" => Ok(self.list().map(|()| ExitCode::SUCCESS)?),
            other => Err(format!("unknown command {other}").into()),
        }
    }

    fn cases(&self) -> impl Iterator<Item = &'static Case> {
        table::cases().filter(|case| case.exists_in(self.dialect))
    }

    fn start(&self) -> Result<Lab, Fault> {
        Lab::start_speaking(self.dialect, &self.dir, |case| {
            self.only.is_empty() || self.only.iter().any(|id| id == case.id)
        })
    }

    fn serve(&self) -> Result<ExitCode, Fault> {
        let lab = self.start()?;
        lab.write_scenarios(&self.dir)?;
        println!("ready");
        io::stdout().flush()?;
        until_parent_ends(self.limit);
        Ok(ExitCode::SUCCESS)
    }

    fn demo(&self) -> Result<ExitCode, Fault> {
        let lab = self.start()?;
        lab.write_scenarios(&self.dir)?;
        let ca_pem = fs::canonicalize(lab.ca_pem_path())?;
        let answers = demo::run(lab.scenarios(), &self.clients, &ca_pem);
        // The clients have gone; the servers are a moment behind.
        lab.settle(Duration::from_secs(2));
        let leaks = lab.leaks();
        let results =
            Results { scenarios: lab.scenarios(), clients: &self.clients, answers, leaks };
        if let Some(file) = &self.json {
            write_file(file, &results.to_json()?)?;
        }
        io::stdout().write_all(results.print(self.form()).as_bytes())?;
        Ok(if results.all_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn list(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for case in self.cases() {
            let scenario = case.at(self.dialect, 0);
            let wanted = scenario.wanted();
            writeln!(
                out,
                "{:27} {:23} {} {:39} {}",
                case.id, case.host, scenario.exit, wanted, case.title
            )?;
        }
        Ok(())
    }

    fn form(&self) -> Form {
        if self.markdown {
            Form::Markdown
        } else if io::stdout().is_terminal() {
            Form::Coloured
        } else {
            Form::Plain
        }
    }
}

fn write_file(file: &Path, bytes: &[u8]) -> Result<(), Fault> {
    fs::write(file, bytes).map_err(|e| format!("{}: {e}", file.display()).into())
}

/// Standard input is the rope to the parent: it ends when the parent does, however it ends.
fn until_parent_ends(limit: Duration) {
    let (ended, end) = mpsc::channel::<()>();
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut sink = [0; 256];
        while matches!(input.read(&mut sink), Ok(1..)) {}
        drop(ended);
    });
    // Either the other side was dropped or the time is over; both mean stop.
    let _ = end.recv_timeout(limit);
}
