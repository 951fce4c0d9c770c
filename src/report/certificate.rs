//! What a report says about each certificate, also when verification failed.
//!
//! Most reports are asked for their verdict and nothing else, so it is found out when somebody reads it.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

/// Descriptions of certificates, leaf first, made when they are first looked at. Clones share them.
#[derive(Clone, Default)]
pub struct Certificates {
    unread: Option<Arc<Unread>>,
}

struct Unread {
    read: OnceLock<Vec<Arc<CertificateInfo>>>,
    describe: Describe,
}

/// Describes the same certificates in the same way whenever it is asked, in any thread.
type Describe = Box<dyn Fn() -> Vec<Arc<CertificateInfo>> + Send + Sync>;

impl Certificates {
    /// Those that this describes.
    pub fn described_by(describe: Describe) -> Certificates {
        Certificates { unread: Some(Arc::new(Unread { read: OnceLock::new(), describe })) }
    }
}

/// Two threads may describe at once; one of them wins, and nobody waits: a process may fork meanwhile.
impl Deref for Certificates {
    type Target = [Arc<CertificateInfo>];

    fn deref(&self) -> &[Arc<CertificateInfo>] {
        let Some(unread) = &self.unread else { return &[] };
        if unread.read.get().is_none() {
            // Whoever was faster said the same.
            let _ = unread.read.set((unread.describe)());
        }
        unread.read.get().map_or(&[], Vec::as_slice)
    }
}

impl PartialEq for Certificates {
    fn eq(&self, other: &Certificates) -> bool {
        self[..] == other[..]
    }
}

impl Eq for Certificates {}

impl fmt::Debug for Certificates {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(out)
    }
}

/// One certificate as sent by the peer or handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateInfo {
    /// RFC 2253 text, escaped.
    pub subject: String,
    /// RFC 2253 text, escaped.
    pub issuer: String,
    /// Presented identifiers, tagged: `dns:mail.bob.test`, `ip:192.0.2.1`; escaped.
    pub names: Vec<String>,
    /// Hexadecimal, upper case.
    pub serial: String,
    /// ISO 8601, UTC.
    pub not_before: String,
    /// ISO 8601, UTC.
    pub not_after: String,
    /// Seconds since 1970.
    pub not_before_epoch: i64,
    /// Seconds since 1970.
    pub not_after_epoch: i64,
    /// The public key.
    pub key: KeyInfo,
    /// Signature algorithm, such as `ecdsa-with-SHA256`.
    pub signature: String,
    /// Whether basicConstraints says CA:TRUE.
    pub ca: bool,
    /// Digests and the pins made from them.
    pub fingerprints: Fingerprints,
}

/// The public key of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// Such as `RSA` or `id-ecPublicKey`.
    pub algorithm: String,
    /// Size in bits.
    pub bits: u32,
}

/// Ready-made values for configuration files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fingerprints {
    /// SHA-256 of the whole certificate, hexadecimal.
    pub sha256: String,
    /// Value for the option `pin`: `spki-sha256:BASE64`.
    pub spki_pin: String,
    /// Suggested TLSA record data (RFC 7671 §5.1): `3 1 1 HEX`.
    pub tlsa: String,
}

/// `2026-11-22T02:29:00Z`: seconds since 1970 as ISO 8601, UTC, proleptic Gregorian.
pub fn iso8601(epoch: i64) -> String {
    let (days, second) = (epoch.div_euclid(86_400), epoch.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Seconds since 1970 of what [`iso8601`] wrote for the years 0000 to 9999, and of nothing else.
pub fn epoch_of_iso8601(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let epoch = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    (iso8601(epoch) == text).then_some(epoch)
}

/// The day counted from 1970-01-01: the other way round of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, march_month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let before_month = (153 * march_month + 2) / 5;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + before_month + day - 1 - 719_468
}

/// Year, month and day of a day counted from 1970-01-01. Years are taken to begin in March, so that
/// the leap day is the last of its year; an era is 400 years.
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    // From 0000-03-01 to 1970-01-01.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(DAYS_PER_ERA), shifted.rem_euclid(DAYS_PER_ERA));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(subject: &str) -> CertificateInfo {
        let text = String::new;
        CertificateInfo {
            subject: subject.to_owned(),
            issuer: text(),
            names: Vec::new(),
            serial: text(),
            not_before: text(),
            not_after: text(),
            not_before_epoch: 0,
            not_after_epoch: 0,
            key: KeyInfo { algorithm: text(), bits: 0 },
            signature: text(),
            ca: false,
            fingerprints: Fingerprints { sha256: text(), spki_pin: text(), tlsa: text() },
        }
    }

    #[test]
    fn nobody_describes_what_nobody_reads_and_clones_share_what_was_read() {
        let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let times = Arc::clone(&asked);
        let count = move || times.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let certificates = Certificates::described_by(Box::new(move || {
            count();
            vec![Arc::new(info("CN=bob"))]
        }));
        let clone = certificates.clone();
        drop(certificates.clone());
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 0);
        assert_eq!(certificates[0].subject, "CN=bob");
        assert!(certificates == clone && Arc::ptr_eq(&certificates[0], &clone[0]));
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 1);
        assert!(Certificates::default().is_empty());
    }

    #[test]
    fn threads_that_race_read_the_same() {
        let describe = || vec![Arc::new(info("CN=bob"))];
        let certificates = Certificates::described_by(Box::new(describe));
        let seen: Vec<usize> = std::thread::scope(|scope| {
            let read = || Arc::as_ptr(&certificates[0]).addr();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(read)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn dates() {
        for (epoch, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_314_540, "2026-11-22T02:29:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(iso8601(epoch), text);
            assert_eq!(epoch_of_iso8601(text), Some(epoch));
        }
        for day in -800_000..800_000 {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), day);
        }
        for other in [
            "",
            "2026-11-22",
            "2026-11-22T02:29:00",
            "2026-11-22T02:29:60Z",
            "2026-02-29T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-11-22 02:29:00Z",
            "+026-11-22T02:29:00Z",
            "2026-11-22T02:29:00Z ",
            "2026-11-2\u{fc}T02:29:00Z",
        ] {
            assert_eq!(epoch_of_iso8601(other), None, "{other}");
        }
    }
}
