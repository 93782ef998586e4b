//! Texts without what a server may choose freely.

/// Replaces every time.
pub(super) fn times(text: &str) -> String {
    replace(text, "<time>", |rest| {
        let end = shape(rest, "dddd-dd-ddTdd:dd:dd")?;
        let mut at = end;
        if rest[at..].starts_with('.') {
            let digits = leading(&rest[at + 1..], |byte| byte.is_ascii_digit());
            at = if digits > 0 { at + 1 + digits } else { return None };
        }
        if rest[at..].starts_with('Z') {
            return Some(at + 1);
        }
        let zone = shape(&rest[at..], "+dd:dd").or_else(|| shape(&rest[at..], "-dd:dd"))?;
        Some(at + zone)
    })
}

/// Replaces what a JSON or number parser says, to the end of the line.
pub(super) fn decoders_words(text: &str) -> String {
    const BEGINNINGS: [&str; 5] =
        ["json parse error: ", "json: ", "invalid character ", "strconv.", "converting (v1"];
    replace(text, "<decoder's words>", |rest| {
        let begins = BEGINNINGS.iter().any(|beginning| rest.starts_with(beginning));
        begins.then(|| rest.find('\n').unwrap_or(rest.len()))
    })
}

/// Replaces the revision in `resourceVersion=N` and `in record (N)`.
pub(super) fn revisions(text: &str) -> String {
    const PARAMETER: &str = "resourceVersion=";
    let text = replace(text, "resourceVersion=<n>", |rest| {
        let value = rest.strip_prefix(PARAMETER)?;
        let length = match value.strip_prefix('$') {
            Some(name) => match leading(name, |byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                0 => 0,
                word => word + 1,
            },
            None => leading(value, |byte| byte.is_ascii_digit()),
        };
        (length > 0).then_some(PARAMETER.len() + length)
    });
    const RECORD: &str = "in record (";
    replace(&text, "in record (<n>)", |rest| {
        let value = rest.strip_prefix(RECORD)?;
        let digits = leading(value, |byte| byte.is_ascii_digit());
        (digits > 0 && value[digits..].starts_with(')')).then_some(RECORD.len() + digits + 1)
    })
}

/// Replaces every uid that stands alone.
pub(super) fn uids(text: &str) -> String {
    let mut before = None;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let is_word = |character: Option<char>| character.is_some_and(|it| it.is_alphanumeric() || it == '_');
        let end = shape(rest, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        match end {
            Some(end) if !is_word(before) && !is_word(rest[end..].chars().next()) => {
                out.push_str("<uid>");
                before = rest[..end].chars().next_back();
                rest = &rest[end..];
            }
            _ => {
                out.push(next);
                before = Some(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    out
}

/// Whether a name ends in a scheduled minute, and that minute.
pub(super) fn minute(name: &str) -> Option<&str> {
    let (_, last) = name.rsplit_once('-')?;
    (last.len() >= 7 && last.bytes().all(|byte| byte.is_ascii_digit())).then_some(last)
}

/// Replaces what `found` measures at any place.
fn replace(text: &str, by: &str, found: impl Fn(&str) -> Option<usize>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        match found(rest) {
            Some(length) => {
                out.push_str(by);
                rest = &rest[length..];
            }
            None => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    out
}

/// The length of `shape` if the text begins so: `d` is a digit, `x` a lower-case hexadecimal one.
fn shape(text: &str, shape: &str) -> Option<usize> {
    let text = text.as_bytes().get(..shape.len())?;
    let fits = text.iter().zip(shape.bytes()).all(|(&byte, wanted)| match wanted {
        b'd' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        other => byte == other,
    });
    fits.then_some(shape.len())
}

fn leading(text: &str, is: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|&byte| is(byte)).count()
}

#[test]
fn what_is_free_is_replaced_and_nothing_else() {
    assert_eq!(
        times("at 2026-01-01T00:00:00Z, 2026-01-01T00:00:00.5+01:00; 2026-01-01"),
        "at <time>, <time>; 2026-01-01"
    );
    assert_eq!(decoders_words("is wrong: json: x\nmore"), "is wrong: <decoder's words>\nmore");
    assert_eq!(
        revisions("?resourceVersion=12&resourceVersion=$RV1"),
        "?resourceVersion=<n>&resourceVersion=<n>"
    );
    assert_eq!(revisions("record (5) in record (7)"), "record (5) in record (<n>)");
    let uid = "01234567-89ab-cdef-0123-456789abcdef";
    assert_eq!(uids(&format!("({uid}) {uid}0 é{uid}")), format!("(<uid>) {uid}0 é{uid}"));
    assert_eq!(minute("job-29000001"), Some("29000001"));
    assert_eq!(minute("job-1"), None);
}
