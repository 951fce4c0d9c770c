//! Standard output: colours, JSON or silence, and no panic when the reader goes away.

use std::io::{self, Write};

use starttls_verify::report::Report;

use crate::arguments::OutputArguments;
use crate::colour;
use crate::fault::Fault;

/// Shows one report in the form that was asked for.
pub fn show(report: &Report, form: &OutputArguments) -> Result<(), Fault> {
    if form.quiet {
        return Ok(());
    }
    if form.json {
        return print(&format!("{}\n", report.json()));
    }
    let text = report.text();
    print(&if colour::is_wanted() { colour::paint(&text) } else { text })
}

/// Writes text. A reader who has gone away (`| head -1`) has seen enough: that is no error, and the
/// exit code stays that of the verdict.
pub fn print(text: &str) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Fault::Output(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
