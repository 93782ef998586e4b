use proptest::prelude::*;

use super::*;

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn prints_the_canonical_form() {
    let rows = [
        ("0", "0"),
        ("0Mi", "0"),
        ("-0", "0"),
        ("1000m", "1"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("5.", "5"),
        ("1.5Gi", "1536Mi"),
        ("1024Ki", "1Mi"),
        ("1024", "1024"),
        ("1Ki", "1Ki"),
        ("1023Mi", "1023Mi"),
        ("0.5Ki", "512"),
        ("0.0001Ki", "102400u"),
        ("1.1Ki", "1126400m"),
        ("-1.5Gi", "-1536Mi"),
        ("1e3", "1e3"),
        ("1E3", "1e3"),
        ("12E6", "12e6"),
        ("1e4", "10e3"),
        ("1e-1", "100e-3"),
        ("1.5e0", "1500e-3"),
        ("1e-9", "1e-9"),
        ("100", "100"),
        ("10000", "10k"),
        ("1000000", "1M"),
        ("100000k", "100M"),
        ("1E", "1E"),
        ("1000E", "1000E"),
        ("+5", "5"),
        ("007", "7"),
        ("1n", "1n"),
        ("1000n", "1u"),
        ("0.1n", "1n"),
        ("-0.1n", "-1n"),
        ("1.0000000001", "1000000001n"),
        ("1e-30", "1e-9"),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9223372036854775808"),
        ("7Ei", "7Ei"),
        ("8Ei", "9223372036854775807"),
        ("-9Ei", "-9223372036854775807"),
        ("99999999999999999999999999999999999999999999Ki", "9223372036854775807"),
    ];
    for (text, canonical) in rows {
        assert_eq!(quantity(text).to_string(), canonical, "{text}");
    }
}

#[test]
fn decimals_are_capped_at_ten_to_the_29th() {
    for text in ["1e29", "1e30", "1e2147483647", &"9".repeat(100)] {
        assert_eq!(quantity(text), quantity("100000000000E"), "{text}");
    }
    let most = quantity("1e29");
    assert_eq!(most + most, most);
    assert_eq!(-most - most, -most);
    assert_eq!(most * i64::MAX, most);
    assert_eq!(most * i64::MIN, -most);
    assert!(quantity("99999999999999999999999999999") < most);
}

#[test]
fn spellings_upstream_keeps_are_kept() {
    let rows = [
        ("0", "0"),
        ("1.500", "1.500"),
        ("1.5", "1500m"),
        ("1.000", "1"),
        ("+5", "+5"),
        ("05Ki", "05Ki"),
        ("08Ki", "8Ki"),
        ("1E3", "1E3"),
        ("1e4", "10e3"),
        ("0.100", "100m"),
        ("100m", "100m"),
        ("1000m", "1"),
        (" 1Gi ", "1Gi"),
        ("1023Mi", "1023Mi"),
        ("1024Mi", "1Gi"),
        ("1Ti", "1Ti"),
        ("+1Pi", "1Pi"),
        ("000", "0"),
    ];
    for (text, kept) in rows {
        assert_eq!(normalize(text).as_deref(), Ok(kept), "{text}");
    }
}

#[test]
fn malformed_texts_are_refused() {
    use ParseQuantityError::{Format, Numeric, Suffix};
    let rows = [
        ("", Format),
        (" 1", Format),
        ("1 ", Format),
        ("1.2.3", Format),
        ("abc", Format),
        ("1x", Format),
        ("1e3e", Format),
        ("1ki", Suffix),
        ("1K", Suffix),
        ("1mi", Suffix),
        ("1e", Suffix),
        ("1e-", Suffix),
        ("1e99999999999", Suffix),
        ("1Kii", Suffix),
        ("+-5", Suffix),
        ("1Mi5", Suffix),
        ("Pi", Numeric),
        ("e-20", Numeric),
        ("ä", Format),
        ("-ä", Format),
    ];
    for (text, error) in rows {
        assert_eq!(text.parse::<Quantity>(), Err(error), "{text}");
    }
    assert_eq!(
        Format.to_string(),
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    );
}

#[test]
fn values_round_away_from_zero() {
    let rows = [
        ("1n", 1, 1),
        ("-1n", -1, -1),
        ("1500m", 2, 1500),
        ("-1500m", -2, -1500),
        ("1.0001", 2, 1001),
        ("1Gi", 1 << 30, 1000 << 30),
        ("9Ei", i64::MAX, i64::MAX),
        ("-1e28", i64::MIN, i64::MIN),
        ("0", 0, 0),
    ];
    for (text, value, milli) in rows {
        assert_eq!((quantity(text).value(), quantity(text).milli_value()), (value, milli), "{text}");
    }
    assert_eq!(quantity("1n").round_up_to_milli().to_string(), "1m");
    assert_eq!(quantity("-1100u").round_up_to_milli().to_string(), "-2m");
}

#[test]
fn sums_have_the_format_of_the_first_term_that_is_not_zero() {
    assert_eq!((quantity("0") + quantity("1Gi")).to_string(), "1Gi");
    assert_eq!((quantity("1Gi") + quantity("1G")).to_string(), "2073741824");
    assert_eq!((quantity("1M") + quantity("24Ki") * 1000).to_string(), "25576k");
    assert_eq!((quantity("0") - quantity("1Ki")).to_string(), "-1Ki");
    let total: Quantity = ["100m", "200m", "1"].into_iter().map(quantity).sum();
    assert_eq!(total.to_string(), "1300m");
    let mut rest = quantity("2");
    rest -= quantity("500m");
    rest += quantity("1u");
    assert_eq!(rest.to_string(), "1500001u");
}

#[test]
fn equal_values_are_equal_in_any_format() {
    assert_eq!(quantity("1Ki"), quantity("1024"));
    assert_eq!(quantity("1e3"), quantity("1k"));
    assert!(quantity("1M") < quantity("1Mi"));
    assert_eq!(Quantity::new(5, Format::BinarySi), Quantity::from_milli(5000, Format::DecimalExponent));
    assert_eq!(Quantity::default(), Quantity::ZERO);
}

#[test]
fn converts_from_and_to_fields() {
    assert_eq!(Quantity::try_from(&Text(" 1.5Gi\n".to_owned())), Ok(quantity("1536Mi")));
    assert_eq!(Text::from(quantity("0.5")), Text("500m".to_owned()));
}

/// The value times 10^6 × 10^9 with plain integers; texts are short enough for an `i128`.
fn oracle(negative: bool, whole: u32, fraction: &str, suffix: &str) -> i128 {
    let digits: i128 = format!("{whole}{fraction}").parse().expect("digits");
    let (numerator, denominator): (i128, i128) = match suffix {
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1000),
        "k" | "e3" => (1000, 1),
        "M" | "E6" => (1_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        _ => (1, 1),
    };
    let scale = 10_i128.pow(u32::try_from(fraction.len()).expect("short"));
    let exact = digits * numerator * 1_000_000_000;
    let divisor = denominator * scale;
    let nanos = exact / divisor + i128::from(exact % divisor != 0);
    if negative { -nanos } else { nanos }
}

const FORMATS: [Format; 3] = [Format::DecimalSi, Format::BinarySi, Format::DecimalExponent];

fn any_quantity() -> impl Strategy<Value = Quantity> {
    let mantissa = prop_oneof![any::<i64>().prop_map(i128::from), -9999..9999_i128];
    let factor = prop_oneof![
        Just(1_i128),
        Just(1000),
        Just(NANOS),
        Just(1024 * NANOS),
        Just(NANOS << 20),
        Just(NANOS * NANOS)
    ];
    (mantissa, factor, prop::sample::select(FORMATS.to_vec()))
        .prop_map(|(mantissa, factor, format)| Quantity::from_nanos(mantissa * factor, format))
}

proptest! {
    #[test]
    fn reads_what_exact_arithmetic_says(
        negative: bool,
        whole: u32,
        fraction in "[0-9]{0,6}",
        suffix in prop::sample::select(vec!["", "n", "u", "m", "k", "M", "Ki", "Mi", "Gi", "e3", "E6"]),
    ) {
        let text = format!("{}{whole}.{fraction}{suffix}", if negative { "-" } else { "" });
        prop_assert_eq!(quantity(&text).nanos, oracle(negative, whole, &fraction, suffix), "{}", text);
    }

    #[test]
    fn what_is_printed_reads_the_same(original in any_quantity()) {
        let text = original.to_string();
        let read = quantity(&text);
        if original.format == Format::BinarySi {
            // Past the cap it is not read back, and a number that has no binary suffix reads as a decimal.
            prop_assert!(read == original || original.nanos.abs() > BINARY_NANOS_MAX, "{}", text);
        } else {
            prop_assert_eq!(read, original, "{}", text);
            prop_assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn normalizing_keeps_the_value_and_is_done_once(text in "[+-]?[0-9]{0,20}(\\.[0-9]{0,12})?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?") {
        if let Ok(read) = text.parse::<Quantity>() {
            let normal = normalize(&text).expect("it parses");
            prop_assert_eq!(quantity(&normal), read);
            // A fraction of a binary suffix can come out as a plain number, which is then read as a decimal.
            if !text.ends_with('i') {
                prop_assert_eq!(normalize(&normal).expect("it parses"), normal.clone());
            }
        }
    }

    #[test]
    fn arithmetic_is_exact_within_bounds(a in any_quantity(), b in any_quantity(), factor: i32) {
        let bound = |nanos: i128| nanos.clamp(-NANOS_MAX, NANOS_MAX);
        prop_assert_eq!((a + b).nanos, bound(a.nanos + b.nanos));
        prop_assert_eq!((a - b).nanos, bound(a.nanos - b.nanos));
        prop_assert_eq!((a * i64::from(factor)).nanos, bound(a.nanos.saturating_mul(factor.into())));
        prop_assert_eq!((-a).nanos, -a.nanos);
        prop_assert_eq!(a.cmp(&b), (a - b).nanos.cmp(&0));
    }

    #[test]
    fn no_text_panics(text: String, odd in "[-+.0-9eEinumkKMGTP]{0,60}") {
        let _ = text.parse::<Quantity>();
        let _ = odd.parse::<Quantity>();
        let _ = normalize(&odd);
    }
}
