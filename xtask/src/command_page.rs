//! The manual page of the command line, and its completions, from the arguments that it parses.

use clap::{Arg, Command, CommandFactory};
use clap_complete::{Shell, generate};

use crate::Generated;
use crate::mdoc::{argument, head, inline, line, literal};

/// The command line's own file: the library's front door for people is not part of the library.
#[path = "../../src/bin/starttls-verify/arguments.rs"]
mod arguments;

const NAME: &str = "starttls-verify";

/// The page and the completions.
pub fn write() -> Vec<Generated> {
    let mut command = arguments::Arguments::command();
    command.build();
    let shells = [
        (Shell::Bash, "completions/starttls-verify.bash"),
        (Shell::Zsh, "completions/_starttls-verify"),
        (Shell::Fish, "completions/starttls-verify.fish"),
    ];
    let completion = |(shell, path): (Shell, &str)| (path.to_owned(), completions(shell));
    let mut files: Vec<Generated> = shells.into_iter().map(completion).collect();
    files.push(("docs/man/starttls-verify.1".into(), page(&command)));
    files
}

fn completions(shell: Shell) -> String {
    let mut out = Vec::new();
    generate(shell, &mut arguments::Arguments::command(), NAME, &mut out);
    // clap_complete 4.6 takes the hyphen of the program's own name for a subcommand in half of its
    // bash script, which then completes nothing below a command; tests/man.sh completes in it.
    let text =
        String::from_utf8_lossy(&out).replace("starttls__subcmd__verify", "starttls__verify");
    format!("{}\n", text.trim_end())
}

fn page(command: &Command) -> String {
    let mut out = head(NAME, 1, &[NAME], &words(command.get_about()));
    out.push_str(".Sh SYNOPSIS\n");
    out.push_str(
        &leaves(command, "").iter().map(|(path, one)| usage(path, one)).collect::<String>(),
    );
    out.push_str(".Sh DESCRIPTION\n");
    words(command.get_long_about()).lines().for_each(|text| out.push_str(&line(text)));
    for (path, one) in leaves(command, "") {
        out.push_str(&format!(".Ss {NAME} {path}\n{}", described(one)));
    }
    out.push_str(".Sh EXIT STATUS AND EXAMPLES\n");
    out.push_str(&literal(&words(command.get_after_help())));
    out.push_str(".Sh SEE ALSO\n.Xr starttls_verify 3 ,\n.Xr starttls_verify_codes 7 ,\n");
    out.push_str(".Xr starttls_verify_options 7\n");
    out
}

/// Commands that do something, with their words: "known list".
fn leaves<'a>(command: &'a Command, above: &str) -> Vec<(String, &'a Command)> {
    let own = command.get_subcommands().filter(|one| one.get_name() != "help");
    let deeper = |one: &'a Command| {
        let path = format!("{above}{}", one.get_name());
        let below = leaves(one, &format!("{path} "));
        if below.is_empty() { vec![(path, one)] } else { below }
    };
    own.flat_map(deeper).collect()
}

fn usage(path: &str, command: &Command) -> String {
    let options = if options(command).next().is_some() { ".Op Ar OPTIONS\n" } else { "" };
    let positionals: String = command.get_positionals().map(positional).collect();
    format!(".Nm\n.Cm {path}\n{options}{positionals}")
}

fn positional(arg: &Arg) -> String {
    let dots =
        if arg.get_num_args().is_some_and(|range| range.max_values() > 1) { " ..." } else { "" };
    let ar = format!("Ar {}{dots}", value(arg));
    if arg.is_required_set() { format!(".{ar}\n") } else { format!(".Op {ar}\n") }
}

fn described(command: &Command) -> String {
    let mut out = line(&sentence(command.get_about()));
    let entries: String = command
        .get_positionals()
        .map(|arg| entry(&format!("Ar {}", value(arg)), arg))
        .chain(options(command).map(|arg| entry(&flag(arg), arg)))
        .collect();
    if !entries.is_empty() {
        out.push_str(&format!(".Bl -tag -width Ds\n{entries}.El\n"));
    }
    if let Some(more) = command.get_after_help() {
        out.push_str(&literal(&more.to_string()));
    }
    out
}

fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| !arg.is_positional() && !arg.is_hide_set() && arg.get_id() != "help")
}

fn entry(term: &str, arg: &Arg) -> String {
    format!(".It {term}\n{}", line(&sentence(arg.get_long_help().or(arg.get_help()))))
}

fn flag(arg: &Arg) -> String {
    let long = arg.get_long().map(|long| format!("Fl -{long}"));
    let short = arg.get_short().map(|short| format!("Fl {short}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let takes = arg.get_action().takes_values();
    format!(
        "{}{}",
        names.join(" , "),
        if takes { format!(" Ar {}", argument(&value(arg))) } else { String::new() }
    )
}

fn value(arg: &Arg) -> String {
    let names = arg.get_value_names().map(|names| names.join(" "));
    inline(&names.unwrap_or_else(|| arg.get_id().as_str().to_uppercase()))
}

fn sentence(styled: Option<&clap::builder::StyledStr>) -> String {
    format!("{}.", words(styled).trim_end_matches('.'))
}

fn words(styled: Option<&clap::builder::StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}
