use serde_json::Value;

/// The steps of a path at most.
const STEPS_MAX: usize = 64;

/// The simple JSON path of a printer column: `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`,
/// `.metadata.labels['a.b/c']`, `.spec.items[0]`, `.spec.items[*].name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    /// From the end if it is negative.
    Index(i64),
    All,
    /// Elements of which this field has, or has not, this value.
    Filter {
        path: JsonPath,
        equal: bool,
        value: Value,
    },
}

/// Text that is no simple JSON path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid JSON path at {rest:?}")]
pub struct JsonPathError {
    /// From where on it is not understood.
    pub rest: String,
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// If it uses what a printer column may not: recursion, slices, unions, scripts.
    pub fn parse(text: &str) -> Result<Self, JsonPathError> {
        let mut steps = Vec::new();
        let mut rest = text.trim().trim_start_matches('{').trim_end_matches('}');
        rest = rest.strip_prefix('$').unwrap_or(rest);
        while !rest.is_empty() {
            let error = || JsonPathError { rest: rest.to_owned() };
            let (step, after) = step(rest).filter(|_| steps.len() < STEPS_MAX).ok_or_else(error)?;
            steps.push(step);
            rest = after;
        }
        Ok(Self(steps))
    }

    /// All values at the path.
    pub fn find<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![root];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| step.apply(value)).collect();
        }
        found
    }
}

impl Step {
    fn apply<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Field(name), Value::Object(fields)) => fields.get(name).into_iter().collect(),
            (Self::Index(index), Value::Array(items)) => {
                let index = usize::try_from(*index).ok().or_else(|| {
                    items.len().checked_sub(usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX))
                });
                index.and_then(|index| items.get(index)).into_iter().collect()
            }
            (Self::All, Value::Array(items)) => items.iter().collect(),
            (Self::All, Value::Object(fields)) => fields.values().collect(),
            (Self::Filter { path, equal, value }, Value::Array(items)) => {
                let matches =
                    |item: &Value| path.find(item).first().is_some_and(|found| (*found == value) == *equal);
                items.iter().filter(|item| matches(item)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The first step, and what follows it.
fn step(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix('.') {
        return if rest.starts_with('[') { bracket(rest) } else { field(rest) };
    }
    if text.starts_with('[') { bracket(text) } else { None }
}

/// A name up to the next step; a backslash takes away a dot's meaning.
fn field(text: &str) -> Option<(Step, &str)> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    let mut end = text.len();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => name.push(characters.next()?.1),
            '.' | '[' => {
                end = at;
                break;
            }
            other => name.push(other),
        }
    }
    match &*name {
        "" => None,
        "*" => Some((Step::All, &text[end..])),
        _ => Some((Step::Field(name), &text[end..])),
    }
}

/// `[...]`, in which brackets in quotes count as text.
fn bracket(text: &str) -> Option<(Step, &str)> {
    let inner = text.strip_prefix('[')?;
    let mut quote = None;
    let mut depth = 1_u32;
    let end = inner.find(|character| {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, '[') => depth += 1,
            (None, ']') => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let (inside, rest) = (inner[..end].trim(), &inner[end + 1..]);
    let step = if inside == "*" {
        Step::All
    } else if let Some(filter) = inside.strip_prefix("?(").and_then(|rest| rest.strip_suffix(')')) {
        self::filter(filter)?
    } else if let Some(name) = quoted(inside) {
        Step::Field(name)
    } else {
        Step::Index(inside.parse().ok()?)
    };
    Some((step, rest))
}

/// `@.type=="Ready"` or `!=`.
fn filter(text: &str) -> Option<Step> {
    let (equal, at) = match (text.find("=="), text.find("!=")) {
        (Some(at), None) => (true, at),
        (None, Some(at)) => (false, at),
        (Some(equal), Some(unequal)) => (equal < unequal, equal.min(unequal)),
        (None, None) => return None,
    };
    let path = JsonPath::parse(text[..at].trim().strip_prefix('@')?).ok()?;
    let literal = text[at + 2..].trim();
    let value = match quoted(literal) {
        Some(text) => Value::String(text),
        None => serde_json::from_str(literal).ok()?,
    };
    Some(Step::Filter { path, equal, value })
}

fn quoted(text: &str) -> Option<String> {
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('\'').or_else(|| inside('"')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_what_printer_columns_ask_for() {
        let object = json!({
            "metadata": { "labels": { "a.b/c": "x" } },
            "spec": { "replicas": 3, "items": [{ "n": 1 }, { "n": 2 }] },
            "status": { "conditions": [
                { "type": "Ready", "status": "True" },
                { "type": "Odd[]", "status": "False" },
            ] },
        });
        for (path, expected) in [
            (".spec.replicas", json!([3])),
            ("{.spec.replicas}", json!([3])),
            ("$.spec.replicas", json!([3])),
            (".metadata.labels['a.b/c']", json!(["x"])),
            (r".metadata.labels.a\.b/c", json!(["x"])),
            (".spec.items[0].n", json!([1])),
            (".spec.items[-1].n", json!([2])),
            (".spec.items[-3].n", json!([])),
            (".spec.items[*].n", json!([1, 2])),
            (r#".status.conditions[?(@.type=="Ready")].status"#, json!(["True"])),
            (".status.conditions[?(@.type=='Odd[]')].status", json!(["False"])),
            (".status.conditions[?(@.type!='Ready')].status", json!(["False"])),
            (".spec.items[?(@.n==2)]", json!([{ "n": 2 }])),
            (".nothing.here", json!([])),
        ] {
            let found = JsonPath::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(json!(found.find(&object)), expected, "{path}");
        }
    }

    #[test]
    fn refuses_what_they_may_not_use() {
        for path in ["spec", "..replicas", ".a[", ".a[1:2]", ".a[?(@.b)]", ".a[x]", ".", &".a".repeat(65)] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
        assert!(JsonPath::parse(&".a".repeat(64)).is_ok());
    }
}
