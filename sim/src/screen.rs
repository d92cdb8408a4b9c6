//! Screening of Verilog before Verilator reads it.
//!
//! Verilog can run programs and read and write files (`$system`, `$fopen`, `include`, C++ in Verilator's own constructs). What
//! this generator, Yosys and the unpacker write needs none of that, so a file with anything else is not of their making.

use crate::error::{Error, Result};
use std::path::{Component, Path};
use synfire_golden_model::file::read_text;
use synfire_hw::build::files::MAX_FILE_BYTES;

/// System tasks and functions that a design may use.
const TASKS: [&str; 5] = ["$signed", "$unsigned", "$readmemh", "$readmemb", "$clog2"];
/// Tasks whose first argument is a file to read.
const READERS: [&str; 2] = ["$readmemh", "$readmemb"];
/// Directives that a design may use.
const DIRECTIVES: [&str; 3] = ["`default_nettype", "`timescale", "`celldefine"];
/// Keywords that lead out of the design: to functions in C, and into modules of other files.
const KEYWORDS: [&str; 3] = ["import", "export", "bind"];

/// Checks that a Verilog file neither runs programs nor reaches files outside of its folder.
///
/// # Errors
/// [`Error::Verilog`] with the line; [`synfire_hw::Error::File`] if the file cannot be read.
pub(crate) fn screen(path: &Path) -> Result<()> {
    let text = read_text(path, MAX_FILE_BYTES).map_err(synfire_hw::Error::from)?;
    match fault(&text) {
        None => Ok(()),
        Some((at, what)) => Err(Error::Verilog {
            path: path.into(),
            line: 1 + text[..at].matches('\n').count(),
            what,
        }),
    }
}

/// First construct that is not allowed: its position in bytes, and its text.
fn fault(text: &str) -> Option<(usize, String)> {
    let mut rest = text;
    let mut reader = None;
    loop {
        let at = text.len() - rest.len();
        let first = rest.chars().next()?;
        let length = length_of_token(rest);
        let token = &rest[..length];
        rest = &rest[length..];
        if first.is_whitespace() || token == "(" || is_comment(token) {
            // Between a reader and its file.
            continue;
        }
        if let Some(reader) = reader.take()
            && !is_file_beside(token)
        {
            return Some((at, format!("{reader} of {token}")));
        }
        let is_allowed = match first {
            '$' => TASKS.contains(&token),
            '`' => DIRECTIVES.contains(&token),
            // What is left of comments are those for Verilator.
            '/' => token.len() == 1,
            _ => !KEYWORDS.contains(&token),
        };
        if !is_allowed {
            return Some((at, token.to_owned()));
        }
        reader = READERS.iter().find(|reader| **reader == token);
    }
}

/// Length in bytes of the token at the beginning of a text that is not empty: a comment, a string, a name, or one character.
fn length_of_token(text: &str) -> usize {
    let up_to = |end: usize, found: Option<usize>| found.map_or(text.len(), |at| at + end);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    match text.as_bytes() {
        [b'/', b'/', ..] => up_to(0, text.find('\n')),
        [b'/', b'*', ..] => up_to(4, text[2..].find("*/")),
        [b'"', ..] => string_length(text),
        // An escaped name ends with white space.
        [b'\\', ..] => up_to(0, text.find(char::is_whitespace)),
        [b'`', ..] => 1 + up_to(0, text[1..].find(|c| !is_name(c))).min(text.len() - 1),
        _ => match text.find(|c| !is_name(c)) {
            Some(0) => text.chars().next().map_or(0, char::len_utf8),
            found => up_to(0, found),
        },
    }
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Comments of Verilator's own may hold directives; the others say nothing.
fn is_comment(token: &str) -> bool {
    (token.starts_with("//") || token.starts_with("/*")) && !token.contains("verilator")
}

/// Whether a token is a string that names a file in the folder itself.
fn is_file_beside(token: &str) -> bool {
    let name = token.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    name.is_some_and(|name| {
        let components: Vec<Component<'_>> = Path::new(name).components().collect();
        matches!(components[..], [Component::Normal(_)]) && !name.contains(['\\', '/'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_generators_write_passes() {
        let text = "`default_nettype none\n// $system in a comment\n/* `include */ module a(input \\b$system );\n\
                    localparam c = $signed(8'sh1); wire d$display = \"$fopen\";\n\
                    initial $readmemh(\"layer0.hex\", memory);\nendmodule\n";
        assert_eq!(fault(text), None);
    }

    #[test]
    fn everything_that_leads_out_of_the_design_is_found() {
        for (text, what) in [
            ("initial $system(\"id\");", "$system"),
            ("initial $c(\"exit(1);\");", "$c"),
            ("x = $fopen(\"/etc/passwd\");", "$fopen"),
            ("`include \"/etc/passwd\"", "`include"),
            ("`define a $", "`define"),
            ("`systemc_header\nint x;", "`systemc_header"),
            ("import \"DPI-C\" function int system(string s);", "import"),
            ("bind a b c();", "bind"),
            ("// verilator public\n", "// verilator public"),
            (
                "initial $readmemh(\"/etc/passwd\", m);",
                "$readmemh of \"/etc/passwd\"",
            ),
            ("initial $readmemh ( \"../x\", m);", "$readmemh of \"../x\""),
            ("initial $readmemh(name, m);", "$readmemh of name"),
            (
                "initial $readmemh(/* */{\"/etc\", \"/passwd\"}, m);",
                "$readmemh of {",
            ),
            ("a \"b\\\"\" $finish", "$finish"),
            ("\\a\\b $stop", "$stop"),
            ("é$stop", "$stop"),
            ("/*/ $stop */ $exit", "$exit"),
            ("`", "`"),
        ] {
            assert_eq!(fault(text).map(|(_, what)| what).as_deref(), Some(what), "{text}");
        }
    }
}
