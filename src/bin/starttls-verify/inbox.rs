//! The lines of a batch, read by a thread of their own: standard input may be a pipe on which nothing
//! comes for hours.

use std::io;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

use crate::bell::Bell;
use crate::fault::Fault;
use crate::lines::{Line, Lines};

/// Lines that are read ahead; a line may be long.
const AHEAD: usize = 16;

pub struct Inbox {
    lines: Receiver<io::Result<Line>>,
    number: u64,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Open,
    Ended,
}

impl Inbox {
    pub fn new(bell: &Bell) -> Result<Inbox, Fault> {
        let (sender, lines) = sync_channel(AHEAD);
        let bell = bell.clone();
        let reader = move || {
            let mut lines = Lines::of(io::stdin().lock());
            while let Some(line) = lines.read().transpose() {
                let failed = line.is_err();
                if sender.send(line).is_err() || failed {
                    break;
                }
                bell.ring();
            }
            drop(sender);
            bell.ring();
        };
        thread::Builder::new().spawn(reader).map_err(Fault::Input)?;
        Ok(Inbox { lines, number: 0, state: State::Open })
    }

    /// The next line that means something and its number, from 1; `None` when there is none yet.
    pub fn next(&mut self) -> Result<Option<(u64, Line)>, Fault> {
        loop {
            match self.lines.try_recv() {
                Ok(line) => {
                    let line = line.map_err(Fault::Input)?;
                    self.number += 1;
                    if !is_passed_over(&line) {
                        return Ok(Some((self.number, line)));
                    }
                }
                Err(TryRecvError::Empty) => return Ok(None),
                Err(TryRecvError::Disconnected) => {
                    self.state = State::Ended;
                    return Ok(None);
                }
            }
        }
    }

    pub fn has_ended(&self) -> bool {
        self.state == State::Ended
    }
}

fn is_passed_over(line: &Line) -> bool {
    match line {
        Line::Whole(text) => matches!(text.trim_ascii_start().first(), None | Some(b'#')),
        Line::TooLong => false,
    }
}
