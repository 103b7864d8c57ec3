//! Comparing and showing lists and maps: Rhai's own functions recurse as deep as the value goes, show it at whatever
//! length, and notice nothing meanwhile.

use std::any::TypeId;
use std::fmt::Write;

use rhai::{Array, Dynamic, Engine, FLOAT, FnPtr, INT, ImmutableString, Map, NativeCallContext};

use super::Progress;
use super::strings::LONGEST;
use crate::bridge::{RhaiResultOf, Stop, throw};
use crate::error::Error;
use crate::primitives::value::{self, DEEPEST};

/// Puts the bounded functions in front of Rhai's own.
pub fn register(engine: &mut Engine, progress: &Progress) {
    let kinds = [TypeId::of::<Array>(), TypeId::of::<Map>()];
    for kind in kinds {
        for (name, wanted) in [("==", true), ("!=", false)] {
            let watch = progress.clone();
            engine.register_raw_fn(name, [kind, kind], move |ctx, args| {
                Ok(Equality { ctx: &ctx, watch: &watch }.holds(args[0], args[1], 0)? == wanted)
            });
        }
        for name in ["to_string", "to_debug", "print", "debug"] {
            let watch = progress.clone();
            engine.register_raw_fn(name, [kind], move |ctx, args| {
                let mut shown = Shown { ctx: &ctx, watch: &watch, text: String::new() };
                shown.add(args[0], 0);
                if watch.check().is_some() {
                    // Rhai finds the value too large as well, and then shows it in a way of its own that has no bound.
                    *args[0] = Dynamic::UNIT;
                }
                Ok(ImmutableString::from(shown.text))
            });
        }
    }
    let watch = progress.clone();
    engine.register_fn("contains", move |ctx: NativeCallContext, list: &mut Array, wanted: Dynamic| {
        find(&ctx, &watch, list, &wanted, 0).map(|found| found.is_some())
    });
    let watch = progress.clone();
    engine.register_fn("index_of", move |ctx: NativeCallContext, list: &mut Array, wanted: Dynamic| {
        find(&ctx, &watch, list, &wanted, 0).map(|found| found.unwrap_or(-1))
    });
    let watch = progress.clone();
    engine.register_fn("index_of", move |ctx: NativeCallContext, list: &mut Array, wanted: Dynamic, from: INT| {
        let from = match usize::try_from(from) {
            Ok(from) => from,
            // Before 0 it counts from the end.
            Err(_) => list.len().saturating_sub(usize::try_from(from.unsigned_abs()).unwrap_or(usize::MAX)),
        };
        find(&ctx, &watch, list, &wanted, from).map(|found| found.unwrap_or(-1))
    });
    let watch = progress.clone();
    engine.register_fn("dedup", move |ctx: NativeCallContext, list: &mut Array| {
        let equality = Equality { ctx: &ctx, watch: &watch };
        dedup(list, |one, other| equality.holds(one, other, 0))
    });
    engine.register_fn("dedup", |ctx: NativeCallContext, list: &mut Array, same: FnPtr| {
        dedup(list, |one, other| {
            Ok(same.call_raw(&ctx, None, [other.clone(), one.clone()])?.as_bool().unwrap_or(false))
        })
    });
    engine.register_raw_fn("to_json", [TypeId::of::<Map>()], |ctx, args| {
        let json = value::to_json(args[0]).map_err(|error| throw(&ctx, error))?;
        Ok(ImmutableString::from(json.to_string()))
    });
    engine.register_fn("parse_json", |ctx: NativeCallContext, text: &str| {
        let json: serde_json::Value = serde_json::from_str(text).map_err(|error| {
            throw(&ctx, Error::failed("idp::script::json", format!("the text is not JSON: {error}")))
        })?;
        value::from_json_within(&json).map_err(|error| throw(&ctx, error))
    });
}

fn find(
    ctx: &NativeCallContext,
    watch: &Progress,
    list: &Array,
    wanted: &Dynamic,
    from: usize,
) -> RhaiResultOf<Option<INT>> {
    let equality = Equality { ctx, watch };
    for (at, item) in list.iter().enumerate().skip(from) {
        if equality.holds(item, wanted, 0)? {
            return Ok(INT::try_from(at).ok());
        }
    }
    Ok(None)
}

fn dedup(list: &mut Array, mut same: impl FnMut(&Dynamic, &Dynamic) -> RhaiResultOf<bool>) -> RhaiResultOf<()> {
    let mut kept: Array = Vec::with_capacity(list.len());
    for item in list.iter() {
        let again = match kept.last() {
            Some(last) => same(last, item)?,
            None => false,
        };
        if !again {
            kept.push(item.clone());
        }
    }
    *list = kept;
    Ok(())
}

/// `==` of two values.
struct Equality<'a> {
    ctx: &'a NativeCallContext<'a>,
    watch: &'a Progress,
}

impl Equality<'_> {
    fn holds(&self, one: &Dynamic, other: &Dynamic, depth: usize) -> RhaiResultOf<bool> {
        if depth > DEEPEST {
            return Err(throw(self.ctx, value::too_deep()));
        }
        // Whoever asked gets the end of the run instead of an answer.
        if let Some(error) = self.watch.check() {
            return Err(throw(self.ctx, error));
        }
        if let (Some(one), Some(other)) = (one.read_lock::<Array>(), other.read_lock::<Array>()) {
            if one.len() != other.len() {
                return Ok(false);
            }
            for (one, other) in one.iter().zip(other.iter()) {
                if !self.holds(one, other, depth + 1)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        if let (Some(one), Some(other)) = (one.read_lock::<Map>(), other.read_lock::<Map>()) {
            if one.len() != other.len() {
                return Ok(false);
            }
            for ((name, one), (other_name, other)) in one.iter().zip(other.iter()) {
                if name != other_name || !self.holds(one, other, depth + 1)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let number = |value: &Dynamic| value.as_float().or_else(|_| value.as_int().map(|whole| whole as FLOAT)).ok();
        if one.type_id() != other.type_id() && !(number(one).is_some() && number(other).is_some()) {
            // A type of ours may know how to compare itself with others (and refuse to).
            let asked = self.ctx.call_native_fn_raw("==", true, &mut [&mut one.clone(), &mut other.clone()]);
            return match asked {
                Ok(answer) => Ok(answer.as_bool().unwrap_or(false)),
                Err(error) => match *error {
                    rhai::EvalAltResult::ErrorFunctionNotFound(..) => Ok(false),
                    _ => Err(error),
                },
            };
        }
        if let (Ok(one), Ok(other)) = (one.as_int(), other.as_int()) {
            return Ok(one == other);
        }
        if let (Some(one), Some(other)) = (number(one), number(other)) {
            return Ok(one == other);
        }
        if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
            return Ok(one.ptr_eq(&other) || one.as_str() == other.as_str());
        }
        if let (Ok(one), Ok(other)) = (one.as_bool(), other.as_bool()) {
            return Ok(one == other);
        }
        if let (Ok(one), Ok(other)) = (one.as_char(), other.as_char()) {
            return Ok(one == other);
        }
        if one.is_unit() {
            return Ok(true);
        }
        let answer = self.ctx.call_native_fn_raw("==", true, &mut [&mut one.clone(), &mut other.clone()])?;
        Ok(answer.as_bool().unwrap_or(false))
    }
}

/// A value as Rhai shows it: `[1, "a", #{"b": 2}]`.
struct Shown<'a> {
    ctx: &'a NativeCallContext<'a>,
    watch: &'a Progress,
    text: String,
}

impl Shown<'_> {
    /// Adds a value. What is too much ends the run instead of being an error of the call: Rhai answers an error here
    /// with a rendering of its own that has no bounds.
    fn add(&mut self, item: &Dynamic, depth: usize) {
        if self.watch.check().is_some() {
            return;
        }
        if depth > DEEPEST {
            return self.watch.stop(Stop::Depth);
        }
        if let Some(list) = item.read_lock::<Array>() {
            self.text.push('[');
            for (number, item) in list.iter().enumerate() {
                if number > 0 {
                    self.text.push_str(", ");
                }
                self.add(item, depth + 1);
                if !self.fits() {
                    return;
                }
            }
            self.text.push(']');
        } else if let Some(map) = item.read_lock::<Map>() {
            self.text.push_str("#{");
            for (number, (name, item)) in map.iter().enumerate() {
                let _ = write!(self.text, "{}{name:?}: ", if number > 0 { ", " } else { "" });
                self.add(item, depth + 1);
                if !self.fits() {
                    return;
                }
            }
            self.text.push('}');
        } else if let Ok(text) = item.as_immutable_string_ref() {
            let _ = write!(self.text, "{:?}", text.as_str());
        } else {
            let shown = self.ctx.call_native_fn_raw("to_debug", true, &mut [&mut item.clone()]);
            match shown.ok().and_then(|shown| shown.into_immutable_string().ok()) {
                Some(shown) => self.text.push_str(&shown),
                None => self.text.push_str(self.ctx.engine().map_type_name(item.type_name())),
            }
        }
    }

    fn fits(&mut self) -> bool {
        if self.text.len() <= LONGEST {
            return self.watch.check().is_none();
        }
        self.watch.stop(Stop::Size);
        self.text.clear();
        false
    }
}
