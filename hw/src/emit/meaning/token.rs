//! Words of emitted Verilog.

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or a word of Verilog's own; system functions with their `$`.
    Name(&'a str),
    /// A number, with size and base where it has them.
    Number(&'a str),
    /// A text in quotes.
    Text(&'a str),
    /// What stands between `(*` and `*)`.
    Attribute(&'a str),
    /// Anything else.
    Symbol(&'a str),
}

/// Symbols of more than one character, the longest first.
const SYMBOLS: [&str; 13] = [
    "<<<", ">>>", "===", "!==", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+:",
];

/// A word with the line on which it stands, from 1.
#[derive(Clone, Debug)]
pub(super) struct Word<'a> {
    pub(super) token: Token<'a>,
    pub(super) line: usize,
}

/// The words of a text, without comments and compiler directives.
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

/// Bytes of the word at the beginning of a text that begins with one.
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
