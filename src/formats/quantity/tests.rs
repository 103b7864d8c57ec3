//! What upstream's own tests say of quantities (k8s.io/apimachinery v0.36, pkg/api/resource/quantity_test.go).

use proptest::prelude::*;

use super::*;

fn q(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn numbers_are_read_whatever_their_suffix() {
    let same = [
        ("0Ki", "0"),
        ("8Ki", "8192"),
        ("7Mi", "7340032"),
        ("3Ei", "3458764513820540928"),
        ("100Ti", "109951162777600"),
        ("5n", "0.000000005"),
        ("4u", "0.000004"),
        ("50k", "50000"),
        ("1E", "1000000000000000000"),
        ("1E-3", "1m"),
        ("1e14", "100T"),
        ("100.035k", "100035"),
        ("0.00050k", "500m"),
        ("0.5e-2", "5m"),
        ("1.3E+6", "1300k"),
        ("1.7E18", "1.7E"),
        ("6.987654321G", "6987654321"),
        ("3.001n", "4n"),
        ("1.1E-9", "2n"),
        ("0.0000000001", "1n"),
        ("0.5e-9", "1n"),
        ("0.00000012345", "124n"),
        ("9Ei", "9223372036854775807"),
        ("9223372036854775807Ki", "9223372036854775807"),
        ("100.035Ki", "102435.84"),
        ("0.05Gi", "53687091.2"),
        ("0.000000000001Ki", "2n"),
        (".0001k", "100m"),
        ("1.", "1"),
        ("1.G", "1G"),
        (".", "0"),
        ("10E", "10000P"),
    ];
    for (a, b) in same {
        assert_eq!(q(a), q(b), "{a} and {b}");
        assert_eq!(q(&format!("-{a}")), q(&format!("-{b}")), "-{a} and -{b}");
        assert_eq!(q(&format!("+{a}")), q(b), "+{a} and {b}");
    }
    for bad in ["", "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", ".5i", "1i", "-3.01i", "-3.01e-", " 1", "1 "] {
        assert!(Quantity::parse(bad).is_err(), "{bad} was taken");
    }
}

#[test]
fn they_are_ordered_by_what_they_are() {
    for (less, more) in
        [("50m", "100m"), ("100Gi", "10000T"), ("1G", "1Gi"), ("-1", "0"), ("8e2", "801"), ("1E", "1e30")]
    {
        assert!(q(less) < q(more), "{less} and {more}");
        assert!(q(more) > q(less), "{more} and {less}");
    }
}

#[test]
fn they_are_written_in_their_canonical_form() {
    let written = [
        ("1024Mi", "1Gi"),
        ("307200Ki", "300Mi"),
        ("1025024Mi", "1001Gi"),
        ("5000m", "5"),
        ("0.5", "500m"),
        ("0.001T", "1G"),
        ("1.08", "1080m"),
        ("1080000000n", "1080m"),
        ("1234567M", "1234567M"),
        ("00", "0"),
        (".001e12", "1e9"),
        ("1000e-12", "1e-9"),
        ("80e-3", "80e-3"),
        ("300e6", "300e6"),
        (".001Ki", "1024m"),
        (".000000001Ki", "1024n"),
        (".000000000001Ki", "2n"),
        ("1000M", "1G"),
    ];
    for (text, canonical) in written {
        assert_eq!(q(text).to_string(), canonical, "{text}");
        if q(text) != Quantity::from(0) {
            assert_eq!(q(&format!("-{text}")).to_string(), format!("-{canonical}"), "-{text}");
        }
    }
}

#[test]
fn sums_are_written_as_the_first_that_is_something() {
    let sums = [
        ("100m", "0", "100m"),
        ("0", "1Gi", "1Gi"),
        ("1Gi", "1Gi", "2Gi"),
        ("1", "1500m", "2500m"),
        ("1Gi", "1G", "2073741824"),
    ];
    for (a, b, sum) in sums {
        assert_eq!(q(a).plus(&q(b)).to_string(), sum, "{a} + {b}");
    }
    assert_eq!(q("0").minus(&q("1Gi")).to_string(), "-1Gi");
    assert_eq!(q("1").minus(&q("900m")).to_string(), "100m");
}

proptest! {
    #[test]
    fn nothing_panics(a in "[-+]?[0-9.]{0,40}[eEinumkKMGTP]{0,2}[-+]?[0-9]{0,12}", b in "[-+0-9.eEmki]{0,9}") {
        if let (Ok(a), Ok(b)) = (Quantity::parse(&a), Quantity::parse(&b)) {
            let _ = (a.plus(&b).to_string(), a.minus(&b).to_string(), a.compare(&b), a.float(), a.integer());
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same(number in -1_000_000_i64..1_000_000, suffix in "|n|u|m|k|M|G|T|Ki|Mi|Gi|Ti|e3|e-3") {
        let quantity = q(&format!("{number}{suffix}"));
        prop_assert_eq!(q(&quantity.to_string()), quantity);
    }
}
