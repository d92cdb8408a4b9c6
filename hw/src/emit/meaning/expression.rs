//! Expressions: their width and sign by IEEE 1364-2005 (§5.4, §5.5), and the rules that they must keep.

use super::reader::{Finding, Reader};
use super::token::Token;

/// Width and sign of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// Width in bits; none for a number without a size.
    pub(super) bits: Option<usize>,
    /// Whether the expression is signed.
    pub(super) signed: bool,
    /// Whether a wider context would see more than an extension of the value: a carry, shifted-out bits, or inverted zeros.
    pub(super) grows: bool,
}

impl Type {
    pub(super) const fn unsigned(bits: usize) -> Self {
        Self {
            bits: Some(bits),
            signed: false,
            grows: false,
        }
    }

    const FLAG: Self = Self::unsigned(1);
}

/// Binary operators by precedence, weakest first.
const LEVELS: [&[&str]; 9] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<", "<=", ">", ">="],
    &["<<", ">>", ">>>"],
    &["+", "-"],
];

impl Reader<'_> {
    /// Reads an expression.
    pub(super) fn expression(&mut self) -> Result<Type, Finding> {
        let condition = self.binary(0)?;
        if !self.take_symbol("?") {
            return Ok(condition);
        }
        self.check_condition(condition)?;
        let then = self.expression()?;
        self.expect_symbol(":")?;
        let otherwise = self.expression()?;
        self.combine("?:", then, otherwise)
    }

    fn binary(&mut self, level: usize) -> Result<Type, Finding> {
        let Some(operators) = LEVELS.get(level) else {
            return self.product();
        };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.take_one_of(operators) {
            let right = self.binary(level + 1)?;
            left = self.operate(operator, left, right)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Type, Finding> {
        let mut left = self.unary()?;
        while self.take_symbol("*") {
            let right = self.unary()?;
            left = self.combine("*", left, right)?;
            left.grows = true;
        }
        Ok(left)
    }

    fn operate(&self, operator: &str, left: Type, right: Type) -> Result<Type, Finding> {
        match operator {
            "||" | "&&" => {
                self.check_condition(left)?;
                self.check_condition(right)?;
                Ok(Type::FLAG)
            }
            "==" | "!=" | "<" | "<=" | ">" | ">=" => {
                self.combine(operator, left, right)?;
                let widest = left.bits.max(right.bits);
                if [left, right].iter().any(|side| side.grows && side.bits < widest) {
                    return Err(self.finding(format!(
                        "`{operator}` compares a sum, a shift or an inversion in more bits than it has, without a mask"
                    )));
                }
                Ok(Type::FLAG)
            }
            "<<" | ">>" | ">>>" => {
                if right.signed {
                    return Err(self.finding(format!("`{operator}` by a signed number")));
                }
                if left.bits.is_none() {
                    return Err(self.finding(format!("`{operator}` of a number without a size")));
                }
                if left.signed != (operator == ">>>") && operator != "<<" {
                    let (is, wanted) = if left.signed {
                        ("signed", ">>>")
                    } else {
                        ("unsigned", ">>")
                    };
                    return Err(self.finding(format!(
                        "`{operator}` of a number that is {is}: only `{wanted}` means the same to every tool"
                    )));
                }
                // A shift to the right brings down the extension of the number, unless the number grew before.
                Ok(Type {
                    grows: left.grows || operator == "<<",
                    ..left
                })
            }
            "&" => {
                let mut both = self.combine(operator, left, right)?;
                // A side that does not grow has only zeros above its own bits, and so has the result.
                let cuts = |mask: Type, other: Type| !mask.grows && !mask.signed && mask.bits <= other.bits;
                if cuts(left, right) || cuts(right, left) {
                    both.grows = false;
                }
                Ok(both)
            }
            "+" | "-" => {
                let both = self.combine(operator, left, right)?;
                Ok(Type { grows: true, ..both })
            }
            _ => self.combine(operator, left, right),
        }
    }

    /// Type of an operation whose operands get a common width and sign.
    fn combine(&self, operator: &str, left: Type, right: Type) -> Result<Type, Finding> {
        if left.signed != right.signed {
            return Err(self.finding(format!(
                "`{operator}` of a signed and an unsigned number, which makes both unsigned"
            )));
        }
        if left.bits.is_none() || right.bits.is_none() {
            return Err(self.finding(format!("`{operator}` of a number without a size")));
        }
        Ok(Type {
            bits: left.bits.max(right.bits),
            signed: left.signed,
            grows: left.grows || right.grows,
        })
    }

    fn unary(&mut self) -> Result<Type, Finding> {
        let Some(operator) = self.take_one_of(&["~", "!", "-", "&", "|", "^"]) else {
            return self.primary();
        };
        let operand = self.unary()?;
        match operator {
            "~" => Ok(Type {
                grows: true,
                ..operand
            }),
            "-" if operand.signed => Ok(Type {
                grows: true,
                ..operand
            }),
            "-" => Err(self.finding("`-` of an unsigned number".into())),
            "!" => {
                self.check_condition(operand)?;
                Ok(Type::FLAG)
            }
            _ => Ok(Type::FLAG),
        }
    }

    /// Checks that a condition has one bit: with more bits, `~` and `!` differ.
    pub(super) fn check_condition(&self, condition: Type) -> Result<(), Finding> {
        if condition.bits == Some(1) {
            return Ok(());
        }
        Err(self.finding("a condition of more than one bit".into()))
    }

    fn primary(&mut self) -> Result<Type, Finding> {
        match self.next() {
            Token::Symbol("(") => {
                let inner = self.expression()?;
                self.expect_symbol(")")?;
                Ok(inner)
            }
            Token::Symbol("{") => self.concatenation(),
            Token::Number(text) => self.number(text),
            Token::Name("$signed") => self.cast(true),
            Token::Name("$unsigned") => self.cast(false),
            Token::Name(name) => self.signal(name),
            other => Err(self.finding(format!("unknown expression that begins with {other:?}"))),
        }
    }

    fn cast(&mut self, signed: bool) -> Result<Type, Finding> {
        self.expect_symbol("(")?;
        let inner = self.expression()?;
        self.expect_symbol(")")?;
        // The operand of a cast stands alone, so no bits above its own are left.
        Ok(Type {
            signed,
            grows: false,
            ..inner
        })
    }

    /// Reads a concatenation or a repetition, after its `{`.
    fn concatenation(&mut self) -> Result<Type, Finding> {
        let mut bits = 0;
        loop {
            let begins = self.position();
            let part = self.expression()?;
            if self.take_symbol("{") {
                let times = self.plain_number(begins)?;
                let repeated = self.concatenation()?;
                bits += times * repeated.bits.unwrap_or(0);
            } else if let Some(width) = part.bits {
                bits += width;
            } else {
                return Err(self.finding("a number without a size in a concatenation".into()));
            }
            if self.take_symbol("}") {
                return Ok(Type::unsigned(bits));
            }
            self.expect_symbol(",")?;
        }
    }

    /// Type of a number, with or without a size.
    fn number(&self, text: &str) -> Result<Type, Finding> {
        let Some((size, digits)) = text.split_once('\'') else {
            return Ok(Type {
                bits: None,
                signed: false,
                grows: false,
            });
        };
        let wrong = || self.finding(format!("unknown number `{text}`"));
        let bits: usize = size.parse().map_err(|_| wrong())?;
        let (signed, digits) = digits
            .strip_prefix('s')
            .map_or((false, digits), |digits| (true, digits));
        let base = digits.chars().next().ok_or_else(wrong)?;
        let value = &digits[1..];
        let is_of_base = |c: char| match base {
            'b' => c == '0' || c == '1',
            'h' => c.is_ascii_hexdigit(),
            'd' => c.is_ascii_digit(),
            _ => false,
        };
        if bits == 0 || value.is_empty() || !value.chars().all(is_of_base) {
            return Err(wrong());
        }
        Ok(Type {
            bits: Some(bits),
            signed,
            grows: false,
        })
    }

    /// Reads a signal or a part of a signal, after its name.
    pub(super) fn signal(&mut self, name: &str) -> Result<Type, Finding> {
        let Some(declared) = self.module.signals.get(name).cloned() else {
            return Err(self.finding(format!("`{name}` is not declared")));
        };
        let mut whole = declared.kind;
        let mut is_memory = declared.is_memory;
        while self.take_symbol("[") {
            let begins = self.position();
            let index = self.expression()?;
            if index.signed && !is_memory {
                return Err(self.finding(format!("`{name}` is indexed by a signed number")));
            }
            if self.take_symbol("+:") {
                let begins = self.position();
                self.expression()?;
                whole = Type::unsigned(self.plain_number(begins)?);
            } else if self.take_symbol(":") {
                let high = self.plain_number(begins)?;
                let begins = self.position();
                self.expression()?;
                let low = self.plain_number(begins)?;
                if low > high {
                    return Err(self.finding(format!("part [{high}:{low}] of `{name}`")));
                }
                whole = Type::unsigned(high - low + 1);
            } else if is_memory {
                // This index selects a word; a further index selects bits of it.
                is_memory = false;
            } else {
                whole = Type::FLAG;
            }
            self.expect_symbol("]")?;
        }
        if is_memory {
            return Err(self.finding(format!("memory `{name}` without an address")));
        }
        Ok(whole)
    }
}
