//! C declarations, taken from what cbindgen writes.
//!
//! cbindgen's layout is regular: a block comment, then one declaration that ends with `;`. This is
//! not a C parser and need not be one; what it does not understand is an error.

use crate::Result;

/// A declaration with its comment.
#[derive(Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Lines of the comment, bare.
    pub doc: Vec<String>,
    /// What is declared.
    pub what: What,
}

/// What is declared.
#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// `typedef struct NAME NAME;`
    Handle(String),
    /// `typedef TYPE NAME;`
    Alias(String, String),
    /// `RESULT NAME(PARAMETERS);`
    Function(Function),
}

/// A function.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// C type of the result, such as `const char *`.
    pub result: String,
    /// C type and name of each parameter.
    pub parameters: Vec<(String, String)>,
}

/// All declarations of a text.
pub fn parse(text: &str) -> Result<Vec<Declaration>> {
    let mut declarations = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (doc, after) = comment(rest)?;
        let (body, after) = after
            .split_once(';')
            .ok_or_else(|| format!("cbindgen wrote something without an end: {after}"))?;
        declarations.push(Declaration { doc, what: what(&squeeze(body))? });
        rest = after.trim_start();
    }
    Ok(declarations)
}

fn comment(text: &str) -> Result<(Vec<String>, &str)> {
    let Some(inside) = text.strip_prefix("/*") else {
        return Ok((Vec::new(), text));
    };
    let (comment, after) =
        inside.split_once("*/").ok_or_else(|| "a comment without an end".to_owned())?;
    let lines = comment.trim().lines().map(|line| line.trim().to_owned()).collect();
    Ok((lines, after.trim_start()))
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn what(text: &str) -> Result<What> {
    if let Some(alias) = text.strip_prefix("typedef ") {
        return typedef(alias);
    }
    let (head, tail) = text.split_once('(').ok_or_else(|| refused(text))?;
    let inside = tail.strip_suffix(')').ok_or_else(|| refused(text))?;
    if inside.contains('(') {
        return Err(format!("no function pointers: {text}"));
    }
    let (result, name) = type_and_name(head)?;
    let parameters = match inside {
        "void" => Vec::new(),
        _ => inside.split(", ").map(type_and_name).collect::<Result<_>>()?,
    };
    Ok(What::Function(Function { name, result, parameters }))
}

fn typedef(text: &str) -> Result<What> {
    let (kind, name) = type_and_name(text)?;
    match kind.strip_prefix("struct ") {
        Some(tag) if tag == name => Ok(What::Handle(name)),
        Some(_) => Err(refused(text)),
        None if kind.contains('{') => Err(refused(text)),
        None => Ok(What::Alias(kind, name)),
    }
}

fn type_and_name(text: &str) -> Result<(String, String)> {
    let at = text.rfind([' ', '*']).ok_or_else(|| refused(text))? + 1;
    let (kind, name) = text.split_at(at);
    Ok((kind.trim().to_owned(), name.to_owned()))
}

fn refused(text: &str) -> String {
    format!("no structs, unions, enums, variables or macros from cbindgen: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cbindgen_writes_is_read() {
        let text = "/*\n One.\n\n Two.\n */\nconst char *stv_x(const stv_y *y,\n  size_t n);\nint stv_z(void);";
        let declarations = parse(text).unwrap();
        assert_eq!(declarations[0].doc, ["One.", "", "Two."]);
        let parameters = vec![("const stv_y *".into(), "y".into()), ("size_t".into(), "n".into())];
        let function = Function { name: "stv_x".into(), result: "const char *".into(), parameters };
        assert_eq!(declarations[0].what, What::Function(function));
        assert_eq!(declarations[1].doc, Vec::<String>::new());
    }

    #[test]
    fn what_the_abi_forbids_is_refused() {
        for text in [
            "void stv_x(void (*callback)(int n));",
            "typedef struct stv_x { int a; } stv_x;",
            "typedef struct a b;",
            "#define STV_X 1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
