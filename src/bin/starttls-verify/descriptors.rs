//! How many connections the system lets this process have.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a session needs: its socket.
const EACH: u64 = 1;
/// What is opened now and then: CA files, revocation lists, what wakes and polls.
const SPARE: u64 = 12;
/// What a thread that resolves has open: sockets to name servers, /etc/hosts, a store and its lock.
const CLERK: u64 = 4;
/// Threads that resolve.
const CLERKS: u64 = 32;

/// What a batch may have at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allotment {
    pub sessions: usize,
    pub clerks: usize,
}

impl Allotment {
    /// So many sessions, or as many as RLIMIT_NOFILE leaves room for. The soft limit is raised as far
    /// as the hard one allows: nobody here uses select, which is what the soft one is for.
    pub fn of(wanted: u16) -> Allotment {
        let limit = getrlimit(Resource::Nofile);
        let needed = open_now() + SPARE + CLERKS * CLERK + u64::from(wanted) * EACH;
        let most = limit.maximum.unwrap_or(u64::MAX);
        let mut current = limit.current.unwrap_or(u64::MAX);
        if current < needed && current < most {
            let raised = needed.min(most);
            let limit = Rlimit { current: Some(raised), maximum: limit.maximum };
            current = setrlimit(Resource::Nofile, limit).map_or(current, |()| raised);
        }
        Allotment::within(current.saturating_sub(open_now() + SPARE), wanted)
    }

    fn within(free: u64, wanted: u16) -> Allotment {
        // A quarter for what resolves, the rest for sessions; one of each whatever happens.
        let clerks = (free / 4 / CLERK).clamp(1, CLERKS);
        let sessions = (free.saturating_sub(clerks * CLERK) / EACH).clamp(1, wanted.into());
        // Both are at most 65,535.
        let count = |number: u64| usize::try_from(number).unwrap_or(1);
        Allotment { sessions: count(sessions), clerks: count(clerks) }
    }
}

/// Descriptors that are open, our own and inherited ones; a guess where /proc is not there.
fn open_now() -> u64 {
    const GUESS: u64 = 16;
    fs::read_dir("/proc/self/fd").map_or(GUESS, |open| open.count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_within_the_limit() {
        for (free, wanted, sessions, clerks) in [
            (0, 256, 1, 1),
            (5, 256, 1, 1),
            (46, 256, 38, 2),
            (1000, 256, 256, 32),
            (1000, 4096, 872, 32),
            (u64::MAX, 65_535, 65_535, 32),
        ] {
            assert_eq!(Allotment::within(free, wanted), Allotment { sessions, clerks }, "{free}");
        }
    }
}
