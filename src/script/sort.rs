//! Sorting with a script's comparison: Rhai's own takes any failure, the end of the run included, for an answer, and
//! panics if the comparison contradicts itself.

use std::cmp::Ordering;

use rhai::{Array, Dynamic, Engine, FnPtr, NativeCallContext};

use crate::bridge::{RhaiResultOf, throw};
use crate::error::Error;

/// Puts the function in front of Rhai's own.
pub fn register(engine: &mut Engine) {
    for name in ["sort", "sort_by"] {
        engine.register_fn(name, |ctx: NativeCallContext, list: &mut Array, compare: FnPtr| {
            sorted(&ctx, list, &compare).map(|sorted| *list = sorted)
        });
    }
    for name in ["order", "order_by"] {
        engine
            .register_fn(name, |ctx: NativeCallContext, list: &mut Array, compare: FnPtr| sorted(&ctx, list, &compare));
    }
}

fn sorted(ctx: &NativeCallContext, list: &Array, compare: &FnPtr) -> RhaiResultOf<Array> {
    merge_sort(list.clone(), &mut |one, other| {
        let answer = compare.call_raw(ctx, None, [one.clone(), other.clone()])?;
        match (answer.as_int(), answer.as_bool()) {
            (Ok(sign), _) => Ok(sign.cmp(&0)),
            (_, Ok(before)) => Ok(if before { Ordering::Less } else { Ordering::Greater }),
            _ => Err(throw(
                ctx,
                Error::failed(
                    "idp::script::type",
                    "the comparison of a sort must give a whole number, or true or false",
                )
                .help("below 0 or true: the first comes first"),
            )),
        }
    })
}

/// Merges sorted halves. Equal ones keep their order, and a comparison that contradicts itself does no harm.
fn merge_sort(
    mut list: Array,
    compare: &mut impl FnMut(&Dynamic, &Dynamic) -> RhaiResultOf<Ordering>,
) -> RhaiResultOf<Array> {
    if list.len() < 2 {
        return Ok(list);
    }
    let right = merge_sort(list.split_off(list.len() / 2), compare)?;
    let left = merge_sort(list, compare)?;
    let mut merged = Array::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let next = if compare(other, one)? == Ordering::Less { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(text: &str) -> Result<String, String> {
        let mut engine = Engine::new();
        register(&mut engine);
        engine.eval::<Array>(text).map(|list| format!("{list:?}")).map_err(|error| error.to_string())
    }

    #[test]
    fn comparisons_answer_with_numbers_or_flags_and_equal_ones_keep_their_order() {
        assert_eq!(sort("let a = [3, 1, 2]; a.sort(|x, y| x - y); a").as_deref(), Ok("[1, 2, 3]"));
        assert_eq!(sort("let a = [3, 1, 2]; a.sort(|x, y| x < y); a").as_deref(), Ok("[1, 2, 3]"));
        assert_eq!(sort("[11, 21, 12, 22, 13].order(|x, y| x / 10 - y / 10)").as_deref(), Ok("[11, 12, 13, 21, 22]"));
    }

    #[test]
    fn failures_of_the_comparison_are_failures_of_the_sort() {
        assert!(sort("let a = [3, 1, 2]; a.sort(|x, y| throw \"no\"); a").is_err_and(|error| error.contains("no")));
        assert!(sort("let a = [3, 1, 2]; a.sort(|x, y| \"no\"); a").is_err());
        assert_eq!(sort("let a = [3, 1]; try { a.sort(|x, y| throw 1); } catch {} a").as_deref(), Ok("[3, 1]"));
    }

    #[test]
    fn a_comparison_that_contradicts_itself_does_no_harm() {
        let text = "let a = []; for n in 0..2000 { a.push(n * 7919 % 997); } let n = 0;
            a.sort(|x, y| { n += 1; if n % 3 == 0 { 1 } else { -1 } }); a";
        assert!(sort(text).is_ok());
    }
}
