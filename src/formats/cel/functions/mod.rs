//! The functions that rules may call, a library a file. Each is given what it is called on first.

pub(super) mod address;
mod arithmetic;
mod convert;
pub(super) mod format;
mod lists;
mod optional;
pub(super) mod pattern;
pub(super) mod print;
mod quantity;
mod texts;
pub(super) mod time;
pub(super) mod url;
pub(super) mod version;

use super::tree::Native;

/// The function of that name, where it matters in the one of its forms that fits.
pub(super) fn find(name: &str, overloads: &[&str]) -> Option<Native> {
    if name == "sum" {
        return Some(lists::sum_of(overloads));
    }
    let libraries = [
        arithmetic::find,
        convert::find,
        lists::find,
        texts::find,
        pattern::find,
        optional::find,
        time::find,
        address::find,
        url::find,
        quantity::find,
        version::find,
        format::find,
    ];
    libraries.iter().find_map(|library| library(name))
}

#[cfg(test)]
mod tests {
    use super::super::signatures;

    #[test]
    fn each_function_with_a_signature_is_there() {
        // These aren't called: the tree has nodes of its own for them.
        let built_in = ["or", "orValue", "in"];
        let missing: Vec<&str> =
            signatures::names().filter(|name| !built_in.contains(name) && super::find(name, &[]).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
