//! Other paths to try where the first one failed.
//!
//! OpenSSL builds one path and judges it. Where the first issuer that it finds is a dead end (an
//! expired twin, a cross-certificate under constraints, a CA that nobody trusts any more) it does not
//! turn back, and a chain that has a good path is refused. So the search is done here, over who may
//! have issued whom, and OpenSSL is asked about each path that is found, with nothing else to build of.
//!
//! The peer chooses the certificates, and a few dozen that certify one another hold more paths than
//! anyone can try. So the order is fixed (short paths first, then as sent), what has been found wrong
//! by itself is not tried again, and the budget of `limits` ends the search.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use crate::limits::PARTIAL_PATHS;
use crate::ossl::{Certificate, Chain, Route, Store};

/// Who may have issued whom. Certificate 0 is the leaf.
struct Graph<'a> {
    certificates: Vec<&'a Certificate>,
    issuers: Vec<Vec<usize>>,
    anchors: Vec<Vec<Certificate>>,
    /// Certificates from here to an anchor, this one included; `None`: no way.
    distance: Vec<Option<usize>>,
}

/// Hands out one route after the other.
pub struct Candidates<'a> {
    graph: Graph<'a>,
    heap: BinaryHeap<Reverse<Partial>>,
    /// Made so far; makes the order of equals the order of making.
    made: usize,
    /// Certificates that are wrong whatever stands above them.
    excluded: HashSet<Vec<u8>>,
    /// Left to hand out of the path that was completed last.
    ready: Vec<(Vec<usize>, Certificate)>,
}

/// A path that does not yet have an anchor, with the length that it will have at least.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Partial {
    least: usize,
    made: usize,
    steps: Vec<usize>,
}

impl<'a> Graph<'a> {
    fn of(chain: &'a Chain, store: &Store) -> Graph<'a> {
        let mut seen = HashSet::new();
        let certificates: Vec<&Certificate> =
            chain.iter().filter(|certificate| seen.insert(certificate.der())).collect();
        let issuers = certificates.iter().map(|subject| issuers(&certificates, subject)).collect();
        let anchors = certificates.iter().map(|subject| store.issuers_of(subject)).collect();
        let mut graph = Graph { certificates, issuers, anchors, distance: Vec::new() };
        graph.distance = graph.distances();
        graph
    }

    /// Outward from the anchors, one certificate further in each round.
    fn distances(&self) -> Vec<Option<usize>> {
        let mut distance: Vec<Option<usize>> =
            self.anchors.iter().map(|anchors| (!anchors.is_empty()).then_some(1)).collect();
        for round in 1..self.certificates.len() {
            let is_next = |issuer: &usize| distance[*issuer] == Some(round);
            let reached: Vec<usize> = (0..self.certificates.len())
                .filter(|at| distance[*at].is_none() && self.issuers[*at].iter().any(is_next))
                .collect();
            if reached.is_empty() && !distance.contains(&Some(round + 1)) {
                break;
            }
            reached.into_iter().for_each(|at| distance[at] = Some(round + 1));
        }
        distance
    }
}

/// The leaf issues nothing, and nobody is asked to vouch for itself.
fn issuers(certificates: &[&Certificate], subject: &Certificate) -> Vec<usize> {
    let others = certificates.iter().enumerate().skip(1);
    let issuers = others
        .filter(|(_, issuer)| issuer.der() != subject.der() && issuer.may_have_issued(subject));
    issuers.map(|(at, _)| at).collect()
}

impl<'a> Candidates<'a> {
    /// The search in what was sent, towards these anchors.
    pub fn of(chain: &'a Chain, store: &Store) -> Candidates<'a> {
        let graph = Graph::of(chain, store);
        let start = graph.distance.first().copied().flatten();
        let start = start.map(|least| Reverse(Partial { least, made: 0, steps: vec![0] }));
        Candidates {
            graph,
            heap: start.into_iter().collect(),
            made: 0,
            excluded: HashSet::new(),
            ready: Vec::new(),
        }
    }

    /// This certificate is in no good path.
    pub fn exclude(&mut self, certificate: &Certificate) {
        self.excluded.insert(certificate.der().to_vec());
    }

    /// Whether the search ended because of its limit, and not because it saw all.
    pub fn gave_up(&self) -> bool {
        self.made >= PARTIAL_PATHS
    }

    /// Puts one step more before every certificate that may have issued the last one.
    fn grow(&mut self, partial: &Partial) {
        let Some(last) = partial.steps.last() else { return };
        for &issuer in &self.graph.issuers[*last] {
            let Some(distance) = self.graph.distance[issuer] else { continue };
            if partial.steps.contains(&issuer) || self.gave_up() {
                continue;
            }
            self.made += 1;
            let steps = [partial.steps.as_slice(), &[issuer]].concat();
            let least = partial.steps.len() + distance;
            self.heap.push(Reverse(Partial { least, made: self.made, steps }));
        }
    }

    fn is_excluded(&self, certificate: &Certificate) -> bool {
        self.excluded.contains(certificate.der())
    }

    fn route(&self, steps: &[usize], anchor: Certificate) -> Option<Route> {
        let between = steps.iter().skip(1).map(|at| self.graph.certificates[*at].clone());
        let between: Vec<Certificate> = between.collect();
        let excluded = between.iter().chain([&anchor]).any(|one| self.is_excluded(one));
        // An anchor that was sent as well is met as an anchor one step earlier.
        let twice = between.iter().any(|one| one.der() == anchor.der());
        (!excluded && !twice).then_some(Route { between, anchor })
    }
}

impl Iterator for Candidates<'_> {
    type Item = Route;

    fn next(&mut self) -> Option<Route> {
        loop {
            while let Some((steps, anchor)) = self.ready.pop() {
                if let Some(route) = self.route(&steps, anchor) {
                    return Some(route);
                }
            }
            let Reverse(partial) = self.heap.pop()?;
            let certificates = &self.graph.certificates;
            let dead = partial.steps.iter().any(|at| self.is_excluded(certificates[*at]));
            if dead {
                continue;
            }
            self.grow(&partial);
            let last = partial.steps.last().copied().unwrap_or_default();
            let anchors = self.graph.anchors[last].iter().rev();
            self.ready = anchors.map(|anchor| (partial.steps.clone(), anchor.clone())).collect();
        }
    }
}
