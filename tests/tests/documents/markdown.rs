//! The parts of a Markdown file that can be checked: links, anchors, code spans and command lines.

use std::collections::HashMap;

/// A piece of text and the line it starts at, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// A Markdown file, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// Path from the repository's root.
    pub(crate) path: String,
    /// Targets of links and images.
    pub(crate) links: Vec<Piece>,
    /// Anchors of the headings, as GitHub names them.
    pub(crate) anchors: Vec<String>,
    /// Texts between backticks.
    pub(crate) spans: Vec<Piece>,
    /// For each span, the path that the sentence says it is in, as in "`name` in `path`" or "`name` of [text](path)".
    pub(crate) places: Vec<Option<String>>,
    /// Modules of tables that have a column `modules`, each with the package of its row.
    pub(crate) modules: Vec<(String, Piece)>,
    /// Text of all code blocks.
    pub(crate) code: String,
    /// Command lines of ```console blocks: lines that start with `$`, with the lines that continue them.
    pub(crate) commands: Vec<Piece>,
}

impl Document {
    /// Takes a file apart.
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let mut document = Self {
            path: path.into(),
            ..Self::default()
        };
        let mut seen = HashMap::new();
        let mut fence: Option<Fence> = None;
        let mut table = None;
        // Consecutive lines of prose are one paragraph, since a span may run over the end of a line.
        let mut paragraph = Piece {
            line: 1,
            text: String::new(),
        };
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if let Some(open) = &fence {
                if open.closes(line) {
                    fence = None;
                } else {
                    document.code.push_str(line);
                    document.code.push('\n');
                    if open.console {
                        document.console_line(number, line);
                    }
                }
                continue;
            }
            fence = Fence::open(line);
            let heading = heading(line);
            if line.starts_with('|') {
                document.table_row(table.get_or_insert_with(|| Table::headed(line)), number, line);
            } else {
                table = None;
            }
            if fence.is_some()
                || heading.is_some()
                || line.trim().is_empty()
                || line.trim_start().starts_with(['|', '*', '-'])
            {
                document.prose(&paragraph);
                paragraph = Piece {
                    line: number,
                    text: String::new(),
                };
            }
            if fence.is_some() {
                continue;
            }
            if let Some(heading) = heading {
                document.anchors.push(unique(slug(heading), &mut seen));
            }
            if paragraph.text.is_empty() {
                paragraph.line = number;
            }
            paragraph.text.push_str(line);
            paragraph.text.push('\n');
        }
        document.prose(&paragraph);
        document
    }

    fn console_line(&mut self, number: usize, line: &str) {
        if let Some(last) = self.commands.last_mut()
            && let Some(start) = last.text.strip_suffix('\\')
            && last.line + last.text.matches('\n').count() < number
        {
            last.text = format!("{start}{}", line.trim_start());
        } else if let Some(command) = line.strip_prefix("$ ") {
            self.commands.push(Piece {
                line: number,
                text: command.trim_end().into(),
            });
        }
    }

    fn table_row(&mut self, table: &mut Table, number: usize, line: &str) {
        let cells: Vec<&str> = line.split('|').collect();
        let names =
            |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        if let Some(package) = cells.get(1).and_then(|cell| names(cell).into_iter().next()) {
            table.package = package;
        }
        for name in table
            .modules
            .and_then(|column| cells.get(column))
            .map(|cell| names(cell))
            .unwrap_or_default()
        {
            let module = Piece {
                line: number,
                text: name,
            };
            self.modules.push((table.package.clone(), module));
        }
    }

    /// Collects spans and links of a paragraph.
    fn prose(&mut self, paragraph: &Piece) {
        let text = &paragraph.text;
        let line_of = |at: usize| paragraph.line + text[..at].matches('\n').count();
        // What is left when spans are blanked out, so that brackets in code are no links.
        let mut rest = text.clone();
        let mut at = 0;
        while let Some(found) = text[at..].find('`') {
            let start = at + found;
            let ticks = text[start..].bytes().take_while(|&byte| byte == b'`').count();
            let inside = start + ticks;
            let Some(end) = closing(text, inside, ticks) else {
                at = inside;
                continue;
            };
            self.spans.push(Piece {
                line: line_of(start),
                text: text[inside..end].split_whitespace().collect::<Vec<_>>().join(" "),
            });
            self.places.push(place(&text[end + ticks..]));
            let blank = "_".repeat(end + ticks - start);
            rest.replace_range(start..end + ticks, &blank);
            at = end + ticks;
        }
        let mut at = 0;
        while let Some(found) = rest[at..].find("](") {
            let start = at + found + 2;
            let Some(length) = rest[start..].find(')') else {
                break;
            };
            // A title may follow the target.
            let target = rest[start..start + length]
                .split_whitespace()
                .next()
                .unwrap_or_default();
            self.links.push(Piece {
                line: line_of(start),
                text: target.trim_matches(['<', '>']).into(),
            });
            at = start + length;
        }
        for (index, line) in rest.lines().enumerate() {
            // A reference: `[name]: target`.
            if let Some((_, target)) = line.strip_prefix('[').and_then(|line| line.split_once("]: ")) {
                self.links.push(Piece {
                    line: paragraph.line + index,
                    text: target.split_whitespace().next().unwrap_or_default().into(),
                });
            }
            for attribute in ["src=\"", "href=\""] {
                for part in line.split(attribute).skip(1) {
                    self.links.push(Piece {
                        line: paragraph.line + index,
                        text: part.split('"').next().unwrap_or_default().into(),
                    });
                }
            }
        }
    }
}

/// The path that a sentence goes on with, such as " in `path`", past other names of a list.
fn place(rest: &str) -> Option<String> {
    let mut rest = rest.trim_start();
    loop {
        for word in ["in ", "in\n", "of ", "of\n", "("] {
            let Some(after) = rest.strip_prefix(word) else {
                continue;
            };
            if let Some(path) = after.strip_prefix('`') {
                return path.split_once('`').map(|(path, _)| path.into());
            }
            let link = after.strip_prefix('[')?.split_once("](")?.1;
            return link.split_once(')').map(|(path, _)| path.into());
        }
        let after = rest.strip_prefix(',').or_else(|| rest.strip_prefix("and "))?;
        rest = after
            .trim_start()
            .strip_prefix('`')?
            .split_once('`')?
            .1
            .trim_start();
    }
}

/// A table being read.
struct Table {
    /// The column headed `modules`.
    modules: Option<usize>,
    /// The last package named in the first column.
    package: String,
}

impl Table {
    fn headed(line: &str) -> Self {
        Self {
            modules: line.split('|').position(|cell| cell.trim() == "modules"),
            package: String::new(),
        }
    }
}

/// An open code block.
struct Fence {
    mark: String,
    console: bool,
}

impl Fence {
    fn open(line: &str) -> Option<Self> {
        let line = line.trim_start();
        let mark: String = line.chars().take_while(|&sign| sign == '`').collect();
        let info = line.get(mark.len()..)?;
        (mark.len() >= 3 && !info.contains('`')).then(|| Self {
            console: info.trim() == "console",
            mark,
        })
    }

    fn closes(&self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.mark.len() && line.bytes().all(|byte| byte == b'`')
    }
}

/// Where a run of exactly that many backticks begins.
fn closing(text: &str, from: usize, ticks: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let length = text[start..].bytes().take_while(|&byte| byte == b'`').count();
        if length == ticks {
            return Some(start);
        }
        at = start + length;
    }
    None
}

/// The text of a heading.
fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (1..=6)
        .contains(&(line.len() - text.len()))
        .then(|| text.strip_prefix(' '))
        .flatten()
}

/// GitHub's anchor of a heading: lower case, blanks as hyphens, no punctuation.
fn slug(heading: &str) -> String {
    let mut text = String::new();
    let mut rest = heading.trim();
    // Of a link only its text is shown.
    while let Some((before, after)) = rest.split_once('[') {
        text.push_str(before);
        match after
            .split_once("](")
            .and_then(|(shown, end)| Some((shown, end.split_once(')')?.1)))
        {
            Some((shown, end)) => {
                text.push_str(shown);
                rest = end;
            }
            None => rest = after,
        }
    }
    text.push_str(rest);
    text.chars()
        .filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'))
        .flat_map(char::to_lowercase)
        .map(|sign| if sign == ' ' { '-' } else { sign })
        .collect()
}

/// The second heading of a name gets `-1`, the third `-2`.
fn unique(slug: String, seen: &mut HashMap<String, usize>) -> String {
    let count = seen.entry(slug.clone()).or_insert(0);
    *count += 1;
    if *count == 1 {
        slug
    } else {
        format!("{slug}-{}", *count - 1)
    }
}

#[test]
fn a_file_is_taken_apart() {
    let text = "# One `two`: [three](x.md)\n\
                \n\
                See [a\n\
                link](docs/a.md#part \"title\") and `Some\n\
                Code`, ``a ` b``, ![picture](p.svg).\n\
                \n\
                ```console\n\
                $ synfire train \\\n    digits -o `x`\n\
                output [no](link)\n\
                $ make demo\n\
                ```\n\
                | `cell` | <img src=\"q.svg\"> |\n\
                [name]: r.md\n\
                ## One `two`: three\n";
    let document = Document::parse("a.md", text);
    let texts = |pieces: &[Piece]| -> Vec<(usize, String)> {
        pieces
            .iter()
            .map(|piece| (piece.line, piece.text.clone()))
            .collect()
    };
    let expected = |pieces: &[(usize, &str)]| -> Vec<(usize, String)> {
        pieces
            .iter()
            .map(|&(line, text)| (line, text.to_owned()))
            .collect()
    };
    assert_eq!(
        texts(&document.links),
        expected(&[
            (1, "x.md"),
            (4, "docs/a.md#part"),
            (5, "p.svg"),
            (13, "q.svg"),
            (14, "r.md")
        ])
    );
    assert_eq!(
        texts(&document.spans),
        expected(&[
            (1, "two"),
            (4, "Some Code"),
            (5, "a ` b"),
            (13, "cell"),
            (15, "two")
        ])
    );
    assert_eq!(
        texts(&document.commands),
        expected(&[(8, "synfire train digits -o `x`"), (11, "make demo")])
    );
    assert_eq!(document.anchors, ["one-two-three", "one-two-three-1"]);
}

#[test]
fn places_of_names_are_found() {
    for (rest, expected) in [
        (" in `a/b.rs` and", Some("a/b.rs")),
        (" of [b.rs](a/b.rs)", Some("a/b.rs")),
        (", `other` in\n`a/b.rs`", Some("a/b.rs")),
        (" (`a/b.rs`)", Some("a/b.rs")),
        (" and then `a/b.rs`", None),
        (", `other`.", None),
        ("", None),
    ] {
        assert_eq!(place(rest).as_deref(), expected, "{rest}");
    }
}
