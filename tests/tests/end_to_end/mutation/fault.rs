//! Fault: a wrong expression in place of a right one in the emitted Verilog.

use std::fmt;

/// Wrong expression in place of a right one.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Name of the module.
    pub(crate) module: String,
    /// Text of the whole line.
    pub(crate) line: String,
    /// Text before and after the expression.
    before: String,
    after: String,
    right: String,
    wrong: String,
}

impl Fault {
    /// Chooses one of the faults that a line can have; none if the line has no expression.
    pub(crate) fn of(module: &str, line: &str, choose: impl FnOnce(&[String]) -> String) -> Option<Self> {
        let (before, right, after) = expression(line)?;
        let target = before.trim().trim_start_matches("always @(*)");
        let options = wrong_ones(target, &right);
        if options.is_empty() {
            return None;
        }
        Some(Self {
            module: module.into(),
            line: line.into(),
            wrong: choose(&options),
            before,
            after,
            right,
        })
    }

    /// Line with the fault, which is active if its number is selected.
    pub(crate) fn planted(&self, number: usize) -> String {
        let Self {
            before,
            after,
            right,
            wrong,
            ..
        } = self;
        format!("{before}(cosim.mutant == 32'd{number}) ? ({wrong}) : ({right}){after}")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let module = self.module.trim_start_matches("synfire$core$");
        write!(f, "{module}: `{}` as `{}`", self.line.trim(), self.wrong)
    }
}

/// Expression of a condition or an assignment, with the text around it.
fn expression(line: &str) -> Option<(String, String, String)> {
    let around = |start: usize, end: usize| {
        let (before, expression, after) = (&line[..start], &line[start..end], &line[end..]);
        Some((before.to_owned(), expression.to_owned(), after.to_owned()))
    };
    let text = line.trim_start();
    if text.starts_with("if (") || text.starts_with("else if (") {
        let start = line.find("if (")? + 4;
        return around(start, line.rfind(") begin")?);
    }
    let is_declaration = [
        "localparam",
        "reg ",
        "wire ",
        "initial",
        "for (",
        "//",
        "integer",
        "assign",
    ];
    if is_declaration.iter().any(|word| text.starts_with(word)) || !text.ends_with(';') {
        return None;
    }
    let operator = [" = ", " <= "]
        .into_iter()
        .filter_map(|op| Some((line.find(op)?, op)))
        .min()?;
    let start = operator.0 + operator.1.len();
    let target = line[..operator.0].trim();
    if target.ends_with("$clock") || target.contains("memory[") && text.contains("initial") {
        return None;
    }
    around(start, line.rfind(';')?)
}

/// Wrong expressions that can replace a right one.
fn wrong_ones(target: &str, right: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let register = target.trim_end_matches(" =").trim();
    let is_default = register
        .strip_suffix("$d")
        .is_some_and(|name| right == format!("{name}$q"));
    if is_default || right.contains("load_") || register.contains("load_") || register.contains("tap_") {
        return wrong;
    }
    let is_logical = ["&&", "||", "==", "!=", " < ", " > ", "<=", ">=", "1'b", "~"]
        .iter()
        .any(|operator| right.contains(operator))
        || register.starts_with("if (");
    if right != "32'h0" && right != "1'b0" {
        wrong.push("32'h0".into());
    }
    if is_logical && right != "1'b1" {
        wrong.push("1'b1".into());
    }
    if is_logical && !right.contains("1'b") {
        wrong.push(format!("!({right})"));
    }
    for (from, to) in [
        (" + ", " - "),
        (" - ", " + "),
        (" == ", " != "),
        (" != ", " == "),
        (" < ", " <= "),
        (" <= ", " < "),
        (" > ", " >= "),
        (" >= ", " > "),
        (" && ", " || "),
        (" || ", " && "),
        (" & ", " | "),
        (">>>", ">>"),
        ("32'h1", "32'h2"),
        ("32'h1", "32'h0"),
    ] {
        if right.contains(from) {
            wrong.push(right.replacen(from, to, 1));
        }
    }
    // A term that is not asked for.
    for (operator, neutral) in [(" && ", "1'b1"), (" || ", "1'b0"), (" & ", "~32'h0")] {
        for term in terms(right, operator) {
            wrong.push(right.replacen(&term, neutral, 1));
        }
    }
    // A constant one off, a mask one bit narrower.
    for constant in CONSTANTS {
        if words(right).any(|word| word == *constant) {
            for change in ["+ 1", "- 1"] {
                wrong.push(right.replacen(constant, &format!("({constant} {change})"), 1));
            }
            if constant.ends_with("mask") {
                wrong.push(right.replacen(constant, &format!("({constant} >> 1)"), 1));
            }
        }
    }
    // One bit narrower: {{18{wide[13]}}, wide[13:0]}.
    if let Some(top) = right
        .strip_prefix("{{")
        .and_then(|rest| rest.split_once("wide["))
        .and_then(|(_, rest)| rest.split(']').next()?.parse::<usize>().ok())
        .filter(|&top| top > 0)
    {
        let narrower = top - 1;
        wrong.push(format!(
            "{{{{{}{{wide[{narrower}]}}}}, wide[{narrower}:0]}}",
            31 - narrower
        ));
        wrong.push(format!("{{{}'h0, wide[{top}:0]}}", 31 - top));
    }
    // A leak without one of its terms.
    if right.contains(">>>") {
        for term in right.split(" + ") {
            wrong.push(right.replacen(term, "32'sh0", 1));
        }
    }
    // A register that keeps what it holds.
    if let Some(name) = register.strip_suffix("$d") {
        wrong.push(format!("{name}$q"));
    }
    wrong.dedup();
    wrong
}

/// Constants of the circuits whose neighbouring values are tried.
const CONSTANTS: &[&str] = &[
    "floor",
    "last_word",
    "last_group",
    "last_column",
    "word_mask",
    "weight_mask",
    "row_mask",
    "group_mask",
    "mask",
    "nearly_full_at",
    "address_mask",
    "group_step",
    "position_step",
    "row_step",
    "membrane_row_step",
    "weight_row_step",
    "path_step$0",
    "base",
];

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$')
        .filter(|word| !word.is_empty())
}

/// Terms of an expression between operators of one kind, without parentheses.
fn terms(right: &str, operator: &str) -> Vec<String> {
    if !right.contains(operator) {
        return Vec::new();
    }
    right
        .split(operator)
        .map(|term| term.trim_matches(['(', ')']).to_owned())
        .filter(|term| !term.is_empty() && words(term).count() == 1 && !term.contains('\''))
        .collect()
}
