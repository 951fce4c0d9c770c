//! Messages of the binary protocols, where the corpus describes them.

/// LDAPMessage 1 with an ExtendedResponse (RFC 4511 §4.12): resultCode, empty matchedDN and
/// diagnosticMessage, and perhaps a responseName.
pub fn ldap_response(code: u8, name: Option<&str>) -> Vec<u8> {
    let mut response = vec![0x0a, 1, code, 0x04, 0, 0x04, 0];
    if let Some(name) = name {
        response.extend(tlv(0x8a, name.as_bytes()));
    }
    tlv(0x30, &[&[0x02, 1, 1], tlv(0x78, &response).as_slice()].concat())
}

/// Definite length, short form: everything here is shorter than 128 octets.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, value.len() as u8], value].concat()
}

/// A greeting of MySQL with this protocol version, otherwise as MySQL 8 sends it.
pub fn mysql_greeting(version: u8) -> Vec<u8> {
    let mut body = vec![version];
    body.extend_from_slice(b"8.0.36\0");
    body.extend_from_slice(&[7, 0, 0, 0]);
    body.extend_from_slice(b"scramble\0");
    // Capabilities low (with CLIENT_SSL 0x0800), charset, status, capabilities high.
    body.extend_from_slice(&[0xff, 0xff, 0xff, 0x02, 0x00, 0xff, 0xdf]);
    body.push(21);
    body.extend_from_slice(&[0; 10]);
    body.extend_from_slice(b"and-the-rest\0");
    body.extend_from_slice(b"caching_sha2_password\0");
    packet(0, &body)
}

/// A whole packet whose greeting ends inside the capabilities.
pub fn mysql_truncated() -> Vec<u8> {
    let whole = mysql_greeting(10);
    // Version, its text, thread, scramble, and one octet of the two.
    packet(0, &whole[4..4 + 1 + 7 + 4 + 9 + 1])
}

fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    [&[body.len() as u8, 0, 0, number], body].concat()
}
