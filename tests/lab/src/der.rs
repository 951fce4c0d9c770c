//! A DER writer for the few shapes that certificates need (X.690 §8 and §10).
//!
//! Most of what the lab wants to put into a certificate is wrong on purpose (a NUL inside a
//! dNSName, an unknown critical extension), and the usual builders refuse to write that. This
//! writer checks nothing: what it is given goes in.

/// `[n]` primitive, context-specific: how GeneralName tags its strings.
pub const fn context(n: u8) -> u8 {
    0x80 | n
}

/// `[n]` constructed, context-specific.
pub const fn context_constructed(n: u8) -> u8 {
    0xa0 | n
}

/// One tag, its length and `content`.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    out.extend(length(content.len()));
    out.extend_from_slice(content);
    out
}

/// The shortest form, as DER wants it.
fn length(n: usize) -> Vec<u8> {
    if n < 0x80 {
        return vec![n as u8];
    }
    let bytes: Vec<u8> = n.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
    let mut out = vec![0x80 | bytes.len() as u8];
    out.extend(bytes);
    out
}

/// SEQUENCE of parts that are DER already.
pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// OBJECT IDENTIFIER. The first two arcs share an octet.
pub fn oid(arcs: &[u32]) -> Vec<u8> {
    let mut content = Vec::new();
    if let [first, second, rest @ ..] = arcs {
        content.extend(base128(first * 40 + second));
        content.extend(rest.iter().copied().flat_map(base128));
    }
    tlv(0x06, &content)
}

fn base128(mut n: u32) -> Vec<u8> {
    let mut out = vec![(n & 0x7f) as u8];
    n >>= 7;
    while n > 0 {
        out.push(0x80 | (n & 0x7f) as u8);
        n >>= 7;
    }
    out.reverse();
    out
}

/// BOOLEAN TRUE. FALSE is the default wherever certificates use one, and DER leaves defaults out.
pub fn truth() -> Vec<u8> {
    tlv(0x01, &[0xff])
}

/// INTEGER from an unsigned number.
pub fn integer(n: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = n.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
    if bytes.first().is_none_or(|b| b & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    tlv(0x02, &bytes)
}

/// BIT STRING of named bits, without trailing zero bits (X.690 §11.2.2). Bit 0 is the highest.
pub fn named_bits(bits: &[u8]) -> Vec<u8> {
    let Some(last) = bits.iter().max() else {
        return tlv(0x03, &[0]);
    };
    let mut content = vec![0; usize::from(last / 8) + 2];
    content[0] = 7 - last % 8;
    for bit in bits {
        content[usize::from(bit / 8) + 1] |= 0x80 >> (bit % 8);
    }
    tlv(0x03, &content)
}

/// OCTET STRING.
pub fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(0x04, bytes)
}

/// UTCTime, for the years 1950 to 2049 (RFC 5280 §4.1.2.5.1); seconds since 1970.
pub fn utc_time(seconds: i64) -> Vec<u8> {
    tlv(0x17, &digits(seconds).as_bytes()[2..])
}

/// GeneralizedTime, to the second, in UTC (RFC 5280 §4.1.2.5.2); seconds since 1970.
pub fn generalized_time(seconds: i64) -> Vec<u8> {
    tlv(0x18, digits(seconds).as_bytes())
}

/// `20261127023904Z`. The civil date by counting eras of 400 years from 1 March.
fn digits(seconds: i64) -> String {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

/// UTF8String.
pub fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, text.as_bytes())
}

/// IA5String. Not checked to be ASCII.
pub fn ia5(text: &str) -> Vec<u8> {
    tlv(0x16, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        assert_eq!(tlv(0x04, &[1]), [0x04, 1, 1]);
        assert_eq!(tlv(0x04, &[0; 0x80])[..3], [0x04, 0x81, 0x80]);
        assert_eq!(tlv(0x04, &[0; 0x1234])[..4], [0x04, 0x82, 0x12, 0x34]);
    }

    #[test]
    fn object_identifiers() {
        assert_eq!(oid(&[2, 5, 29, 17]), [0x06, 3, 0x55, 0x1d, 0x11]);
        let rsadsi = [0x06, 6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d];
        assert_eq!(oid(&[1, 2, 840, 113_549]), rsadsi);
    }

    #[test]
    fn integers_stay_positive() {
        assert_eq!(integer(0), [0x02, 1, 0]);
        assert_eq!(integer(128), [0x02, 2, 0, 128]);
    }

    #[test]
    fn times() {
        assert_eq!(digits(0), "19700101000000Z");
        assert_eq!(digits(951_782_399), "20000228235959Z");
        assert_eq!(digits(951_782_400), "20000229000000Z");
        assert_eq!(utc_time(1_795_747_144)[2..], *b"261127023904Z");
    }

    #[test]
    fn key_usage_bits() {
        assert_eq!(named_bits(&[0]), [0x03, 2, 7, 0x80]);
        assert_eq!(named_bits(&[5, 6]), [0x03, 2, 1, 0x06]);
        assert_eq!(named_bits(&[]), [0x03, 1, 0]);
    }
}
