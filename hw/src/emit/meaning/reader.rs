//! Modules, declarations and statements, to the extent that emitted Verilog uses them.

use super::expression::Type;
use super::token::{Token, Word, words};
use std::collections::{HashMap, HashSet};

/// Construct that breaks a rule, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) line: usize,
    pub(super) what: String,
}

/// Declaration of a signal.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub(super) kind: Type,
    pub(super) is_memory: bool,
}

/// Module that is being read.
#[derive(Debug, Default)]
pub(super) struct Module {
    pub(super) signals: HashMap<String, Declared>,
    /// Registers that are set by a clock, with the line of the first assignment.
    clocked: HashMap<String, usize>,
    /// Signals that have a value at power-up.
    initial: HashSet<String>,
    /// Registers that hold a word read from a memory: they need no value at power-up.
    read_from_memory: HashSet<String>,
    /// Memories that do not say what a read in the cycle of a write gives.
    unspecified: HashSet<String>,
}

/// Kind of block in which a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Clocked,
    Combinational,
    Initial,
}

/// Reader of the words of a text.
pub(super) struct Reader<'a> {
    words: Vec<Word<'a>>,
    at: usize,
    pub(super) module: Module,
    /// Attribute in front of the next item.
    attribute: Option<&'a str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            words: words(text),
            at: 0,
            module: Module::default(),
            attribute: None,
        }
    }

    /// Reads all modules; returns their number.
    pub(super) fn modules(&mut self) -> Result<usize, Finding> {
        let mut modules = 0;
        while self.at < self.words.len() {
            self.expect_name("module")?;
            self.module = Module::default();
            self.next();
            self.skip_parentheses()?;
            self.expect_symbol(";")?;
            let mut is_empty = true;
            while !self.take_name("endmodule") {
                is_empty &= matches!(self.peek(), Some(Token::Name("input" | "output" | "localparam")));
                self.item()?;
            }
            if is_empty {
                return Err(self.finding("a module without contents".into()));
            }
            self.finish_module()?;
            modules += 1;
        }
        Ok(modules)
    }

    fn finish_module(&self) -> Result<(), Finding> {
        let module = &self.module;
        let bare = module
            .clocked
            .iter()
            .filter(|(name, _)| !module.initial.contains(*name) && !module.read_from_memory.contains(*name));
        match bare.min_by_key(|(_, line)| **line) {
            None => Ok(()),
            Some((name, &line)) => Err(Finding {
                line,
                what: format!("register `{name}` has no value at power-up"),
            }),
        }
    }

    fn item(&mut self) -> Result<(), Finding> {
        let Token::Name(word) = self.next() else {
            return Err(self.finding("unknown item of a module".into()));
        };
        match word {
            "input" | "output" | "reg" | "wire" => self.declaration(word),
            "localparam" => self.constant(),
            "integer" => {
                let Token::Name(name) = self.next() else {
                    return Err(self.finding("an integer without a name".into()));
                };
                // An integer is the variable of a loop, and not part of the circuit.
                self.declare(
                    name,
                    Type {
                        bits: None,
                        signed: false,
                        grows: false,
                    },
                    false,
                );
                self.expect_symbol(";")
            }
            "assign" => {
                self.assignment(Place::Combinational)?;
                Ok(())
            }
            "initial" => self.statement(Place::Initial),
            "always" => {
                self.expect_symbol("@")?;
                let is_clocked = matches!(
                    self.words.get(self.at + 1).map(|word| &word.token),
                    Some(Token::Name("posedge"))
                );
                self.skip_parentheses()?;
                let place = if is_clocked {
                    Place::Clocked
                } else {
                    Place::Combinational
                };
                self.statement(place)
            }
            // An instance: name of the module, name of the instance, connections.
            _ => {
                self.next();
                self.skip_parentheses()?;
                self.expect_symbol(";")
            }
        }
    }

    /// Reads a declaration, after `input`, `output`, `reg` or `wire`.
    fn declaration(&mut self, _direction: &str) -> Result<(), Finding> {
        let attribute = self.attribute.take();
        self.take_one_of_names(&["wire", "reg"]);
        let signed = self.take_name("signed");
        let bits = self.range()?.unwrap_or(1);
        let Token::Name(name) = self.next() else {
            return Err(self.finding("a declaration without a name".into()));
        };
        let kind = Type {
            bits: Some(bits),
            signed,
            grows: false,
        };
        let is_memory = self.range()?.is_some();
        let says = |word: &str| attribute.is_some_and(|attribute| attribute.contains(word));
        if is_memory && !says("ram_style") && !says("no_rw_check") {
            self.module.unspecified.insert(name.to_owned());
        }
        self.declare(name, kind, is_memory);
        if self.take_symbol("=") {
            let value = self.expression()?;
            self.check_assignment(name, kind, value)?;
            self.module.initial.insert(name.to_owned());
        }
        self.expect_symbol(";")
    }

    /// Reads a constant, after `localparam`.
    fn constant(&mut self) -> Result<(), Finding> {
        let signed = self.take_name("signed");
        let bits = self.range()?;
        let Token::Name(name) = self.next() else {
            return Err(self.finding("a constant without a name".into()));
        };
        self.expect_symbol("=")?;
        let value = self.expression()?;
        let Some(bits) = bits else {
            return Err(self.finding(format!(
                "constant `{name}` has no range: Yosys takes its sign from its value, simulators from its declaration"
            )));
        };
        if value
            != (Type {
                bits: Some(bits),
                signed,
                grows: false,
            })
        {
            return Err(self.finding(format!("constant `{name}` and its value differ in width or sign")));
        }
        self.declare(name, value, false);
        self.expect_symbol(";")
    }

    fn declare(&mut self, name: &str, kind: Type, is_memory: bool) {
        self.module
            .signals
            .insert(name.to_owned(), Declared { kind, is_memory });
    }

    /// Reads a range, if there is one here; returns its number of bits or words.
    fn range(&mut self) -> Result<Option<usize>, Finding> {
        if !self.take_symbol("[") {
            return Ok(None);
        }
        let begins = self.position();
        self.expression()?;
        let first = self.plain_number(begins)?;
        self.expect_symbol(":")?;
        let begins = self.position();
        self.expression()?;
        let last = self.plain_number(begins)?;
        self.expect_symbol("]")?;
        Ok(Some(first.abs_diff(last) + 1))
    }

    fn statement(&mut self, place: Place) -> Result<(), Finding> {
        if self.take_symbol(";") {
            return Ok(());
        }
        if self.take_name("begin") {
            while !self.take_name("end") {
                self.statement(place)?;
            }
            return Ok(());
        }
        if self.take_name("if") {
            self.expect_symbol("(")?;
            let condition = self.expression()?;
            self.check_condition(condition)?;
            self.expect_symbol(")")?;
            self.statement(place)?;
            if self.take_name("else") {
                self.statement(place)?;
            }
            return Ok(());
        }
        if self.take_name("case") {
            return self.cases(place);
        }
        if self.take_name("for") {
            // Loops fill memories; their numbers are not part of the circuit.
            self.skip_parentheses()?;
            return self.statement(place);
        }
        if let Some(Token::Name(system)) = self.peek()
            && system.starts_with('$')
        {
            self.next();
            if let Some(Token::Name(memory)) = self.words.get(self.at + 3).map(|word| word.token.clone()) {
                self.module.initial.insert(memory.to_owned());
            }
            self.skip_parentheses()?;
            return self.expect_symbol(";");
        }
        self.assignment(place)
    }

    fn cases(&mut self, place: Place) -> Result<(), Finding> {
        self.expect_symbol("(")?;
        let value = self.expression()?;
        if value.signed || value.bits.is_none() || value.grows {
            return Err(self.finding(
                "a case of a signed number, or of a number whose width depends on the context".into(),
            ));
        }
        self.expect_symbol(")")?;
        while !self.take_name("endcase") {
            if !self.take_name("default") {
                let label = self.expression()?;
                if label.signed || label.bits.is_none() {
                    return Err(self.finding("a label of a case that is signed or has no size".into()));
                }
            }
            self.expect_symbol(":")?;
            self.statement(place)?;
        }
        Ok(())
    }

    fn assignment(&mut self, place: Place) -> Result<(), Finding> {
        let begins = self.at;
        let Token::Name(name) = self.next() else {
            return Err(self.finding("unknown statement".into()));
        };
        let target = self.signal(name)?;
        let is_word = self
            .module
            .signals
            .get(name)
            .is_some_and(|declared| declared.is_memory);
        let operator = self.take_one_of(&["=", "<="]);
        let wanted = if place == Place::Clocked { "<=" } else { "=" };
        if operator != Some(wanted) {
            return Err(self.finding(format!("`{name}` must be set by `{wanted}` in this block")));
        }
        let value_begins = self.at;
        let value = self.expression()?;
        // An `integer` is set only in loops, which are skipped.
        self.check_assignment(name, target, value)?;
        if place == Place::Initial {
            self.module.initial.insert(name.to_owned());
        } else if place == Place::Clocked && !is_word {
            let line = self.words[begins].line;
            self.module.clocked.entry(name.to_owned()).or_insert(line);
            if let Token::Name(source) = self.words[value_begins].token
                && self
                    .module
                    .signals
                    .get(source)
                    .is_some_and(|declared| declared.is_memory)
            {
                if self.module.unspecified.contains(source) {
                    return Err(self.finding(format!(
                        "memory `{source}` has a clocked read, but says neither how it is built (`ram_style`) nor that no word \
                         is read in the cycle that writes it (`no_rw_check`)"
                    )));
                }
                self.module.read_from_memory.insert(name.to_owned());
            }
        }
        self.expect_symbol(";")
    }

    fn check_assignment(&self, name: &str, target: Type, value: Type) -> Result<(), Finding> {
        let (Some(target_bits), Some(bits)) = (target.bits, value.bits) else {
            return Err(self.finding(format!("`{name}` is set to a number without a size")));
        };
        if bits >= target_bits {
            return Ok(());
        }
        if value.signed || target.signed {
            return Err(self.finding(format!(
                "`{name}` is wider than the number that it is set to, and one of them is signed"
            )));
        }
        if value.grows {
            return Err(self.finding(format!(
                "`{name}` is wider than the sum, shift or inversion that it is set to, without a mask"
            )));
        }
        Ok(())
    }

    // Words.

    pub(super) fn finding(&self, what: String) -> Finding {
        let last = self.at.saturating_sub(1);
        let line = self.words.get(last).map_or(0, |word| word.line);
        Finding { line, what }
    }

    /// Takes the next word, after attributes; an empty symbol at the end.
    pub(super) fn next(&mut self) -> Token<'a> {
        self.take_attributes();
        let token = self.words.get(self.at).map(|word| word.token.clone());
        self.at += 1;
        token.unwrap_or(Token::Symbol(""))
    }

    fn peek(&mut self) -> Option<Token<'a>> {
        self.take_attributes();
        self.words.get(self.at).map(|word| word.token.clone())
    }

    fn take_attributes(&mut self) {
        while let Some(Token::Attribute(attribute)) = self.words.get(self.at).map(|word| &word.token) {
            self.attribute = Some(attribute);
            self.at += 1;
        }
    }

    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// Value of an expression that was read from `begins` on, which must be a plain decimal number.
    pub(super) fn plain_number(&self, begins: usize) -> Result<usize, Finding> {
        let mut words = self.words[begins..].iter().map(|word| &word.token);
        let mut first = words.next();
        while first == Some(&Token::Symbol("(")) {
            first = words.next();
        }
        match first {
            Some(Token::Number(number)) => number
                .parse()
                .map_err(|_| self.finding(format!("`{number}` is not a plain number"))),
            _ => Err(self.finding("a width or index that is not a plain number".into())),
        }
    }

    pub(super) fn take_symbol(&mut self, wanted: &str) -> bool {
        let is_there = matches!(self.peek(), Some(Token::Symbol(symbol)) if symbol == wanted);
        self.at += usize::from(is_there);
        is_there
    }

    pub(super) fn take_one_of(&mut self, wanted: &[&'static str]) -> Option<&'static str> {
        wanted.iter().find(|symbol| self.take_symbol(symbol)).copied()
    }

    fn take_name(&mut self, wanted: &str) -> bool {
        let is_there = matches!(self.peek(), Some(Token::Name(name)) if name == wanted);
        self.at += usize::from(is_there);
        is_there
    }

    fn take_one_of_names(&mut self, wanted: &[&str]) {
        let _ = wanted.iter().any(|name| self.take_name(name));
    }

    pub(super) fn expect_symbol(&mut self, wanted: &str) -> Result<(), Finding> {
        if self.take_symbol(wanted) {
            return Ok(());
        }
        let found = self.next();
        Err(self.finding(format!("expected `{wanted}`, found {found:?}")))
    }

    fn expect_name(&mut self, wanted: &str) -> Result<(), Finding> {
        if self.take_name(wanted) {
            return Ok(());
        }
        let found = self.next();
        Err(self.finding(format!("expected `{wanted}`, found {found:?}")))
    }

    /// Skips everything from `(` to the `)` that closes it.
    fn skip_parentheses(&mut self) -> Result<(), Finding> {
        self.expect_symbol("(")?;
        let mut open = 1;
        while open > 0 {
            match self.next() {
                Token::Symbol("(") => open += 1,
                Token::Symbol(")") => open -= 1,
                Token::Symbol("") => return Err(self.finding("`(` without its `)`".into())),
                _ => {}
            }
        }
        Ok(())
    }
}
