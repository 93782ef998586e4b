//! Expressions with what they answer, mostly from upstream's documentation of its libraries (CRD-05).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{Fields, Key, Object, Program, Stop, Type, Value};

/// Variables with their types, and with their values.
pub(super) type Variables = (Vec<(&'static str, Type)>, Vec<(&'static str, Value)>);

/// An object with something of everything.
pub(super) fn variables() -> Variables {
    let fields = Fields {
        name: "selfType".to_owned(),
        fields: BTreeMap::from([
            ("name".to_owned(), Type::String),
            ("missing".to_owned(), Type::String),
            ("count".to_owned(), Type::Int),
            ("port".to_owned(), Type::Dyn),
            ("numbers".to_owned(), Type::list(Type::Int)),
            ("labels".to_owned(), Type::map(Type::String)),
            ("nothing".to_owned(), Type::list(Type::Int)),
            ("since".to_owned(), Type::Timestamp),
        ]),
    };
    let labels = BTreeMap::from([
        (Key::String("app".into()), Value::from("web")),
        (Key::String("tier".into()), Value::from("front")),
    ]);
    let object = Object {
        fields: BTreeMap::from([
            ("name".into(), Value::from("web")),
            ("count".into(), Value::Int(3)),
            ("port".into(), Value::from("80%")),
            ("numbers".into(), vec![Value::Int(1), Value::Int(2), Value::Int(3)].into()),
            ("labels".into(), Value::Map(Arc::new(labels))),
            ("nothing".into(), Vec::new().into()),
            ("since".into(), Value::Timestamp("2024-05-06T07:08:09.123Z".parse().unwrap())),
        ]),
        rest: BTreeMap::new(),
    };
    let type_ = Type::Object(Arc::new(fields));
    (vec![("self", type_)], vec![("self", Value::Object(Arc::new(object)))])
}

fn holds(table: &[&str]) {
    let (types, values) = variables();
    for text in table {
        let program = Program::compile(text, &types).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let answer = program.run(&values, 100_000);
        assert!(matches!(answer.value, Ok(Value::Bool(true))), "{text}: {:?}", answer.value);
        assert!(answer.cost > 0 && answer.cost < 2_000, "{text}: {}", answer.cost);
    }
}

fn fails(table: &[(&str, &str)]) {
    let (types, values) = variables();
    for (text, why) in table {
        let program = Program::compile(text, &types).unwrap_or_else(|error| panic!("{text}\n{error}"));
        match program.run(&values, 100_000).value {
            Err(Stop::Fault(found)) => assert!(found.contains(why), "{text}: {found}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn literals_and_operators() {
    holds(&[
        "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 / 2 == 3 && 7 % 3 == 1 && -7 / 2 == -3",
        "1u + 2u == 3u && 1.5 + 1.5 == 3.0 && 0x1f == 31 && -9223372036854775808 < 0",
        "'a' + \"b\" == 'ab' && '\\u00e9\\n' == 'é\\n' && r'\\n' == '\\\\n' && '''a'b''' == \"a'b\"",
        "b'ab' + b'\\x63' == b'abc' && '\\x41\\101' == 'AA'",
        "[1, 2] + [3] == [1, 2, 3] && {'a': 1}['a'] == 1 && {'a': 1}.a == 1 && {1: 2}[1] == 2",
        "1 in [1, 2] && !(3 in [1, 2]) && 'a' in {'a': 1} && !('b' in {'a': 1})",
        "true ? 1 == 1 : 1 / 0 == 1",
        "false ? false : true ? true : false",
        "true || 1 / 0 == 1",
        "1 / 0 == 1 || true",
        "!(false && 1 / 0 == 1) && !(1 / 0 == 1 && false)",
        "1 < 1.5 && 1u < 2 && 2.0 >= 2u && -1 < 1u && 'a' < 'b' && false < true && b'a' < b'b'",
        "null == null && type(1) == int && type('a') == string && type([1]) == list && type(null) == null_type",
        "type(1) != uint && type(duration('1s')) == google.protobuf.Duration && type(type(1)) == type",
        "dyn(1) == 1.0 && dyn(1) == 1u && dyn('1') != 1",
        "!!true && !!!false && - -1 == 1 // a remark",
        "[1, 2, 3,][2] == 3 && [][?0].orValue(5) == 5",
    ]);
    fails(&[
        ("1 / 0 == 1", "division by zero"),
        ("1 % 0 == 1", "modulus by zero"),
        ("9223372036854775807 + 1 == 0", "integer overflow"),
        ("-(-9223372036854775807 - 1) == 0", "integer overflow"),
        ("0u - 1u == 0u", "unsigned integer overflow"),
        ("[1][1] == 1", "index out of bounds: 1"),
        ("{'a': 1}['b'] == 1", "no such key: b"),
        ("dyn('a') + 1 == 2", "no such overload"),
        ("dyn(1) < 'a'", "no such overload"),
        ("dyn(1) && true", "no such overload"),
        ("int('x') == 1", "type conversion error from 'string' to 'int'"),
    ]);
}

#[test]
fn fields_and_their_absence() {
    holds(&[
        "self.name == 'web' && has(self.name) && !has(self.missing)",
        "has(self.labels.app) && !has(self.labels.other) && self.labels['app'] == 'web' && 'tier' in self.labels",
        "self.?missing.orValue('none') == 'none' && self.?name.hasValue() && self.?name.value() == 'web'",
        "self.labels[?'other'].orValue('none') == 'none' && self.?labels.app.orValue('') == 'web'",
        "self.?missing.optMap(m, m + '!').orValue('-') == '-' && self.?name.optMap(n, n + '!').value() == 'web!'",
        "self.?name.optFlatMap(n, self.labels[?n]).orValue('-') == '-'",
        "optional.of(1).or(optional.of(2)).value() == 1 && optional.none().or(optional.of(2)).value() == 2",
        "optional.ofNonZeroValue('').hasValue() == false && [?optional.of(1), ?optional.none()] == [1]",
        "{?'a': optional.of(1), ?'b': self.?missing.optMap(m, 1)} == {'a': 1}",
        "type(self.port) == string ? self.port.endsWith('%') : self.port < 10",
        "self == self && self.numbers == [1, 2, 3] && self.numbers != [3, 2, 1]",
    ]);
    fails(&[
        ("self.missing == 'a'", "no such key: missing"),
        ("optional.none().value() == 1", "dereference"),
    ]);
}

#[test]
fn macros_over_lists_and_maps() {
    holds(&[
        "self.numbers.all(n, n > 0) && self.numbers.exists(n, n == 2) && self.numbers.exists_one(n, n > 2)",
        "self.numbers.map(n, n * n) == [1, 4, 9] && self.numbers.map(n, n > 1, n + 1) == [3, 4]",
        "self.numbers.filter(n, n % 2 == 1) == [1, 3] && self.labels.all(k, k.size() > 2)",
        "self.labels.filter(k, k.startsWith('a')) == ['app'] && self.labels.exists(k, self.labels[k] == 'web')",
        "self.numbers.all(i, n, i + 1 == n) && self.labels.exists(k, v, v == 'web') && [1].existsOne(i, n, n == 1)",
        "self.numbers.transformList(i, n, i * n) == [0, 2, 6] && [1, 2].transformList(i, n, n > 1, n) == [2]",
        "self.labels.transformMap(k, v, v + k) == {'app': 'webapp', 'tier': 'fronttier'}",
        "self.labels.transformMapEntry(k, v, {v: k}) == {'web': 'app', 'front': 'tier'}",
        "self.nothing.all(n, 1 / 0 == 1) && !self.nothing.exists(n, true)",
        "[0, 1].exists(n, 1 / n == 1) && ![0, 2].all(n, 1 / n == 1)",
        "[1, 2].map(n, [3, 4].map(m, n * m)) == [[3, 4], [6, 8]] && [1].all(n, [2].all(n, n == 2) && n == 1)",
    ]);
    fails(&[
        ("[0].all(n, 1 / n == 1)", "division by zero"),
        ("[0, 1].exists_one(n, 1 / n == 1)", "division by zero"),
        ("['a', 'a'].transformMapEntry(i, v, {v: i}).size() == 1", "insert failed: key a already exists"),
    ]);
}

#[test]
fn texts() {
    holds(&[
        "'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo') && 'héllo'.size() == 5",
        "'hello'.charAt(4) == 'o' && 'hello'.charAt(5) == '' && 'hello mellow'.indexOf('ello', 2) == 7",
        "'hello mellow'.indexOf('') == 0 && 'hello mellow'.lastIndexOf('ello') == 7 && 'x'.indexOf('y') == -1",
        "'hello mellow'.lastIndexOf('ello', 6) == 1 && ['hello', 'mellow'].join(' ') == 'hello mellow'",
        "['a', 'b'].join() == 'ab' && self.nothing.map(n, 'a').join('-') == '' && 'TacoCat'.lowerAscii() == 'tacocat'",
        "'hello hello'.replace('he', 'we') == 'wello wello' && 'hello hello'.replace('he', 'we', 1) == 'wello hello'",
        "'hello hello'.replace('he', 'we', 0) == 'hello hello' && 'abc'.replace('', '_') == '_a_b_c_'",
        "'hello hello hello'.split(' ') == ['hello', 'hello', 'hello'] && 'a b c'.split(' ', 2) == ['a', 'b c']",
        "'abc'.split('') == ['a', 'b', 'c'] && 'a b'.split(' ', 0) == [] && 'abc'.split('', 2) == ['a', 'bc']",
        "'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco' && 'tacocat'.substring(7) == ''",
        "'  \\t trim\\n '.trim() == 'trim' && 'taco'.upperAscii() == 'TACO' && strings.quote('a\"b') == '\"a\\\\\"b\"'",
        "'%s has %d of %.2f%%'.format([dyn('a'), 2, 3.14159]) == 'a has 2 of 3.14%'",
        "'%s'.format([[1, 2]]) == '[1, 2]' && '%x %X %o %b'.format([255, 255, 8, 5]) == 'ff FF 10 101'",
        "'%e'.format([1234.5]) == '1.234500e+03' && '%s'.format([{'a': true}]) == '{a: true}'",
        "'abc'.matches('^[a-c]+$') && matches('abc', 'b') && 'abc 123'.find('[0-9]+') == '123'",
        "'123 abc 456'.findAll('[0-9]+') == ['123', '456'] && '123 abc 456'.findAll('[0-9]+', 1) == ['123']",
        "'a'.find('b') == '' && 'web'.matches('^web$')",
    ]);
    fails(&[
        ("'abc'.charAt(4) == ''", "index out of range: 4"),
        ("'abc'.substring(2, 1) == ''", "invalid substring range. start: 2, end: 1"),
        ("'abc'.matches(self.name + '(')", "regex parse error"),
        ("'%d'.format(['a']) == ''", "decimal clause"),
        ("'%s %s'.format(['a']) == ''", "index 1 out of range"),
    ]);
}

#[test]
fn lists_and_sets() {
    holds(&[
        "[1, 2, 3].isSorted() && !['b', 'a'].isSorted() && [1, 3].sum() == 4 && [1.0, 3.0].sum() == 4.0",
        "[].sum() == 0 && [1, 3].min() == 1 && ['a', 'c'].max() == 'c' && [1, 2, 2].indexOf(2) == 1",
        "[1, 2, 2].lastIndexOf(2) == 2 && [1].indexOf(5) == -1 && [duration('1m'), duration('1s')].sum() == duration('61s')",
        "[3, 1, 2].sort() == [1, 2, 3] && [1, 2, 3].reverse() == [3, 2, 1] && [1, 1, 2].distinct() == [1, 2]",
        "[[1], [2, 3]].flatten() == [1, 2, 3] && [dyn(1), [2, dyn([3])]].flatten(2) == [1, 2, 3]",
        "['abc', 'a'].sortBy(s, s.size()) == ['a', 'abc'] && lists.range(3) == [0, 1, 2]",
        "[1, 2, 3, 4].slice(1, 3) == [2, 3] && [1].first().value() == 1 && self.nothing.last() == optional.none()",
        "sets.contains([1, 2], [2]) && sets.equivalent([1, 1, 2], [2, 1]) && sets.intersects([1], [1, 2])",
        "!sets.contains([1], [2]) && sets.contains([1], [])",
    ]);
    fails(&[
        ("self.nothing.min() == 1", "min called on empty list"),
        ("[1].slice(0, 2) == [1]", "list is length 1"),
    ]);
}

#[test]
fn times() {
    holds(&[
        "duration('1h30m') == duration('90m') && duration('1h').getMinutes() == 60 && string(duration('90s')) == '90s'",
        "timestamp('2024-01-02T03:04:05Z').getFullYear() == 2024 && timestamp('2024-01-02T03:04:05Z').getMonth() == 0",
        "self.since.getDate() == 6 && self.since.getDayOfMonth() == 5 && self.since.getDayOfWeek() == 1",
        "self.since.getDayOfYear() == 126 && self.since.getHours() == 7 && self.since.getMilliseconds() == 123",
        "self.since.getHours('-08:00') == 23 && self.since.getHours('Europe/Berlin') == 9",
        "self.since + duration('1s') > self.since && self.since - self.since == duration('0')",
        "int(timestamp('1970-01-01T00:01:00Z')) == 60 && string(timestamp(60)) == '1970-01-01T00:01:00Z'",
        "self.since > timestamp('2024-01-01T00:00:00Z') && self.since - duration('1h') < self.since",
    ]);
    fails(&[
        ("timestamp('9999-12-30T00:00:00Z') + duration('48h') > self.since", "timestamp overflow"),
        ("timestamp(self.name) > self.since", "type conversion error"),
        ("self.since.getHours('Nowhere/Else') == 1", "unknown time zone"),
    ]);
}

#[test]
fn conversions() {
    holds(&[
        "int('-5') == -5 && int(5.9) == 5 && int(5u) == 5 && uint('7') == 7u && double('1.5') == 1.5",
        "string(1) == '1' && string(1.0) == '1' && string(1.5e30) == '1.5e+30' && string(true) == 'true'",
        "bool('true') && !bool('0') && string(b'abc') == 'abc' && bytes('abc') == b'abc' && double(3) == 3.0",
    ]);
    fails(&[
        ("int(1e20) == 1", "integer overflow"),
        ("uint(-1) == 1u", "unsigned integer overflow"),
        ("string(b'\\xff') == ''", "invalid UTF-8"),
        ("bool('yes')", "type conversion error from 'string' to 'bool'"),
    ]);
}

#[test]
fn addresses() {
    holds(&[
        "isIP('127.0.0.1') && !isIP('127.0.0.256') && isIP('::1') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0')",
        "ip('127.0.0.1') == ip('127.0.0.1') && ip('::1').family() == 6 && ip('10.0.0.1').family() == 4",
        "ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD') && string(ip('::1')) == '::1'",
        "ip('0.0.0.0').isUnspecified() && ip('127.0.0.1').isLoopback() && ip('224.0.0.1').isLinkLocalMulticast()",
        "ip('169.254.1.1').isLinkLocalUnicast() && ip('192.168.0.1').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast()",
        "isCIDR('192.168.0.0/24') && !isCIDR('192.168.0.0/33') && !isCIDR('192.168.0.0')",
        "cidr('192.168.0.0/24').containsIP('192.168.0.1') && !cidr('192.168.0.0/24').containsIP(ip('192.168.1.1'))",
        "cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') && !cidr('192.168.1.0/24').containsCIDR(cidr('192.168.2.0/24'))",
        "cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24') && cidr('::1/128').prefixLength() == 128",
        "cidr('192.168.0.1/24').ip() == ip('192.168.0.1') && string(cidr('10.0.0.0/8')) == '10.0.0.0/8'",
        "cidr('0.0.0.0/0').containsIP('1.2.3.4') && cidr('::/0').containsIP('::1') && !cidr('::/0').containsIP('1.2.3.4')",
        "type(ip('::1')) == net.IP",
    ]);
    fails(&[
        ("ip('a') == ip('::1')", "parse error"),
        ("cidr('1.2.3.4/99').prefixLength() == 1", "parse error"),
    ]);
}

#[test]
fn addresses_of_the_web() {
    holds(&[
        "url('https://user:pass@example.com:80/path?query=val#fragment').getHost() == 'example.com:80'",
        "url('https://[::1]:80/').getHostname() == '::1' && url('https://[::1]:80/').getHost() == '[::1]:80'",
        "url('https://example.com:80/').getPort() == '80' && url('/path').getPort() == '' && url('/path').getScheme() == ''",
        "url('https://example.com/path with spaces/').getEscapedPath() == '/path%20with%20spaces/'",
        "url('https://example.com').getEscapedPath() == '' && url('HTTPS://example.com/').getScheme() == 'https'",
        "url('https://example.com/path?k1=a&k2=b&k2=c').getQuery() == {'k1': ['a'], 'k2': ['b', 'c']}",
        "url('https://example.com/path?key with spaces=value with spaces').getQuery() == {'key with spaces': ['value with spaces']}",
        "url('https://example.com/path?').getQuery() == {} && isURL('/absolute-path') && !isURL('../relative-path')",
        "!isURL('https://a:b:c/') && !isURL('') && !isURL('https://[::1/')",
    ]);
    fails(&[("url('../relative') == url('/')", "URL parse error")]);
}

#[test]
fn amounts_and_versions_and_formats() {
    holds(&[
        "isQuantity('1.3Gi') && !isQuantity('200K') && quantity('1Ki') == quantity('1024')",
        "quantity('150Mi').isGreaterThan(quantity('100Mi')) && quantity('50k').isLessThan(quantity('1M'))",
        "quantity('50k').add(20) == quantity('50020') && quantity('50k').sub(quantity('50k')).sign() == 0",
        "quantity('50k').asInteger() == 50000 && !quantity('1.5').isInteger() && quantity('1.5').asApproximateFloat() == 1.5",
        "quantity('1').compareTo(quantity('2')) == -1",
        "isSemver('1.0.0') && !isSemver('v1.0') && isSemver('v1.0', true) && semver('01.01.01', true) == semver('1.1.1')",
        "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.0.0-alpha.1').isLessThan(semver('1.0.0'))",
        "semver('1.0.0-alpha.2').compareTo(semver('1.0.0-alpha.11')) == -1 && semver('1.2.3').minor() == 2",
        "!format.dns1123Label().validate('my-label').hasValue() && format.dns1123Label().validate('My').hasValue()",
        "format.named('uuid').value().validate('x').value() == ['does not match the UUID format']",
        "format.named('other') == optional.none() && !format.dns1123LabelPrefix().validate('a-').hasValue()",
    ]);
    fails(&[
        ("quantity('9999999999999999999G').asInteger() == 1", "cannot convert value to integer"),
        ("semver('x').major() == 1", "invalid semantic version"),
        ("quantity('Three').sign() == 0", "quantities must match"),
    ]);
}
