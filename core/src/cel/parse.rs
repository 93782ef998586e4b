//! Tokens to expressions, by precedence.

use std::sync::Arc;

use super::functions;
use super::limits::{EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX};
use super::source::{CompileError, Fault};
use super::syntax::{Call, Expr, Node};
use super::token::{Kind, Token, Tokens};
use super::typing::Type;
use super::value::Value;
use super::{literal, macros};

/// Words that are no names.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// What can begin an expression, as upstream's parser says it.
const BEGINNINGS: &str = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/// Reads an expression.
pub(super) fn parse(source: &str) -> Result<Expr, CompileError> {
    if source.len() > EXPRESSION_BYTES_MAX {
        let why =
            format!("expression size exceeds limit: size: {}, limit {EXPRESSION_BYTES_MAX}", source.len());
        return Err(CompileError::without_place(&why));
    }
    let whole = || -> Parsed {
        let mut tokens = Tokens::new(source);
        let peeked = tokens.next()?;
        let mut parser = Parser { tokens, peeked, depth: 0 };
        let expr = parser.expr()?;
        match parser.peeked.kind {
            Kind::End => Ok(expr),
            other => {
                Err(parser.fault(format!("Syntax error: mismatched input {} expecting <EOF>", other.shown())))
            }
        }
    };
    whole().map_err(|fault| CompileError::new(source, &[fault]))
}

type Parsed = Result<Expr, Fault>;

struct Parser<'s> {
    tokens: Tokens<'s>,
    peeked: Token<'s>,
    depth: u16,
}

/// How tightly an operator binds, and the function it is.
fn operator(kind: Kind<'_>) -> Option<(u8, &'static str)> {
    Some(match kind {
        Kind::Symbol("||") => (1, "_||_"),
        Kind::Symbol("&&") => (2, "_&&_"),
        Kind::Symbol("==") => (3, "_==_"),
        Kind::Symbol("!=") => (3, "_!=_"),
        Kind::Symbol("<") => (3, "_<_"),
        Kind::Symbol("<=") => (3, "_<=_"),
        Kind::Symbol(">") => (3, "_>_"),
        Kind::Symbol(">=") => (3, "_>=_"),
        Kind::Name("in") => (3, "@in"),
        Kind::Symbol("+") => (4, "_+_"),
        Kind::Symbol("-") => (4, "_-_"),
        Kind::Symbol("*") => (5, "_*_"),
        Kind::Symbol("/") => (5, "_/_"),
        Kind::Symbol("%") => (5, "_%_"),
        _ => return None,
    })
}

/// An expression, if it is not too deep.
pub(super) fn make(at: usize, node: Node) -> Parsed {
    let mut depth = 0;
    node.each(&mut |part| depth = depth.max(part.depth));
    if depth >= EXPRESSION_DEPTH_MAX {
        return Err(too_deep(at));
    }
    Ok(Expr { at, depth: depth + 1, node })
}

fn too_deep(at: usize) -> Fault {
    Fault::new(at, format!("expression recursion limit exceeded: {EXPRESSION_DEPTH_MAX}"))
}

fn call(at: usize, name: &str, args: Vec<Expr>) -> Parsed {
    let function = functions::named(name);
    make(at, Node::Call(Call { name: name.to_owned(), function, is_member: false, args }))
}

impl<'s> Parser<'s> {
    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.peeked.at, message)
    }

    fn advance(&mut self) -> Result<Token<'s>, Fault> {
        let next = self.tokens.next()?;
        Ok(std::mem::replace(&mut self.peeked, next))
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peeked.kind, Kind::Symbol(found) if found == symbol)
    }

    fn eat(&mut self, symbol: &str) -> Result<bool, Fault> {
        let found = self.is(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: &str) -> Result<usize, Fault> {
        if !self.is(symbol) {
            let found = self.peeked.kind.shown();
            return Err(self.fault(format!("Syntax error: mismatched input {found} expecting '{symbol}'")));
        }
        Ok(self.advance()?.at)
    }

    fn expr(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > EXPRESSION_DEPTH_MAX {
            return Err(too_deep(self.peeked.at));
        }
        let condition = self.binary(1)?;
        let expr = if self.is("?") {
            let at = self.advance()?.at;
            let then = self.binary(1)?;
            self.expect(":")?;
            let otherwise = self.expr()?;
            make(at, Node::Conditional(Box::new([condition, then, otherwise])))?
        } else {
            condition
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn binary(&mut self, least: u8) -> Parsed {
        let mut left = self.unary()?;
        while let Some((binds, name)) = operator(self.peeked.kind)
            && binds >= least
        {
            let at = self.peeked.at;
            if binds <= 2 {
                left = self.logical(left, binds)?;
                continue;
            }
            self.advance()?;
            let right = self.binary(binds + 1)?;
            left = call(at, name, vec![left, right])?;
        }
        Ok(left)
    }

    /// A row of `&&` or of `||` is one expression, so that it is not deep.
    fn logical(&mut self, first: Expr, binds: u8) -> Parsed {
        let at = self.peeked.at;
        let mut operands = vec![first];
        while operator(self.peeked.kind).is_some_and(|(found, _)| found == binds) {
            self.advance()?;
            operands.push(self.binary(binds + 1)?);
        }
        make(at, if binds == 1 { Node::Or(operands) } else { Node::And(operands) })
    }

    fn unary(&mut self) -> Parsed {
        for (symbol, name) in [("!", "!_"), ("-", "-_")] {
            if !self.is(symbol) {
                continue;
            }
            let at = self.peeked.at;
            let mut times = 0_usize;
            while self.is(symbol) {
                self.advance()?;
                times += 1;
            }
            if symbol == "-" && matches!(self.peeked.kind, Kind::Whole(..) | Kind::Float(_)) {
                let number = self.number(times % 2 == 1)?;
                return self.postfix(number);
            }
            let operand = self.primary()?;
            let operand = self.postfix(operand)?;
            return if times % 2 == 1 { call(at, name, vec![operand]) } else { Ok(operand) };
        }
        let operand = self.primary()?;
        self.postfix(operand)
    }

    fn postfix(&mut self, mut operand: Expr) -> Parsed {
        loop {
            if self.is(".") {
                let at = self.advance()?.at;
                let is_optional = self.eat("?")?;
                let Kind::Name(name) = self.peeked.kind else {
                    let found = self.peeked.kind.shown();
                    let why = format!("Syntax error: mismatched input {found} expecting IDENTIFIER");
                    return Err(self.fault(why));
                };
                if matches!(name, "true" | "false" | "null" | "in") {
                    let why = format!("Syntax error: mismatched input '{name}' expecting IDENTIFIER");
                    return Err(self.fault(why));
                }
                self.advance()?;
                operand = if self.is("(") && !is_optional {
                    let at = self.advance()?.at;
                    let args = self.arguments()?;
                    member_call(at, operand, name, args)?
                } else {
                    let field = name.to_owned();
                    select(at, operand, field, is_optional)?
                };
            } else if self.is("[") {
                let at = self.advance()?.at;
                let is_optional = self.eat("?")?;
                let index = Box::new(self.expr()?);
                self.expect("]")?;
                operand = make(at, Node::Index { operand: Box::new(operand), index, is_optional })?;
            } else {
                return Ok(operand);
            }
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, Fault> {
        let mut args = Vec::new();
        while !self.is(")") {
            args.push(self.expr()?);
            if !self.eat(",")? {
                break;
            }
            if self.is(")") {
                return Err(self.unexpected());
            }
        }
        self.expect(")")?;
        Ok(args)
    }

    fn unexpected(&self) -> Fault {
        let found = self.peeked.kind.shown();
        self.fault(format!("Syntax error: mismatched input {found} expecting {BEGINNINGS}"))
    }

    fn number(&mut self, is_negative: bool) -> Parsed {
        let token = self.advance()?;
        let value = match token.kind {
            Kind::Whole(written, is_unsigned) => literal::whole(written, is_unsigned, is_negative),
            Kind::Float(written) => literal::float(written, is_negative),
            _ => Err("invalid literal".to_owned()),
        };
        make(token.at, Node::Literal(value.map_err(|why| Fault::new(token.at, why))?))
    }

    fn primary(&mut self) -> Parsed {
        let at = self.peeked.at;
        match self.peeked.kind {
            Kind::Whole(..) | Kind::Float(_) => self.number(false),
            Kind::Text(quoted) => {
                self.advance()?;
                let value = literal::text(&quoted).map_err(|why| Fault::new(at, why))?;
                make(at, Node::Literal(value))
            }
            Kind::Symbol("(") => {
                self.advance()?;
                let inner = self.expr()?;
                self.expect(")")?;
                Ok(inner)
            }
            Kind::Symbol("[") => self.list(),
            Kind::Symbol("{") => self.map(),
            Kind::Symbol(".") => {
                self.advance()?;
                self.name()
            }
            Kind::Name(_) => self.name(),
            _ => Err(self.unexpected()),
        }
    }

    fn name(&mut self) -> Parsed {
        let at = self.peeked.at;
        let Kind::Name(name) = self.peeked.kind else { return Err(self.unexpected()) };
        let constant = match name {
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            "null" => Some(Value::Null),
            "in" => return Err(self.unexpected()),
            _ => None,
        };
        self.advance()?;
        if let Some(value) = constant {
            return make(at, Node::Literal(value));
        }
        if RESERVED.contains(&name) {
            return Err(Fault::new(at, format!("reserved identifier: {name}")));
        }
        if self.is("(") {
            let at = self.advance()?.at;
            let args = self.arguments()?;
            return if name == "has" { macros::has(at, args) } else { call(at, name, args) };
        }
        if self.is("{") {
            return Err(Fault::new(
                self.peeked.at,
                format!("undeclared reference to '{name}' (in container '')"),
            ));
        }
        make(at, Node::Name(name.to_owned()))
    }

    fn list(&mut self) -> Parsed {
        let at = self.expect("[")?;
        let mut items = Vec::new();
        while !self.is("]") {
            let is_optional = self.eat("?")?;
            items.push((self.expr()?, is_optional));
            if !self.eat(",")? {
                break;
            }
        }
        self.expect("]")?;
        make(at, Node::List(items))
    }

    fn map(&mut self) -> Parsed {
        let at = self.expect("{")?;
        let mut entries = Vec::new();
        while !self.is("}") {
            let is_optional = self.eat("?")?;
            let key = self.expr()?;
            self.expect(":")?;
            entries.push((key, self.expr()?, is_optional));
            if !self.eat(",")? {
                break;
            }
        }
        self.expect("}")?;
        make(at, Node::Map(entries))
    }
}

/// A field, or a type with a dotted name.
fn select(at: usize, operand: Expr, field: String, is_optional: bool) -> Parsed {
    let named = operand.spelled().and_then(|prefix| Type::named(&format!("{prefix}.{field}")));
    match named {
        Some(named) => make(operand.at, Node::Literal(Value::Type(Arc::new(named)))),
        None => make(at, Node::Select { operand: Box::new(operand), field, is_optional }),
    }
}

/// A macro, a function with a dotted name, or a function on what stands before the dot.
fn member_call(at: usize, operand: Expr, name: &str, mut args: Vec<Expr>) -> Parsed {
    if macros::is_macro(name, args.len()) {
        return macros::member(at, operand, name, args);
    }
    if let Some(prefix) = operand.spelled() {
        let dotted = format!("{prefix}.{name}");
        if functions::named(&dotted).is_some() {
            return call(at, &dotted, args);
        }
    }
    args.insert(0, operand);
    let function = functions::named(name);
    make(at, Node::Call(Call { name: name.to_owned(), function, is_member: true, args }))
}
