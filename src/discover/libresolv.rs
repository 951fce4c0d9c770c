//! The resolver of the C library (glibc's `res_nquery`), safely wrapped.
//!
//! glibc keeps the settings of one resolver in a structure of its public header `<resolv.h>`, which is
//! declared here again and checked by `tests/c/declarations.c`. Each question has a structure of its
//! own: nothing is shared with the program's resolver, and nothing of its state is changed.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_ulong, c_ushort, c_void};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use libc::{in_addr, in6_addr, sockaddr_in, sockaddr_in6};

use crate::dns::MESSAGE_OCTETS;

const MAXNS: usize = 3;

/// Options of the structure.
const RES_USE_EDNS0: c_ulong = 0x0010_0000;
const RES_USE_DNSSEC: c_ulong = 0x0080_0000;
const RES_TRUSTAD: c_ulong = 0x0400_0000;

/// Values of `res_h_errno` after which an answer is in the buffer.
const HOST_NOT_FOUND: c_int = 1;
const NO_DATA: c_int = 4;

const CLASS_IN: c_int = 1;
/// `retrans` is in seconds; a longer one than this is none.
const MOST_PATIENCE: u64 = 600;

#[repr(C)]
#[derive(Clone, Copy)]
struct SortEntry {
    address: in_addr,
    mask: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Extension {
    nscount: u16,
    nsmap: [u16; MAXNS],
    nssocks: [c_int; MAXNS],
    nscount6: u16,
    nsinit: u16,
    nsaddrs: [*mut sockaddr_in6; MAXNS],
    reserved: [c_uint; 2],
}

#[repr(C)]
union Tail {
    pad: [c_char; 52],
    extension: Extension,
}

/// `struct __res_state`.
#[repr(C)]
#[allow(non_camel_case_types)]
struct res_state {
    retrans: c_int,
    retry: c_int,
    options: c_ulong,
    nscount: c_int,
    nsaddr_list: [sockaddr_in; MAXNS],
    id: c_ushort,
    dnsrch: [*mut c_char; 7],
    defdname: [c_char; 256],
    pfcode: c_ulong,
    /// ndots, nsort, ipv6_unavail: bit-fields.
    bits: c_uint,
    sort_list: [SortEntry; 10],
    unused_qhook: *mut c_void,
    unused_rhook: *mut c_void,
    res_h_errno: c_int,
    vcsock: c_int,
    flags: c_uint,
    tail: Tail,
}

unsafe extern "C" {
    #[link_name = "__res_ninit"]
    fn res_ninit(state: *mut res_state) -> c_int;
    #[link_name = "__res_nclose"]
    fn res_nclose(state: *mut res_state);
    fn res_nquery(
        state: *mut res_state,
        name: *const c_char,
        class: c_int,
        kind: c_int,
        answer: *mut u8,
        length: c_int,
    ) -> c_int;
}

/// The settings of one question.
pub(super) struct State {
    inner: Box<res_state>,
}

/// What `res_nquery` came back with.
pub(super) struct Reply {
    /// How it ended.
    pub(super) ending: Ending,
    /// The buffer: what was received last, and zeros behind it.
    pub(super) message: Vec<u8>,
}

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With an answer, if only that there is nothing.
    Answered,
    /// Without one.
    Failed,
}

impl Reply {
    /// Nothing was received at all.
    pub(super) fn is_silence(&self) -> bool {
        self.message.iter().all(|octet| *octet == 0)
    }
}

impl State {
    /// Reads resolv.conf.
    pub(super) fn open() -> Result<State, String> {
        // SAFETY: the structure is numbers, addresses and pointers, for all of which zeros are a
        // value; it is what res_ninit(3) demands.
        let zeroed = unsafe { MaybeUninit::<res_state>::zeroed().assume_init() };
        let mut inner = Box::new(zeroed);
        // SAFETY: the structure is alive, zeroed and owned.
        match unsafe { res_ninit(&raw mut *inner) } {
            0 => Ok(State { inner }),
            _ => Err("the system's resolver cannot be set up (resolv.conf)".to_owned()),
        }
    }

    /// Whether resolv.conf says `options trust-ad`.
    pub(super) fn trusts_ad(&self) -> bool {
        self.inner.options & RES_TRUSTAD != 0
    }

    /// Asks for DNSSEC as Postfix does, and for the AD bit if it counts: else glibc clears it.
    pub(super) fn ask_for_ad(&mut self, counts: bool) {
        self.inner.options |= RES_USE_EDNS0 | RES_USE_DNSSEC;
        if counts {
            self.inner.options |= RES_TRUSTAD;
        } else {
            self.inner.options &= !RES_TRUSTAD;
        }
    }

    /// How long one attempt may take, and how many each server gets.
    pub(super) fn be_patient(&mut self, attempt: Duration, attempts: u32) {
        let seconds = attempt.as_secs().clamp(1, MOST_PATIENCE);
        self.inner.retrans = c_int::try_from(seconds).unwrap_or(1);
        self.inner.retry = c_int::try_from(attempts).unwrap_or(1);
    }

    /// These servers in place of those of resolv.conf; at most three.
    pub(super) fn use_servers(&mut self, servers: &[SocketAddr]) -> Result<(), String> {
        let servers = servers.get(..servers.len().min(MAXNS)).unwrap_or_default();
        self.inner.nscount = c_int::try_from(servers.len()).unwrap_or(0);
        for (index, server) in servers.iter().enumerate() {
            match server {
                SocketAddr::V4(server) => self.inner.nsaddr_list[index] = v4(*server),
                SocketAddr::V6(server) => self.use_v6(index, *server)?,
            }
        }
        Ok(())
    }

    /// glibc finds an IPv6 address behind a pointer that it frees; in its place in the list stands an
    /// address without family.
    fn use_v6(&mut self, index: usize, server: SocketAddrV6) -> Result<(), String> {
        let mut extension = self.extension();
        if extension.nsaddrs[index].is_null() {
            // SAFETY: malloc may be called with any size.
            let fresh = unsafe { libc::malloc(size_of::<sockaddr_in6>()) };
            if fresh.is_null() {
                return Err("out of memory".to_owned());
            }
            extension.nsaddrs[index] = fresh.cast();
        }
        // SAFETY: it points to an address that glibc or the line above allocated.
        unsafe { extension.nsaddrs[index].write(v6(server)) };
        extension.nssocks[index] = -1;
        self.inner.tail.extension = extension;
        self.inner.nsaddr_list[index].sin_family = 0;
        Ok(())
    }

    fn extension(&self) -> Extension {
        // SAFETY: res_ninit has made the extension, and it is numbers and pointers.
        unsafe { self.inner.tail.extension }
    }

    /// The servers that will be asked.
    pub(super) fn servers(&self) -> Vec<SocketAddr> {
        let count = usize::try_from(self.inner.nscount).unwrap_or(0).min(MAXNS);
        (0..count).filter_map(|index| self.server(index)).collect()
    }

    fn server(&self, index: usize) -> Option<SocketAddr> {
        let v4 = self.inner.nsaddr_list[index];
        if c_int::from(v4.sin_family) == libc::AF_INET {
            let address = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            return Some(SocketAddr::from((address, u16::from_be(v4.sin_port))));
        }
        // SAFETY: where it is not NULL it points to an address that lives as long as the state.
        let v6 = unsafe { self.extension().nsaddrs[index].as_ref() }?;
        let address = Ipv6Addr::from(v6.sin6_addr.s6_addr);
        Some(SocketAddr::from((address, u16::from_be(v6.sin6_port))))
    }

    /// Asks, which takes as long as it takes.
    pub(super) fn query(&mut self, name: &CStr, kind: u16) -> Reply {
        let mut message = vec![0; MESSAGE_OCTETS];
        let length = c_int::try_from(message.len()).unwrap_or(0);
        // SAFETY: the state was made by res_ninit, the name ends with a NUL, the buffer has that
        // length.
        let octets = unsafe {
            res_nquery(
                &raw mut *self.inner,
                name.as_ptr(),
                CLASS_IN,
                c_int::from(kind),
                message.as_mut_ptr(),
                length,
            )
        };
        // glibc takes an answer without records for a failure, and leaves it in the buffer.
        let ending = match (octets, self.inner.res_h_errno) {
            (0.., _) | (_, HOST_NOT_FOUND | NO_DATA) => Ending::Answered,
            _ => Ending::Failed,
        };
        if let Ok(octets) = usize::try_from(octets) {
            message.truncate(octets);
        }
        Reply { ending, message }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: the state was made by res_ninit and is not used after this.
        unsafe { res_nclose(&raw mut *self.inner) };
    }
}

/// For a thread of ours, which handles no signals; above all a server that closes its connection must not
/// end the program with SIGPIPE, as glibc writes without MSG_NOSIGNAL.
pub(super) fn block_signals() {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is ours to write to.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: the set was filled, and the old one is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), std::ptr::null_mut()) };
}

fn v4(server: SocketAddrV4) -> sockaddr_in {
    sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: server.port().to_be(),
        sin_addr: in_addr { s_addr: u32::from(*server.ip()).to_be() },
        sin_zero: [0; 8],
    }
}

fn v6(server: SocketAddrV6) -> sockaddr_in6 {
    sockaddr_in6 {
        sin6_family: libc::AF_INET6 as libc::sa_family_t,
        sin6_port: server.port().to_be(),
        sin6_flowinfo: 0,
        sin6_addr: in6_addr { s6_addr: server.ip().octets() },
        sin6_scope_id: server.scope_id(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    /// What `tests/c/declarations.c` says of the header, for 64-bit Linux.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn the_structure_is_that_of_the_header() {
        assert_eq!(size_of::<res_state>(), 568);
        assert_eq!(offset_of!(res_state, nsaddr_list), 20);
        assert_eq!(offset_of!(res_state, res_h_errno), 496);
        assert_eq!(offset_of!(res_state, tail), 512);
        assert_eq!(offset_of!(Extension, nsaddrs), 24);
    }

    #[test]
    fn servers_are_those_that_were_set() {
        let servers: Vec<SocketAddr> = ["127.0.0.1:5353", "[::1]:5354", "192.0.2.1:53"]
            .map(|text| text.parse().unwrap())
            .into();
        let mut state = State::open().unwrap();
        state.use_servers(&servers).unwrap();
        assert_eq!(state.servers(), servers);
        state.use_servers(&servers[1..2]).unwrap();
        assert_eq!(state.servers(), servers[1..2]);
    }
}
