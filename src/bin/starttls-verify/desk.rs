//! Where the answers of a batch are counted and written.
//!
//! A thread of its own writes: whoever reads the answers slowly must not take their time from the
//! sessions that are under way.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::bell::Bell;
use crate::exit::Exit;
use crate::fault::Fault;

/// Whether progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Asked,
    OnTerminals,
}

/// How progress is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Not,
    /// One line, again and again.
    Rewritten,
    /// Line after line, for a log.
    Lines,
}

pub struct Desk {
    outbox: Sender<String>,
    written: Receiver<io::Result<usize>>,
    waiting: usize,
    worst: Exit,
    answered: u64,
    untrusted: u64,
    shown: Shown,
    next_shown: Instant,
}

impl Desk {
    pub fn new(progress: Progress, bell: &Bell) -> Result<Desk, Fault> {
        let (outbox, texts) = channel();
        let (sender, written) = channel();
        let bell = bell.clone();
        let writer = move || write_all(&texts, &sender, &bell);
        thread::Builder::new().spawn(writer).map_err(Fault::Output)?;
        Ok(Desk {
            outbox,
            written,
            waiting: 0,
            worst: Exit::Trusted,
            answered: 0,
            untrusted: 0,
            shown: shown(progress),
            next_shown: Instant::now(),
        })
    }

    pub fn write(&mut self, answer: Answer) {
        self.worst = self.worst.max(answer.exit);
        self.answered += 1;
        self.untrusted += u64::from(answer.exit != Exit::Trusted);
        self.waiting += 1;
        // A writer that is gone has said why, which `collect` finds.
        let _ = self.outbox.send(answer.text);
        if Instant::now() >= self.next_shown {
            self.show();
        }
    }

    /// Answers that nobody has taken yet.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Looks at what the writer has done.
    pub fn collect(&mut self) -> Result<(), Fault> {
        for written in self.written.try_iter() {
            self.waiting -= written.map_err(Fault::Output)?;
        }
        Ok(())
    }

    /// The code of the worst line.
    pub fn finish(mut self) -> Exit {
        if self.answered > 0 {
            self.show();
        }
        if self.shown == Shown::Rewritten && self.answered > 0 {
            eprintln!();
        }
        self.worst
    }

    fn show(&mut self) {
        let (begin, end, pause) = match self.shown {
            Shown::Not => return,
            Shown::Rewritten => ("\r", "", Duration::from_millis(100)),
            Shown::Lines => ("", "\n", Duration::from_secs(1)),
        };
        let (answered, untrusted) = (self.answered, self.untrusted);
        // Nobody is there to be told that standard error is closed.
        let _ = write!(io::stderr(), "{begin}{answered} checked, {untrusted} not trusted{end}");
        self.next_shown = Instant::now() + pause;
    }
}

fn shown(progress: Progress) -> Shown {
    match (io::stderr().is_terminal(), io::stdout().is_terminal(), progress) {
        (true, false, Progress::Asked | Progress::OnTerminals) => Shown::Rewritten,
        // On one terminal the two would write over each other.
        (true, true, Progress::Asked) | (false, _, Progress::Asked) => Shown::Lines,
        (true, true, Progress::OnTerminals) | (false, _, Progress::OnTerminals) => Shown::Not,
    }
}

fn write_all(texts: &Receiver<String>, written: &Sender<io::Result<usize>>, bell: &Bell) {
    while let Ok(first) = texts.recv() {
        let mut batch = first.into_bytes();
        let mut answers = 1;
        for text in texts.try_iter() {
            batch.extend_from_slice(text.as_bytes());
            answers += 1;
        }
        let mut out = io::stdout().lock();
        let done = out.write_all(&batch).and_then(|()| out.flush());
        let failed = done.is_err();
        let heard = written.send(done.map(|()| answers));
        bell.ring();
        if failed || heard.is_err() {
            return;
        }
    }
}
