//! RFC 6902 as its text says, without a thought for speed.

use serde_json::Value;

/// Applies operations to a copy; `None` if one fails. A test for null holds where nothing is, as upstream's does.
pub(crate) fn applied(object: &Value, operations: &[Value]) -> Option<Value> {
    let mut object = object.clone();
    for operation in operations {
        let text = |field: &str| operation.get(field)?.as_str();
        let path = tokens(text("path")?)?;
        match text("op")? {
            "add" => add(&mut object, &path, operation.get("value")?.clone())?,
            "remove" => drop(remove(&mut object, &path)?),
            "replace" => *find(&mut object, &path)? = operation.get("value")?.clone(),
            "move" => {
                let from = tokens(text("from")?)?;
                if path.starts_with(&from) && path.len() > from.len() {
                    return None;
                }
                let value = remove(&mut object, &from)?;
                add(&mut object, &path, value)?;
            }
            "copy" => {
                let value = find(&mut object, &tokens(text("from")?)?)?.clone();
                add(&mut object, &path, value)?;
            }
            "test" => {
                let wanted = operation.get("value")?;
                match find(&mut object, &path) {
                    Some(found) => (found == wanted).then_some(())?,
                    None => wanted.is_null().then_some(())?,
                }
            }
            _ => return None,
        }
    }
    Some(object)
}

fn tokens(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let unescape = |token: &str| token.replace("~1", "/").replace("~0", "~");
    Some(pointer.strip_prefix('/')?.split('/').map(unescape).collect())
}

fn find<'v>(object: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    let Some((first, rest)) = path.split_first() else { return Some(object) };
    match object {
        Value::Object(map) => find(map.get_mut(first)?, rest),
        Value::Array(list) => {
            let at = index(first)?;
            find(list.get_mut(at)?, rest)
        }
        _ => None,
    }
}

fn add(object: &mut Value, path: &[String], value: Value) -> Option<()> {
    let Some((last, parents)) = path.split_last() else {
        *object = value;
        return Some(());
    };
    match find(object, parents)? {
        Value::Object(map) => drop(map.insert(last.clone(), value)),
        Value::Array(list) => {
            let at = if last == "-" { list.len() } else { index(last)? };
            if at > list.len() {
                return None;
            }
            list.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(object: &mut Value, path: &[String]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    match find(object, parents)? {
        Value::Object(map) => map.remove(last),
        Value::Array(list) => {
            let at = index(last)?;
            (at < list.len()).then(|| list.remove(at))
        }
        _ => None,
    }
}

/// Digits without a zero before them.
fn index(token: &str) -> Option<usize> {
    let is_plain =
        token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if is_plain { token.parse().ok() } else { None }
}
