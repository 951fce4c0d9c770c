//! A bounded shelf: values under keys, each good for a while, the oldest out first.
//!
//! Pure: the clock is the caller's. What is used once (a TLS 1.3 ticket, RFC 8446 §C.4) is taken out, so
//! that it cannot be used twice by mistake; what can be used again is looked at.

use std::collections::VecDeque;

/// Values that wait to be used.
#[derive(Debug)]
pub struct Shelf<K, V> {
    entries: VecDeque<Entry<K, V>>,
    most: usize,
    most_per_key: usize,
}

#[derive(Debug)]
struct Entry<K, V> {
    key: K,
    value: V,
    good: Good,
}

/// While a value may be used, in seconds since 1970; the last one no longer belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Good {
    /// From then on.
    pub from: i64,
    /// Until then.
    pub until: i64,
}

impl Good {
    /// A clock that was set back makes every age a guess: what seems to come from the future is bad.
    fn at(self, now: i64) -> bool {
        (self.from..self.until).contains(&now)
    }
}

impl<K: Eq, V> Shelf<K, V> {
    /// An empty one that never holds more than this.
    pub fn new(most: usize, most_per_key: usize) -> Shelf<K, V> {
        Shelf { entries: VecDeque::new(), most, most_per_key }
    }

    /// Puts a value there; the oldest of its key goes when there are too many, then the oldest of all.
    pub fn put(&mut self, key: K, value: V, good: Good, now: i64) {
        self.clear_out(now);
        if !good.at(now) {
            return;
        }
        if self.of(&key).count() >= self.most_per_key {
            let oldest = self.of(&key).next();
            oldest.map(|oldest| self.entries.remove(oldest));
        }
        while self.entries.len() >= self.most.max(1) {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { key, value, good });
    }

    /// Takes the newest value of this key.
    pub fn take(&mut self, key: &K, now: i64) -> Option<V> {
        self.clear_out(now);
        let newest = self.of(key).last()?;
        self.entries.remove(newest).map(|entry| entry.value)
    }

    /// The newest value whose key fits.
    pub fn find(&self, fits: impl Fn(&K) -> bool, now: i64) -> Option<&V> {
        let newest = self.entries.iter().rev().find(|entry| entry.good.at(now) && fits(&entry.key));
        newest.map(|entry| &entry.value)
    }

    /// What there is under any key, the newest first.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().rev().map(|entry| &entry.key)
    }

    /// Where the values of a key are, the oldest first.
    fn of(&self, key: &K) -> impl Iterator<Item = usize> {
        let places = self.entries.iter().enumerate();
        places.filter(move |(_, entry)| entry.key == *key).map(|(place, _)| place)
    }

    fn clear_out(&mut self, now: i64) {
        self.entries.retain(|entry| entry.good.at(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Good = Good { from: 1000, until: 4600 };

    fn shelf(entries: &[(&'static str, u32)]) -> Shelf<&'static str, u32> {
        let mut shelf = Shelf::new(4, 2);
        for (key, value) in entries {
            shelf.put(*key, *value, HOUR, 1000);
        }
        shelf
    }

    #[test]
    fn what_is_taken_is_gone_and_the_newest_comes_first() {
        let mut shelf = shelf(&[("bob", 1), ("eve", 2), ("bob", 3)]);
        assert_eq!(shelf.take(&"bob", 1000), Some(3));
        assert_eq!(shelf.take(&"bob", 1000), Some(1));
        assert_eq!(shelf.take(&"bob", 1000), None);
        assert_eq!(shelf.take(&"eve", 1000), Some(2));
    }

    #[test]
    fn nobody_gets_what_lies_under_another_key() {
        let mut shelf = shelf(&[("other.example.test", 1)]);
        assert_eq!(shelf.take(&"mail.example.test", 1000), None);
    }

    #[test]
    fn a_flood_of_tickets_takes_no_room_and_pushes_nobody_else_out() {
        let mut shelf = shelf(&[("bob", 1)]);
        for ticket in 0..10_000 {
            shelf.put("eve", ticket, HOUR, 1000);
        }
        assert_eq!(shelf.entries.len(), 3);
        assert_eq!(shelf.take(&"bob", 1000), Some(1));
        assert_eq!(shelf.take(&"eve", 1000), Some(9999));
    }

    #[test]
    fn what_is_looked_at_stays() {
        let shelf = shelf(&[("bob", 1), ("eve", 2), ("bob", 3)]);
        for _ in 0..2 {
            assert_eq!(shelf.find(|key| *key == "bob", 1000), Some(&3));
            assert_eq!(shelf.find(|key| *key == "alice", 1000), None);
        }
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let mut shelf = shelf(&[("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)]);
        assert_eq!(shelf.take(&"a", 1000), None);
        for (key, value) in [("b", 2), ("c", 3), ("d", 4), ("e", 5)] {
            assert_eq!(shelf.take(&key, 1000), Some(value));
        }
    }

    #[test]
    fn age_ends_it_and_so_does_a_clock_that_was_set_back() {
        for (now, found) in [(999, None), (1000, Some(1)), (4599, Some(1)), (4600, None)] {
            assert_eq!(shelf(&[("bob", 1)]).take(&"bob", now), found, "{now}");
        }
        for (now, found) in [(999, None), (1000, Some(&1)), (4599, Some(&1)), (4600, None)] {
            assert_eq!(shelf(&[("bob", 1)]).find(|key| *key == "bob", now), found, "{now}");
        }
        let mut shelf = shelf(&[]);
        shelf.put("bob", 1, Good { from: 1000, until: 1000 }, 1000);
        assert_eq!(shelf.entries.len(), 0, "what is over is not even kept");
    }
}
