//! Threads for what cannot be done without waiting: the resolver, look-ups in the DNS, the store of
//! known peers. They are few, and made when they are needed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::bell::Bell;

/// Something to do, and what came of it.
type Errand<T> = Box<dyn FnOnce() -> T + Send>;

/// The threads.
pub struct Clerks<T> {
    errands: Sender<Errand<T>>,
    desk: Arc<Mutex<Receiver<Errand<T>>>>,
    news: Sender<T>,
    bell: Bell,
    idle: usize,
}

impl<T: Send + 'static> Clerks<T> {
    /// So many at the most. Whoever gives errands bounds their number.
    pub fn new(most: usize, news: Sender<T>, bell: Bell) -> Clerks<T> {
        let (errands, receiver) = channel();
        Clerks { errands, desk: Arc::new(Mutex::new(receiver)), news, bell, idle: most }
    }

    /// Has it done; the news come when the bell has rung.
    pub fn give(&mut self, errand: impl FnOnce() -> T + Send + 'static) {
        if self.idle > 0 {
            self.idle -= 1;
            self.hire();
        }
        // The receiver lives as long as `self`.
        let _ = self.errands.send(Box::new(errand));
    }

    /// The threads are never joined: the program may end while one waits for a resolver.
    fn hire(&self) {
        let (desk, news, bell) = (Arc::clone(&self.desk), self.news.clone(), self.bell.clone());
        let work = move || {
            loop {
                let errand = desk.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(errand) = errand else { return };
                // The session would be waited for for ever; the panic has said why.
                let done = catch_unwind(AssertUnwindSafe(errand));
                let done = done.unwrap_or_else(|_| process::exit(101));
                if news.send(done).is_err() {
                    return;
                }
                bell.ring();
            }
        };
        if thread::Builder::new().name("stv-clerk".to_owned()).spawn(work).is_err() {
            eprintln!("starttls-verify: no thread for the resolver");
            process::exit(3);
        }
    }
}
