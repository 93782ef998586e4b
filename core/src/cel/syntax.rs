use super::functions::Function;
use super::value::Value;

/// An expression at a place of its text.
#[derive(Debug)]
pub(super) struct Expr {
    /// Where it is told of, in bytes.
    pub(super) at: usize,
    /// How many expressions are in one another here, itself counted.
    pub(super) depth: u16,
    pub(super) node: Node,
}

/// What an expression is.
#[derive(Debug)]
pub(super) enum Node {
    Literal(Value),
    Name(String),
    /// A field; with `?`, of something that may not be there.
    Select {
        operand: Box<Expr>,
        field: String,
        is_optional: bool,
    },
    /// Whether there is a field.
    Has {
        operand: Box<Expr>,
        field: String,
    },
    Index {
        operand: Box<Expr>,
        index: Box<Expr>,
        is_optional: bool,
    },
    Call(Call),
    /// All operands hold.
    And(Vec<Expr>),
    /// An operand holds.
    Or(Vec<Expr>),
    Conditional(Box<[Expr; 3]>),
    /// Items; those with `true` are optional.
    List(Vec<(Expr, bool)>),
    Map(Vec<(Expr, Expr, bool)>),
    Fold(Box<Fold>),
    /// What is made of the value in an optional one.
    Within(Box<Within>),
}

/// A function on its arguments, of which the first may stand before the dot.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) function: Option<&'static Function>,
    pub(super) is_member: bool,
    pub(super) args: Vec<Expr>,
}

/// Something that is done with each item of a list or each entry of a map.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) kind: FoldKind,
    pub(super) range: Expr,
    /// The item; of a map, the key. With a second one, the index or the key.
    pub(super) first: String,
    pub(super) second: Option<String>,
    pub(super) filter: Option<Expr>,
    pub(super) body: Expr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoldKind {
    All,
    Exists,
    ExistsOne,
    /// Answers a list of what the body makes.
    List,
    /// Answers the items for which the body holds.
    Filter,
    /// Answers a map with the same keys.
    Map,
    /// Answers a map of the entries that the body makes.
    Entries,
    /// Answers the items in the order of what the body makes of them.
    SortBy,
}

/// `optMap`, and `optFlatMap` if `is_flat`.
#[derive(Debug)]
pub(super) struct Within {
    pub(super) operand: Expr,
    pub(super) name: String,
    pub(super) body: Expr,
    pub(super) is_flat: bool,
}

impl Node {
    /// Does something with each expression that this one is made of.
    pub(super) fn each<'n>(&'n self, act: &mut dyn FnMut(&'n Expr)) {
        match self {
            Self::Literal(_) | Self::Name(_) => {}
            Self::Select { operand, .. } | Self::Has { operand, .. } => act(operand),
            Self::Index { operand, index, .. } => {
                act(operand);
                act(index);
            }
            Self::Call(call) => call.args.iter().for_each(act),
            Self::And(operands) | Self::Or(operands) => operands.iter().for_each(act),
            Self::Conditional(parts) => parts.iter().for_each(act),
            Self::List(items) => items.iter().for_each(|(item, _)| act(item)),
            Self::Map(entries) => entries.iter().for_each(|(key, value, _)| {
                act(key);
                act(value);
            }),
            Self::Fold(fold) => {
                act(&fold.range);
                fold.filter.iter().for_each(&mut *act);
                act(&fold.body);
            }
            Self::Within(within) => {
                act(&within.operand);
                act(&within.body);
            }
        }
    }
}

impl Expr {
    /// The name that dots and names spell, such as `net.IP`.
    pub(super) fn spelled(&self) -> Option<String> {
        match &self.node {
            Node::Name(name) => Some(name.clone()),
            Node::Select { operand, field, is_optional: false } => {
                Some(format!("{}.{field}", operand.spelled()?))
            }
            _ => None,
        }
    }

    /// Whether a name is used in it. (One of a macro's own is not told apart.)
    pub(super) fn uses(&self, name: &str) -> bool {
        let mut found = matches!(&self.node, Node::Name(used) if used == name);
        self.node.each(&mut |part| found = found || part.uses(name));
        found
    }
}
