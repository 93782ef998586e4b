//! `$(NAME)` in commands, arguments and values of variables.

/// Replaces each reference to a known variable. `$$` is a dollar sign; a reference to what is not known stays
/// as it is.
pub(super) fn expand<'a>(text: &str, value_of: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        rest = match after.chars().next() {
            Some('$') => {
                expanded.push('$');
                &after[1..]
            }
            Some('(') => match after.find(')') {
                Some(end) => {
                    let name = &after[1..end];
                    match value_of(name) {
                        Some(value) => expanded.push_str(value),
                        None => expanded.push_str(&rest[at..at + end + 2]),
                    }
                    &after[end + 1..]
                }
                None => {
                    expanded.push_str("$(");
                    &after[1..]
                }
            },
            _ => {
                expanded.push('$');
                after
            }
        };
    }
    expanded.push_str(rest);
    expanded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_read_as_upstream_reads_them() {
        let table = [
            ("$(A)", "a"),
            ("x$(A)y$(B)", "xay"),
            ("$$(A)", "$(A)"),
            ("$$$(A)", "$a"),
            ("$(C)", "$(C)"),
            ("$(A", "$(A"),
            ("$A $ ", "$A $ "),
            ("$()", "$()"),
            ("$($(A))", "$($(A))"),
            ("ä$(A)ö$", "äaö$"),
        ];
        for (text, expected) in table {
            let value = |name: &str| match name {
                "A" => Some("a"),
                "B" => Some(""),
                _ => None,
            };
            assert_eq!(expand(text, value), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String) {
            expand(&text, |_| Some("x"));
        }

        #[test]
        fn text_without_dollars_stays(text in "[^$]*") {
            prop_assert_eq!(expand(&text, |_| Some("x")), text);
        }
    }
}
