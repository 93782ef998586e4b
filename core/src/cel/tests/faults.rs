//! What is wrong with expressions, in upstream's words and at its places.

use super::super::{CompileError, Program};
use super::answers::variables;

fn fault(text: &str) -> CompileError {
    let (types, _) = variables();
    match Program::compile(text, &types) {
        Ok(program) => panic!("{text}: {program:?}"),
        Err(error) => error,
    }
}

#[test]
fn faults_are_told_with_their_place() {
    let one = fault("self.name == 'é' && has(self.namespace)").to_string();
    let lines: Vec<&str> = one.lines().collect();
    assert_eq!(
        lines,
        [
            "ERROR: <input>:1:24: undefined field 'namespace'",
            " | self.name == 'é' && has(self.namespace)",
            " | ..............．........^",
        ]
    );
    let two = fault("self.x +\n\tother").to_string();
    let lines: Vec<&str> = two.lines().collect();
    assert_eq!(
        lines,
        [
            "ERROR: <input>:1:5: undefined field 'x'",
            " | self.x +",
            " | ....^",
            "ERROR: <input>:2:2: undeclared reference to 'other' (in container '')",
            " |  other",
            " | .^",
        ]
    );
}

#[test]
fn what_does_not_fit_is_told() {
    for (text, why) in [
        ("", "Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true'"),
        ("self.name ==", "<input>:1:13: Syntax error: mismatched input '<EOF>' expecting {"),
        ("self.name self", "<input>:1:11: Syntax error: mismatched input 'self' expecting <EOF>"),
        ("(1", "Syntax error: mismatched input '<EOF>' expecting ')'"),
        ("'a", "Syntax error: token recognition error at: ''a'"),
        ("a # b", "token recognition error at: '#'"),
        ("'\\q' == ''", "unable to unescape string"),
        ("9223372036854775808 == 1", "invalid int literal"),
        ("1.e == 1", "<input>:1:2: type 'int' does not support field selection"),
        ("for == 1", "reserved identifier: for"),
        ("has(self)", "<input>:1:4: invalid argument to has() macro"),
        ("self.numbers.all(1, true)", "argument must be a simple name"),
        ("self.nam == 'a'", "<input>:1:5: undefined field 'nam'"),
        ("other == 1", "<input>:1:1: undeclared reference to 'other' (in container '')"),
        ("self.name.foo()", "<input>:1:14: undeclared reference to 'foo' (in container '')"),
        ("foo(1)", "<input>:1:4: undeclared reference to 'foo' (in container '')"),
        ("self.name == 1", "<input>:1:11: found no matching overload for '_==_' applied to '(string, int)'"),
        ("self.name + 1 == ''", "found no matching overload for '_+_' applied to '(string, int)'"),
        ("self.name.startsWith(1)", "found no matching overload for 'startsWith' applied to 'string.(int)'"),
        ("self.count == 1.0", "found no matching overload for '_==_' applied to '(int, double)'"),
        ("self.count.size() == 1", "found no matching overload for 'size' applied to 'int.()'"),
        ("self.count.x == 1", "type 'int' does not support field selection"),
        ("self['name'] == ''", "found no matching overload for '_[_]' applied to '(selfType, string)'"),
        ("self.numbers['a'] == 1", "found no matching overload for '_[_]' applied to '(list(int), string)'"),
        ("self.all(k, true)", "expression of type 'selfType' cannot be range of a comprehension"),
        ("self.numbers.all(n, n)", "found no matching overload for '_&&_' applied to '(bool, int)'"),
        ("self.numbers && true", "found no matching overload for '_&&_' applied to '(list(int), bool)'"),
        ("true ? 1 : 'a'", "found no matching overload for '_?_:_' applied to '(bool, int, string)'"),
        ("[1, 'a'] == []", "<input>:1:5: expected type 'int' but found 'string'"),
        ("{'a': 1, 'b': ''} == {}", "expected type 'int' but found 'string'"),
        ("self.name == null", "found no matching overload for '_==_' applied to '(string, null)'"),
        ("self.name.matches('(')", "<input>:1:19: invalid matches argument"),
        ("duration('1 fortnight') == duration('1s')", "invalid duration argument"),
        ("timestamp('now') == timestamp('now')", "invalid timestamp argument"),
        ("!self.name", "found no matching overload for '!_' applied to '(string)'"),
        ("self.?missing == 'a'", "'_==_' applied to '(optional_type(string), string)'"),
        ("self.numbers.min() == 'a'", "'_==_' applied to '(int, string)'"),
        ("self.labels.map(k, k).isSorted() + 1 == 2", "'_+_' applied to '(bool, int)'"),
    ] {
        let found = fault(text).to_string();
        assert!(found.contains(why), "{text}\n{found}");
    }
}
