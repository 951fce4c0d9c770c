//! `check --batch`: a target per line, many at once, answers as they are ready.
//!
//! One thread drives all sessions: whichever socket is ready goes on, and none is waited for. What
//! cannot be done without waiting is done by other threads (`inbox`, `clerks`, `desk`), which ring a
//! bell. Memory does not grow with the input: a line is taken when there is room for its session, and
//! while its answers are read.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use rustix::event::{Timespec, epoll};
use rustix::io::Errno;
use serde_json::Value as Json;
use starttls_verify::error::Result;
use starttls_verify::session::Session;
use starttls_verify::verify::{Peer, Verifier};

use crate::acquaintance::Acquaintance;
use crate::answer::{Answer, Question};
use crate::base::Base;
use crate::bell::Bell;
use crate::clerks::Clerks;
use crate::descriptors::Allotment;
use crate::desk::{Desk, Progress as Shown};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::inbox::Inbox;
use crate::lines::Line;
use crate::order::{self, Order};
use crate::verifier_cache::VerifierCache;
use crate::visit::{Approach, Leave, Progress, Visit};

/// Checks every target of standard input.
pub fn run(
    base: Base,
    acquaintance: Acquaintance,
    parallel: u16,
    shown: Shown,
) -> std::result::Result<Exit, Fault> {
    let cache = VerifierCache::new(base)?;
    let mut office = Office::new(cache, acquaintance, Allotment::of(parallel), shown)?;
    loop {
        office.take_lines()?;
        if office.is_done() {
            return Ok(office.desk.finish());
        }
        office.wait()?;
    }
}

/// What other threads have done.
enum News {
    Begun(usize, Result<Approach>),
    Kept(usize, Result<()>),
}

/// A line that is being worked on.
struct Call {
    number: u64,
    id: Json,
    target: String,
    stage: Stage,
    /// The socket that is polled, by number.
    polled: Option<RawFd>,
}

/// How far it has come.
enum Stage {
    /// A clerk has it.
    Beginning,
    Approaching(Approach),
    /// A clerk writes into the store; then it is answered.
    Keeping(Box<Visit>),
    /// It is answered, and the goodbye keeps nobody waiting.
    Leaving(Leave),
}

/// Where the bell is among the calls.
const BELL: u64 = u64::MAX;
/// Events that are taken at once.
const EVENTS: usize = 256;

struct Office {
    cache: VerifierCache,
    acquaintance: Arc<Acquaintance>,
    poll: OwnedFd,
    bell: Bell,
    news: Receiver<News>,
    clerks: Clerks<News>,
    inbox: Inbox,
    desk: Desk,
    calls: Vec<Option<Call>>,
    free: Vec<usize>,
    /// No call is due before.
    next_due: Option<Instant>,
}

impl Office {
    fn new(
        cache: VerifierCache,
        acquaintance: Acquaintance,
        room: Allotment,
        shown: Shown,
    ) -> std::result::Result<Office, Fault> {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(system)?;
        let bell = Bell::new().map_err(Fault::System)?;
        let event = epoll::EventData::new_u64(BELL);
        epoll::add(&poll, bell.socket(), event, epoll::EventFlags::IN).map_err(system)?;
        let (sender, news) = channel();
        Ok(Office {
            cache,
            acquaintance: Arc::new(acquaintance),
            poll,
            news,
            clerks: Clerks::new(room.clerks, sender, bell.clone()),
            inbox: Inbox::new(&bell)?,
            desk: Desk::new(shown, &bell)?,
            bell,
            calls: std::iter::repeat_with(|| None).take(room.sessions).collect(),
            free: (0..room.sessions).rev().collect(),
            next_due: None,
        })
    }

    fn is_done(&self) -> bool {
        let nobody = self.free.len() == self.calls.len();
        self.inbox.has_ended() && nobody && self.desk.waiting() == 0
    }

    /// Takes lines while there is room for their sessions and their answers.
    fn take_lines(&mut self) -> std::result::Result<(), Fault> {
        while self.desk.waiting() < self.calls.len() {
            let Some(slot) = self.free.pop() else { break };
            match self.inbox.next()? {
                Some((number, line)) => self.take(slot, number, &line),
                None => {
                    self.free.push(slot);
                    break;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, slot: usize, number: u64, line: &Line) {
        let line_number = Some(number);
        let (id, order) = match order::read(line) {
            Ok(read) => read,
            Err((id, error)) => {
                let question = Question { id, line: line_number, target: None };
                self.desk.write(Answer::error(&question, &error));
                self.free.push(slot);
                return;
            }
        };
        let prepared = self.prepare(&order);
        let (target, stage) = (order.target, Stage::Beginning);
        let call = Call { number, id, target, stage, polled: None };
        match prepared {
            Ok((verifier, peer)) => self.begin(slot, call, verifier, peer),
            Err(error) => self.begun(slot, call, Err(error)),
        }
    }

    fn prepare(&mut self, order: &Order) -> Result<(Verifier, Peer)> {
        let verifier = self.cache.verifier(&order.policy)?;
        Ok((verifier, order.peer(self.cache.base().tlsa())?))
    }

    fn begin(&mut self, slot: usize, call: Call, verifier: Verifier, peer: Peer) {
        if !self.acquaintance.is_asked() && !Approach::waits(&verifier, &peer) {
            return self.begun(slot, call, Approach::begin(&verifier, peer));
        }
        let acquaintance = Arc::clone(&self.acquaintance);
        self.calls[slot] = Some(call);
        self.clerks.give(move || {
            let begun = acquaintance.recall(peer);
            News::Begun(slot, begun.and_then(|peer| Approach::begin(&verifier, peer)))
        });
    }

    fn begun(&mut self, slot: usize, call: Call, begun: Result<Approach>) {
        match begun {
            Ok(approach) => self.approach(slot, call, approach),
            Err(error) => self.answer(slot, call, Err(error)),
        }
    }

    fn approach(&mut self, slot: usize, call: Call, approach: Approach) {
        match approach.go_on() {
            Ok(Progress::Underway(approach)) => {
                self.await_call(slot, Call { stage: Stage::Approaching(approach), ..call });
            }
            Ok(Progress::Arrived(visit)) => self.arrive(slot, call, visit),
            Err(error) => self.answer(slot, call, Err(error)),
        }
    }

    fn arrive(&mut self, slot: usize, call: Call, visit: Box<Visit>) {
        if !self.acquaintance.is_asked() {
            return self.answer(slot, call, Ok(visit));
        }
        let (acquaintance, report) = (Arc::clone(&self.acquaintance), visit.report.clone());
        self.calls[slot] = Some(Call { stage: Stage::Keeping(visit), ..call });
        self.clerks.give(move || News::Kept(slot, acquaintance.keep(&report)));
    }

    fn answer(&mut self, slot: usize, call: Call, visit: Result<Box<Visit>>) {
        let line = Some(call.number);
        let question = Question { id: call.id.clone(), line, target: Some(&call.target) };
        self.desk.write(match &visit {
            Ok(visit) => Answer::judged(&question, &visit.report, visit.exit()),
            Err(error) => Answer::error(&question, error),
        });
        match visit.ok().and_then(|visit| visit.begin_leave()) {
            Some(leave) => self.leave(slot, call, leave),
            None => self.free.push(slot),
        }
    }

    fn leave(&mut self, slot: usize, call: Call, mut leave: Leave) {
        if leave.go_on() {
            self.await_call(slot, Call { stage: Stage::Leaving(leave), ..call });
        } else {
            self.free.push(slot);
        }
    }

    /// Until its socket is ready, or it is due.
    fn await_call(&mut self, slot: usize, mut call: Call) {
        let Some(session) = call.session() else { return };
        self.next_due = earlier(self.next_due, session.due());
        let number = session.socket().map(|socket| socket.as_raw_fd());
        if let (Some(socket), true) = (session.socket(), number != call.polled) {
            // Every call goes on until it finds nothing: edges are enough.
            let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
            let event = epoll::EventData::new_u64(slot as u64);
            // Without it the call goes on when it is due, and finds that its time is over.
            let _ = epoll::add(&self.poll, socket, event, flags);
        }
        call.polled = number;
        self.calls[slot] = Some(call);
    }

    /// Until something happens; then everything that has happened.
    fn wait(&mut self) -> std::result::Result<(), Fault> {
        let mut events = Vec::with_capacity(EVENTS);
        let left = self.next_due.map(|due| due.saturating_duration_since(Instant::now()));
        // The largest deadline is ten minutes, which fits.
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match epoll::wait(&self.poll, rustix::buffer::spare_capacity(&mut events), left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(system(error)),
        }
        for event in &events {
            match event.data.u64() {
                BELL => self.hear()?,
                // Slots are what the calls were polled with.
                slot => self.go_on(usize::try_from(slot).unwrap_or(usize::MAX)),
            }
        }
        self.look_at_the_clock();
        Ok(())
    }

    fn hear(&mut self) -> std::result::Result<(), Fault> {
        self.bell.silence();
        self.desk.collect()?;
        while let Ok(news) = self.news.try_recv() {
            match news {
                News::Begun(slot, begun) => {
                    if let Some(call) = self.calls[slot].take() {
                        self.begun(slot, call, begun);
                    }
                }
                News::Kept(slot, kept) => self.kept(slot, kept),
            }
        }
        Ok(())
    }

    fn kept(&mut self, slot: usize, kept: Result<()>) {
        let Some(mut call) = self.calls[slot].take() else { return };
        if let Stage::Keeping(visit) = std::mem::replace(&mut call.stage, Stage::Beginning) {
            self.answer(slot, call, kept.map(|()| visit));
        }
    }

    /// Goes on with a call. One that a clerk has, or that is over, has nothing to do: an event may be
    /// late.
    fn go_on(&mut self, slot: usize) {
        let Some(mut call) = self.calls.get_mut(slot).and_then(Option::take) else { return };
        match std::mem::replace(&mut call.stage, Stage::Beginning) {
            Stage::Approaching(approach) => self.approach(slot, call, approach),
            Stage::Leaving(leave) => self.leave(slot, call, leave),
            stage @ (Stage::Beginning | Stage::Keeping(_)) => {
                self.calls[slot] = Some(Call { stage, ..call });
            }
        }
    }

    /// Goes on with whoever is due.
    fn look_at_the_clock(&mut self) {
        let now = Instant::now();
        if self.next_due.is_none_or(|due| due > now) {
            return;
        }
        self.next_due = None;
        for slot in 0..self.calls.len() {
            let due = self.calls[slot].as_ref().and_then(Call::session).and_then(Session::due);
            if due.is_some_and(|due| due <= now) {
                self.go_on(slot);
            } else {
                self.next_due = earlier(self.next_due, due);
            }
        }
    }
}

impl Call {
    /// The session that is waited for.
    fn session(&self) -> Option<&Session> {
        match &self.stage {
            Stage::Approaching(approach) => Some(&approach.session),
            Stage::Leaving(leave) => Some(&leave.session),
            Stage::Beginning | Stage::Keeping(_) => None,
        }
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

fn system(error: Errno) -> Fault {
    Fault::System(error.into())
}
