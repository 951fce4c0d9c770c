//! `stv_tls_rpt`: what a domain is told about the TLS of those who send it mail.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use crate::error::{Error, Result};
use crate::status::Status;
use crate::tls_rpt::{DateRange, Record, ResultType, SessionResult, Summary};

use super::handle::{self, Core, Handle};
use super::report::stv_report;
use super::stv_status;
use super::words::{self, EMPTY, pool};

pool!(RESULTS: ResultType::ALL, |result| result.word());

/// The summing report of TLSRPT (RFC 8460, docs/tls-rpt.md) for one mail domain. Used by one thread at a
/// time. Begin it, say who reports and for which time, add the reports of sessions, write it.
pub struct stv_tls_rpt(Core<Begun>);

/// What the handle stands for.
#[derive(Default)]
pub struct Begun {
    summary: Option<Summary>,
    destinations: Vec<CString>,
    written: Written,
}

/// The report as it is sent; empty until it is written, and again from the next change on.
#[derive(Default)]
struct Written {
    json: CString,
    gzip: Vec<u8>,
    file_name: CString,
}

impl Handle for stv_tls_rpt {
    type Inner = Begun;

    fn new(core: Core<Begun>) -> stv_tls_rpt {
        stv_tls_rpt(core)
    }

    fn core(&self) -> &Core<Begun> {
        &self.0
    }

    fn core_mut(&mut self) -> &mut Core<Begun> {
        &mut self.0
    }
}

impl Begun {
    fn begin(&mut self, domain: &str, id: &str) -> Result<()> {
        *self = Begun::default();
        self.summary = Some(Summary::new(domain, id)?);
        Ok(())
    }

    /// The report, to be changed: what was written of it is outdated.
    fn summary(&mut self) -> Result<&mut Summary> {
        self.written = Written::default();
        let missing = "no report is begun; call stv_tls_rpt_begin first";
        self.summary.as_mut().ok_or_else(|| Error::new(Status::State, missing))
    }

    fn read_record(&mut self, record: &str) -> Result<()> {
        self.summary()?;
        self.destinations = Vec::new();
        let wrong = |fault| {
            Error::new(Status::Argument, format!("this is no TLSRPT record (RFC 8460): {fault}"))
        };
        let record = Record::parse(record).map_err(wrong)?;
        self.destinations = record.destinations.iter().map(|one| words::c_string(one)).collect();
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let summary = self.summary()?;
        self.written = Written {
            json: words::c_string(&summary.json()?),
            gzip: summary.gzip()?,
            file_name: words::c_string(&summary.file_name()?),
        };
        Ok(())
    }

    fn count(&self, of: fn(&Summary) -> u64) -> usize {
        let count = self.summary.as_ref().map_or(0, of);
        usize::try_from(count).unwrap_or(usize::MAX)
    }
}

/// Makes a handle without a report. The caller owns *out and frees it with stv_tls_rpt_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_new(out: *mut *mut stv_tls_rpt) -> stv_status {
    export! { call out out; => { handle::give(out, Begun::default()); Ok(()) } }
}

/// Frees a handle; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_free(rpt: *mut stv_tls_rpt) {
    export! { free rpt }
}

/// Begins a report for a mail domain; all of an earlier one is forgotten. `id` is for people and programs
/// to tell reports apart: no other report of yours has it. STV_E_NAME when the domain is none,
/// STV_E_ARGUMENT when the id is empty, longer than 512 octets or holds a control character.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_begin(
    rpt: *mut stv_tls_rpt,
    domain: *const c_char,
    domain_len: usize,
    id: *const c_char,
    id_len: usize,
) -> stv_status {
    export! { change rpt;
        domain = text(domain, domain_len);
        id = text(id, id_len);
        => rpt.begin(domain, id)
    }
}

/// Sets who reports, in his own words: 1 to 512 octets without control characters, else STV_E_ARGUMENT.
/// STV_E_STATE before stv_tls_rpt_begin, as for every call that changes the report.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_set_organization(
    rpt: *mut stv_tls_rpt,
    name: *const c_char,
    name_len: usize,
) -> stv_status {
    export! { change rpt; name = text(name, name_len); => rpt.summary()?.set_organization(name) }
}

/// Sets whom to ask, an e-mail address; its domain is the sender in the file name. STV_E_ARGUMENT or
/// STV_E_NAME when it is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_set_contact(
    rpt: *mut stv_tls_rpt,
    address: *const c_char,
    address_len: usize,
) -> stv_status {
    export! { change rpt; address = text(address, address_len); => rpt.summary()?.set_contact(address) }
}

/// Sets the time that the report is about, in seconds since 1970: usually a day, 00:00:00 to 23:59:59 UTC.
/// STV_E_ARGUMENT when it ends before it begins, or lies before 1970 or behind the year 9999.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_set_range(
    rpt: *mut stv_tls_rpt,
    begin: i64,
    end: i64,
) -> stv_status {
    export! { change rpt; => { rpt.summary()?.set_range(DateRange::new(begin, end)?); Ok(()) } }
}

/// Sets the address that the world sees us under ("192.0.2.1"), where that of the connections is not it
/// (NAT); it counts for what is added from now on. STV_E_ARGUMENT when it is no IP address.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_set_sending_ip(
    rpt: *mut stv_tls_rpt,
    address: *const c_char,
    address_len: usize,
) -> stv_status {
    export! { change rpt;
        address = text(address, address_len);
        => {
            let address = address.parse().map_err(|_| {
                Error::new(Status::Argument, "the sending address is no IP address, such as 192.0.2.1")
            })?;
            rpt.summary()?.set_sending_ip(address);
            Ok(())
        }
    }
}

/// Counts a session by its report, as stv_report_tls_rpt_result says. STV_E_ARGUMENT, and nothing is
/// counted, when the report is of another protocol than SMTP between relays, of a chain on disk, or of a
/// host that was found for another domain (stv_peer_set_origin).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_add(
    rpt: *mut stv_tls_rpt,
    report: *const stv_report,
) -> stv_status {
    export! { change rpt; report = shared(report); => rpt.summary()?.add(report.report()) }
}

/// How many sessions were counted as successes; 0 before stv_tls_rpt_begin and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_successes(rpt: *const stv_tls_rpt) -> usize {
    export! { value 0; rpt = owned(rpt); => Ok(rpt.count(Summary::successes)) }
}

/// How many sessions were counted as failures; 0 before stv_tls_rpt_begin and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_failures(rpt: *const stv_tls_rpt) -> usize {
    export! { value 0; rpt = owned(rpt); => Ok(rpt.count(Summary::failures)) }
}

/// Writes the report, for stv_tls_rpt_json, stv_tls_rpt_gzip and stv_tls_rpt_file_name. STV_E_STATE when
/// organization, contact or range are missing; stv_tls_rpt_error says which. More may be added afterwards;
/// then write it again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_write(rpt: *mut stv_tls_rpt) -> stv_status {
    export! { change rpt; => rpt.write() }
}

/// The written report as JSON (application/tlsrpt+json); "" when it is not written. It lives until the next
/// call that changes the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_json(rpt: *const stv_tls_rpt) -> *const c_char {
    export! { value EMPTY; rpt = owned(rpt); => Ok(rpt.written.json.as_ptr()) }
}

/// The written report compressed (application/tlsrpt+gzip), stv_tls_rpt_gzip_len octets; NULL when it is
/// not written. They live until the next call that changes the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_gzip(rpt: *const stv_tls_rpt) -> *const c_void {
    export! { value ptr::null();
        rpt = owned(rpt);
        => {
            let gzip = &rpt.written.gzip;
            Ok(if gzip.is_empty() { ptr::null() } else { gzip.as_ptr().cast() })
        }
    }
}

/// How many octets the compressed report has; 0 when it is not written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_gzip_len(rpt: *const stv_tls_rpt) -> usize {
    export! { value 0; rpt = owned(rpt); => Ok(rpt.written.gzip.len()) }
}

/// The name under which the compressed report is sent; "" when it is not written. It lives until the next
/// call that changes the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_file_name(rpt: *const stv_tls_rpt) -> *const c_char {
    export! { value EMPTY; rpt = owned(rpt); => Ok(rpt.written.file_name.as_ptr()) }
}

/// Reads the TXT record at _smtp._tls and the domain, its strings joined: where the domain wants its
/// reports. STV_E_ARGUMENT when it is none; the domain wants none then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_set_record(
    rpt: *mut stv_tls_rpt,
    record: *const c_char,
    record_len: usize,
) -> stv_status {
    export! { change rpt; record = text(record, record_len); => rpt.read_record(record) }
}

/// How many destinations the record names; 0 without one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_destination_count(rpt: *const stv_tls_rpt) -> usize {
    export! { value 0; rpt = owned(rpt); => Ok(rpt.destinations.len()) }
}

/// Destination number `index` as it stands in the record, a URI such as "mailto:tls@example.com"; "" beyond
/// the last. Whoever publishes the record chooses it. It lives until the next call that changes the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_destination(
    rpt: *const stv_tls_rpt,
    index: usize,
) -> *const c_char {
    export! { value EMPTY;
        rpt = owned(rpt);
        => Ok(rpt.destinations.get(index).map_or(EMPTY, |one| one.as_ptr()))
    }
}

/// Words for the last call that failed on this handle; "" when none did. They live until the next call
/// that changes the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_tls_rpt_error(rpt: *const stv_tls_rpt) -> *const c_char {
    export! { value EMPTY; rpt = shared(rpt); => Ok(rpt.core().words()) }
}

/// What TLSRPT counts this session as: "success", or the result type of its failure, such as
/// "certificate-expired" (RFC 8460 section 4.3). "" when it is not counted at all: it came to nothing for
/// no reason of TLS, or was no delivery of mail. Not a verdict: a session may be open without trust and
/// comply with a domain that asks for nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_tls_rpt_result(report: *const stv_report) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => Ok(match SessionResult::of(report.report()) {
            SessionResult::Uncounted => EMPTY,
            SessionResult::Success => c"success".as_ptr(),
            SessionResult::Failure(result, _) => RESULTS.row(result as usize).unwrap_or(EMPTY),
        })
    }
}
