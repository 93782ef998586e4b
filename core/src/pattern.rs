//! Patterns as Go writes them, for a library whose classes are Unicode's.
//!
//! Both take time that grows with the text alone.

use regex::{Regex, RegexBuilder};

/// Compiles a pattern that is no larger than this, compiled.
///
/// # Errors
///
/// What is wrong with it, in the library's words.
pub(crate) fn compile(pattern: &str, bytes_max: usize) -> Result<Regex, String> {
    RegexBuilder::new(&translate(pattern))
        .size_limit(bytes_max)
        .dfa_size_limit(bytes_max)
        .build()
        .map_err(|error| error.to_string())
}

/// `\d`, `\w` and `\s` mean ASCII in Go, and a bracket in a class is a bracket.
fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len() + 16);
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(class @ ('d' | 'D' | 'w' | 'W' | 's' | 'S')) => translated.push_str(ascii(class)),
                Some('b') if !in_class => translated.push_str(r"(?-u:\b)"),
                Some(other) => {
                    translated.push('\\');
                    translated.push(other);
                }
                None => translated.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                translated.push('[');
                if characters.next_if_eq(&'^').is_some() {
                    translated.push('^');
                }
                if characters.next_if_eq(&']').is_some() {
                    translated.push_str(r"\]");
                }
            }
            '[' if characters.peek() == Some(&':') => {
                translated.push('[');
                for inner in characters.by_ref() {
                    translated.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' => translated.push_str(r"\["),
            ']' => {
                in_class = false;
                translated.push(']');
            }
            '&' | '~' if in_class => {
                translated.push('\\');
                translated.push(character);
            }
            '-' if in_class && characters.peek() == Some(&'-') => translated.push_str(r"\-"),
            other => translated.push(other),
        }
    }
    translated
}

fn ascii(class: char) -> &'static str {
    match class {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        's' => r"[\t\n\f\r ]",
        _ => r"[^\t\n\f\r ]",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        for (pattern, text, matches) in [
            (r"^\d+$", "123", true),
            (r"^\d+$", "١٢", false),
            (r"^[\w.-]+$", "a_b.c-d", true),
            (r"^[[]$", "[", true),
            (r"^[]]$", "]", true),
            (r"^[^]a]$", "b", true),
            (r"^[a&&b]$", "&", true),
            (r"^[[:alpha:]]+$", "abc", true),
            (r"\bfoo\b", "a foo b", true),
            ("^é$", "é", true),
            (r"^(\d{1,3}\.){3}\d{1,3}$", "10.0.0.1", true),
        ] {
            let regex = compile(pattern, 1 << 20).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(regex.is_match(text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused() {
        for pattern in ["(", "(?=x)", r"(a)\1", "[", "((((a{100}){100}){100}){100})"] {
            assert!(compile(pattern, 1 << 20).is_err(), "{pattern}");
        }
    }
}
