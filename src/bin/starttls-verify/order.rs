//! A line of `check --batch`: who is to be checked, and how.

use serde::Deserialize;
use serde_json::Value as Json;
use starttls_verify::error::Result;
use starttls_verify::verify::Peer;

use crate::line_policy::{LinePolicy, Options};
use crate::lines::Line;
use crate::record::{self, Unreadable};
use crate::target;
use crate::tlsa::Tlsa;

/// A target as it stands in a line of JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    #[serde(default)]
    id: Json,
    target: String,
    connect: Option<String>,
    sni: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    time: Option<i64>,
    #[serde(default)]
    anchors: Vec<String>,
    #[serde(default)]
    crls: Vec<String>,
    #[serde(default)]
    tlsa: Vec<String>,
    tlsa_state: Option<String>,
    #[serde(default)]
    pins: Vec<String>,
    #[serde(default)]
    options: Options,
}

/// Who is to be checked, and how.
#[derive(Default)]
pub struct Order {
    /// As it stood in the line.
    pub target: String,
    connect: Option<String>,
    sni: Option<String>,
    names: Vec<String>,
    tlsa: Vec<String>,
    tlsa_state: Option<String>,
    /// Whom to trust for it.
    pub policy: LinePolicy,
}

impl Record {
    fn split(self) -> (Json, Order) {
        let Record { id, target, connect, sni, names, tlsa, tlsa_state, .. } = self;
        let Record { time, anchors, crls, pins, options, .. } = self;
        let policy = LinePolicy { time, anchors, crls, pins, options };
        (id, Order { target, connect, sni, names, tlsa, tlsa_state, policy })
    }
}

impl Order {
    /// Who is meant.
    pub fn peer(&self, base: &Tlsa) -> Result<Peer> {
        let (connect, sni) = (self.connect.as_deref(), self.sni.as_deref());
        let mut peer = target::peer_at(&self.target, connect, sni)?;
        self.names.iter().try_for_each(|name| peer.add_reference(name))?;
        Tlsa::of_line(&self.tlsa, self.tlsa_state.as_deref())?.or(base).give(&mut peer)?;
        Ok(peer)
    }
}

/// A JSON object, or a bare target.
pub fn read(line: &Line) -> std::result::Result<(Json, Order), Unreadable> {
    let text = record::text_of(line)?;
    if text.first() == Some(&b'{') {
        return record::read::<Record>(text).map(Record::split);
    }
    let target = std::str::from_utf8(text).map_err(|error| record::malformed(b"", error))?;
    Ok((Json::Null, Order { target: target.to_owned(), ..Order::default() }))
}
