/// The rows that a text cites: `DEP-12`, and all from `DEP-12 to DEP-14`.
///
/// Names of invariants (`INV-DP-01`) are none, though their ends look alike.
pub(super) fn citations(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((family, number, width, end)) = next(text, at) {
        at = end;
        let mut last = number;
        if let Some(rest) = text[end..].strip_prefix(" to ")
            && let Some((to_family, to, _, to_end)) = next(rest, 0)
            && to_family == family
            && rest.starts_with(family)
        {
            last = to;
            at = end + " to ".len() + to_end;
        }
        found.extend((number..=last).map(|number| format!("{family}-{number:0width$}")));
    }
    found
}

/// The rows that a test's name begins with or contains: `dep_12`, as a word.
pub(super) fn in_name(name: &str, families: &[&str]) -> Vec<String> {
    let words: Vec<&str> = name.split('_').collect();
    let is_number = |word: &str| word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_digit());
    words
        .windows(2)
        .filter(|pair| is_number(pair[1]))
        .filter_map(|pair| {
            let family = families.iter().find(|family| family.eq_ignore_ascii_case(pair[0]))?;
            Some(format!("{family}-{}", pair[1]))
        })
        .collect()
}

/// The next citation from a place on: family, number, its width, and where it ends.
fn next(text: &str, from: usize) -> Option<(&str, u32, usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let is_start =
            at == 0 || !matches!(bytes[at - 1], b'-' | b'_' | b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9');
        let family = run(bytes, at, u8::is_ascii_uppercase);
        if is_start && family - at >= 2 && bytes.get(family) == Some(&b'-') {
            let end = run(bytes, family + 1, u8::is_ascii_digit);
            let width = end - family - 1;
            let is_end = bytes.get(end).is_none_or(|byte| !byte.is_ascii_alphanumeric());
            if width >= 2
                && is_end
                && let Ok(number) = text[family + 1..end].parse()
            {
                return Some((&text[at..family], number, width, end));
            }
        }
        at = family.max(at + 1);
    }
    None
}

fn run(bytes: &[u8], from: usize, of: impl Fn(&u8) -> bool) -> usize {
    from + bytes[from.min(bytes.len())..].iter().take_while(|byte| of(byte)).count()
}

#[test]
fn citations_are_found() {
    let rows: [(&str, &[&str]); 8] = [
        ("DEP-09", &["DEP-09"]),
        ("// DEP-09, RS-01: so; see DEP-10.", &["DEP-09", "RS-01", "DEP-10"]),
        ("DEP-34 to DEP-36, DEP-38", &["DEP-34", "DEP-35", "DEP-36", "DEP-38"]),
        ("DEP-34 to RS-36", &["DEP-34", "RS-36"]),
        ("INV-RS-01, INV-C-04", &[]),
        ("DNS-1123 is cited, and known by its family not to be a row", &["DNS-1123"]),
        ("sha-512, X-01, A1-02, AB-1, AB-12c", &[]),
        ("(AB-01)", &["AB-01"]),
    ];
    for (text, expected) in rows {
        assert_eq!(citations(text), expected, "{text}");
    }
    assert_eq!(in_name("ab_01_is_so_and_cd_12", &["AB", "CD"]), ["AB-01", "CD-12"]);
}
