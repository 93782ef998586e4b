//! Expressions that are made to break something.

use proptest::prelude::*;

use super::super::limits::{EXPRESSION_BYTES_MAX, RUN_COST_MAX};
use super::super::{Program, Stop, Type, Value};
use super::answers::{Variables, variables};

/// A list of so many numbers, and a long text.
fn large() -> Variables {
    let items: Vec<Value> = (0..1000).map(Value::Int).collect();
    (
        vec![("list", Type::list(Type::Int)), ("text", Type::String)],
        vec![("list", items.into()), ("text", "a".repeat(100_000).into())],
    )
}

#[test]
fn depth_and_length_are_bounded() {
    let nested =
        |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(3000), close.repeat(3000));
    for text in [
        nested("(", "1", ")"),
        nested("[", "", "]"),
        nested("{1:", "1", "}"),
        nested("a?b:", "c", ""),
        nested("[1].all(x,", "true", ")"),
        nested("size(", "''", ")"),
        nested("", "1", "+1"),
        nested("", "self", ".a"),
        nested("", "self", "[0]"),
        nested("", "self", ".a()"),
        nested("", "[1]", ".map(x,x)"),
        nested("!(", "true", ")"),
    ] {
        let error = Program::compile(&text, &[("self", Type::Dyn)]).expect_err("it is too deep").to_string();
        let expected =
            error.contains("expression recursion limit exceeded") || error.contains("size exceeds limit");
        assert!(expected, "{}", &error[..error.len().min(200)]);
    }
    // What is only long is no trouble.
    let (types, values) = variables();
    for text in [
        nested("!", "true", ""),
        nested("-", "1 == 1", ""),
        nested("true&&", "true", ""),
        nested("false||", "true", ""),
    ] {
        let program = Program::compile(&text, &types).unwrap_or_else(|error| panic!("{error}"));
        assert!(matches!(program.run(&values, RUN_COST_MAX).value, Ok(Value::Bool(true))));
    }
    let error = Program::compile(&"a".repeat(EXPRESSION_BYTES_MAX + 1), &[]).expect_err("it is too long");
    assert!(error.to_string().contains("expression size exceeds limit: size: 32769, limit 32768"));
}

#[test]
fn runs_end_when_they_have_cost_what_they_may() {
    let (types, values) = large();
    for text in [
        "list.all(a, list.all(b, list.all(c, a + b + c >= 0)))",
        "list.map(a, list.map(b, list.map(c, a))).size() == 1",
        "list.map(a, list.map(b, text + text)).size() == 1",
        "list.map(a, text.replace('', text)).size() == 1",
        "text.replace('a', text).size() == 1",
        "lists.range(9223372036854775807).size() == 1",
        "lists.range(1000000000).size() == 1",
        "list.map(a, list.map(b, text.split(''))).size() == 1",
        "list.map(a, list.map(b, text.matches('(a|aa)+$'))).size() == 1",
        "list.map(a, list.map(b, text.matches(string(b) + '(a|aa)+$'))).size() == 1",
        "list.map(a, list + list + list + list).map(b, b.sort()).map(b, b.distinct()).size() == 1",
        "list.map(a, list.map(b, list == list + [])).size() == 1",
        "list.map(a, list.map(b, 'x'.matches('x{' + string(b) + '}{' + string(a) + '}'))).size() == 1",
        "list.transformMap(i, a, list.transformMap(j, b, list)).size() == list.map(a, list.map(b, [a] + list)).size()",
        "list.map(a, list.map(b, '%s %s'.format([list, list]))).size() == 1",
        "list.map(a, list.map(b, list.map(c, text).join(text))).size() == 1",
        "list.sortBy(a, list.sortBy(b, list.sortBy(c, c)).size()).size() == 1",
    ] {
        let program = Program::compile(text, &types).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let answer = program.run(&values, RUN_COST_MAX);
        assert!(
            matches!(answer.value, Err(Stop::Cost)),
            "{text}: {:?}",
            answer.value.map(|value| value.type_of())
        );
        assert!(answer.cost > RUN_COST_MAX);
    }
}

#[test]
fn types_and_values_that_hold_themselves_twice_are_no_trouble() {
    let doubled = |entry: &str, end: &str| {
        let levels = 0..60;
        let begin: String = levels
            .clone()
            .map(|level| {
                let entry = entry.replace('@', &format!("x{level}"));
                format!(".all(x{level}, [{entry}]")
            })
            .collect();
        format!("[1]{begin}.all(y, {end}){}", ")".repeat(levels.len()))
    };
    for text in
        [doubled("{@: @}", "y == y"), doubled("{'a': @, 'b': @}", "y == y"), doubled("[@, @]", "y == y && y")]
    {
        if let Ok(program) = Program::compile(&text, &[]) {
            let answer = program.run(&[], RUN_COST_MAX);
            assert!(answer.cost <= RUN_COST_MAX + 1_000, "{}", answer.cost);
        }
    }
    // What is not the same object is compared part by part, and that costs.
    let text = "[1].map(x, [x, x])".to_owned() + &".map(x, [x, x])".repeat(60);
    let program =
        Program::compile(&format!("{text} == {text}"), &[]).expect("it is no deeper than it may be");
    assert!(matches!(program.run(&[], RUN_COST_MAX).value, Err(Stop::Cost)));
}

#[test]
fn a_smaller_budget_is_kept() {
    let (types, values) = large();
    let program = Program::compile("list.all(a, a >= 0)", &types).unwrap();
    let answer = program.run(&values, RUN_COST_MAX);
    assert!(answer.value.is_ok());
    assert!((5_000..20_000).contains(&answer.cost), "{}", answer.cost);
    assert!(matches!(program.run(&values, answer.cost - 1).value, Err(Stop::Cost)));
    assert!(program.run(&values, answer.cost).value.is_ok());
}

/// Pieces of which expressions are made.
const WORDS: [&str; 64] = [
    "self",
    ".name",
    ".missing",
    ".count",
    ".port",
    ".numbers",
    ".labels",
    ".since",
    ".?",
    "[?",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    "?",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "<",
    "==",
    "!=",
    "&&",
    "||",
    " in ",
    "1",
    "0u",
    "2.5",
    "'a'",
    "b'a'",
    "r'\\d'",
    "null",
    "true",
    "has(",
    ".all(x, ",
    ".map(x, ",
    ".filter(x, ",
    ".exists(i, x, ",
    "x",
    ".size()",
    ".matches(",
    ".split(",
    ".join(",
    ".format(",
    "int(",
    "string(",
    "type(",
    "quantity('1')",
    "ip('::1')",
    "url('/a')",
    "duration('1s')",
    "timestamp(0)",
    "optional.of(",
    ".value()",
    ".orValue(",
    "lists.range(",
    ".sum()",
    "9223372036854775807",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = Program::compile(&text, &[("self", Type::Dyn)]);
    }

    #[test]
    fn no_expression_makes_it_panic(words in proptest::collection::vec(0..WORDS.len(), 1..24)) {
        let text: String = words.into_iter().map(|word| WORDS[word]).collect();
        let (mut types, values) = variables();
        for types in [types.clone(), { types[0].1 = Type::Dyn; types }] {
            if let Ok(program) = Program::compile(&text, &types) {
                let answer = program.run(&values, 10_000);
                if answer.value.is_ok() {
                    prop_assert!(answer.cost <= 10_000);
                    // The same again is the same.
                    prop_assert_eq!(program.run(&values, 10_000).cost, answer.cost);
                }
            }
        }
    }

    #[test]
    fn sums_and_comparisons_are_those_of_wider_numbers(one: i64, two: i64) {
        let (types, values) = ([("a", Type::Int), ("b", Type::Int)], [("a", one.into()), ("b", two.into())]);
        let run = |text: &str| Program::compile(text, &types).unwrap().run(&values, 1000).value;
        let expect = |wide: i128| i64::try_from(wide).ok();
        let found = |text: &str| match run(text) { Ok(Value::Int(number)) => Some(number), _ => None };
        prop_assert_eq!(found("a + b"), expect(i128::from(one) + i128::from(two)));
        prop_assert_eq!(found("a - b"), expect(i128::from(one) - i128::from(two)));
        prop_assert_eq!(found("a * b"), expect(i128::from(one) * i128::from(two)));
        prop_assert!(matches!(run("a < b"), Ok(Value::Bool(less)) if less == (one < two)));
        prop_assert!(matches!(run("double(a) < b"), Ok(Value::Bool(less)) if less == ((one as f64) as i128) .lt(&i128::from(two))));
    }
}
