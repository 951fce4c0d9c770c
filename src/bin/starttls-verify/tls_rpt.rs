//! `--tls-rpt FILE`: what the domain is to be told of this run (RFC 8460).

use data_encoding::HEXLOWER;
use starttls_verify::clock;
use starttls_verify::discover::{Ask, TxtRecords, texts};
use starttls_verify::dns::Name;
use starttls_verify::error::{Error, Result};
use starttls_verify::ossl::random;
use starttls_verify::report::Report;
use starttls_verify::status::Status;
use starttls_verify::tls_rpt::{DateRange, Record, Summary};
use starttls_verify::verify::Peer;

use crate::arguments::TlsRptArguments;
use crate::new_file::NewFile;

/// The report that was asked for, or none.
pub struct TlsRpt {
    begun: Option<Begun>,
}

struct Begun {
    summary: Summary,
    since: i64,
    form: Form,
    file: NewFile,
}

enum Form {
    Json,
    Gzip,
}

impl TlsRpt {
    /// Begins it. What is wrong with the arguments is said before anybody is visited.
    pub fn of(arguments: &TlsRptArguments, domain: &Peer) -> Result<TlsRpt> {
        let begun = arguments.tls_rpt.as_deref().map(|path| Begun::at(path, arguments, domain));
        Ok(TlsRpt { begun: begun.transpose()? })
    }

    /// Says where the domain wants reports, if one is made.
    pub fn tell_destinations(&self, resolver: &impl Ask, domain: &Name) {
        if self.begun.is_some() {
            eprintln!("starttls-verify: {}", destinations(resolver, domain));
        }
    }

    /// Counts a visit.
    pub fn add(&mut self, report: &Report) -> Result<()> {
        self.begun.as_mut().map_or(Ok(()), |begun| begun.summary.add(report))
    }

    /// Writes it.
    pub fn finish(self) -> Result<()> {
        self.begun.map_or(Ok(()), Begun::finish)
    }
}

impl Begun {
    fn at(path: &str, arguments: &TlsRptArguments, domain: &Peer) -> Result<Begun> {
        if !domain.protocol().has_mta_sts() {
            let scheme = domain.protocol().row().scheme;
            let what = format!("--tls-rpt is for mail relays (smtp://), and this is {scheme}://");
            return Err(Error::new(Status::Argument, what));
        }
        let since = clock::now();
        let id = format!("{since}.{}", HEXLOWER.encode(&random::<8>()?));
        let mut summary = Summary::new(&domain.host_text(), &id)?;
        summary.set_organization(arguments.tls_rpt_organization.as_deref().unwrap_or_default())?;
        summary.set_contact(arguments.tls_rpt_contact.as_deref().unwrap_or_default())?;
        let form = if path.ends_with(".gz") { Form::Gzip } else { Form::Json };
        Ok(Begun { summary, since, form, file: NewFile::at(path)? })
    }

    fn finish(mut self) -> Result<()> {
        // The clock may have been set back meanwhile.
        self.summary.set_range(DateRange::new(self.since, clock::now().max(self.since))?);
        let contents = match self.form {
            Form::Json => self.summary.json()?.into_bytes(),
            Form::Gzip => self.summary.gzip()?,
        };
        self.file.finish(&contents)
    }
}

fn destinations(resolver: &impl Ask, domain: &Name) -> String {
    let found = match texts(resolver, domain, "_smtp._tls") {
        TxtRecords::Found(texts) => Record::only(&texts),
        TxtRecords::Failed(why) => Err(why),
    };
    match found {
        Ok(Some(record)) => {
            format!("{domain} wants TLSRPT reports at {}", record.destinations.join(" "))
        }
        Ok(None) => format!("{domain} wants no TLSRPT reports: no record at _smtp._tls.{domain}"),
        Err(why) => format!("where {domain} wants TLSRPT reports is not known: {why}"),
    }
}
