//! Words of emitted Verilog.

/// Word of a Verilog text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or a keyword; system functions include their `$`.
    Name(&'a str),
    /// A number, with its size and base if it has them.
    Number(&'a str),
    /// A string in quotes.
    Text(&'a str),
    /// An attribute, with its `(*` and `*)`.
    Attribute(&'a str),
    /// Any other symbol.
    Symbol(&'a str),
}

/// Symbols of more than one character, longest first.
const SYMBOLS: [&str; 13] = [
    "<<<", ">>>", "===", "!==", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+:",
];

/// Word, and the number of its line, starting with 1.
#[derive(Clone, Debug)]
pub(super) struct Word<'a> {
    pub(super) token: Token<'a>,
    pub(super) line: usize,
}

/// Splits a text into words, without comments and compiler directives.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut rest = line.trim_start();
        while !rest.is_empty() && !rest.starts_with("//") && !rest.starts_with('`') {
            let length = length(rest);
            let (word, after) = rest.split_at(length);
            words.push(Word {
                token: token(word),
                line: index + 1,
            });
            rest = after.trim_start();
        }
    }
    words
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

/// Length in bytes of the first word of a text.
fn length(text: &str) -> usize {
    let first = text.chars().next().unwrap_or(' ');
    let run = |allowed: fn(char) -> bool| text.find(|c| !allowed(c)).unwrap_or(text.len());
    if first.is_ascii_digit() || first == '\'' {
        return run(|c| is_name(c) || c == '\'');
    }
    if is_name(first) {
        return run(is_name);
    }
    if first == '"' {
        return text[1..].find('"').map_or(text.len(), |end| end + 2);
    }
    // `(*)` is the sensitivity to everything.
    if text.starts_with("(*") && !text.starts_with("(*)") {
        return text.find("*)").map_or(text.len(), |end| end + 2);
    }
    let symbol = SYMBOLS.iter().find(|symbol| text.starts_with(**symbol));
    symbol.map_or(first.len_utf8(), |symbol| symbol.len())
}

fn token(word: &str) -> Token<'_> {
    match word.chars().next().unwrap_or(' ') {
        first if first.is_ascii_digit() || first == '\'' => Token::Number(word),
        first if is_name(first) => Token::Name(word),
        '"' => Token::Text(word),
        '(' if word.len() > 1 => Token::Attribute(word),
        _ => Token::Symbol(word),
    }
}
