//! What is empty and what stands in for it; types and kinds.

use super::super::functions::{Function, Type};
use super::super::value::Value;
use super::deep_equal;

use Type::{Any, Str};

pub static FUNCTIONS: &[Function] = &[
    Function::variadic("default", &[Any], Any, |call| {
        let given = call.args.get(1).map(|slot| slot.value()).filter(|value| !is_empty(value));
        Ok(given.unwrap_or_else(|| call.any(0)).clone())
    }),
    Function::new("empty", &[Any], |call| Ok(Value::Bool(is_empty(call.any(0))))),
    Function::variadic("coalesce", &[], Any, |call| {
        Ok(call.values(0).into_iter().find(|value| !is_empty(value)).unwrap_or(Value::Nil))
    }),
    Function::variadic("all", &[], Any, |call| Ok(Value::Bool(!call.values(0).iter().any(is_empty)))),
    Function::variadic("any", &[], Any, |call| Ok(Value::Bool(!call.values(0).iter().all(is_empty)))),
    Function::new("typeOf", &[Any], |call| Ok(Value::str(call.any(0).type_name()))),
    Function::new("typeIs", &[Str, Any], |call| Ok(Value::Bool(*call.str(0) == *call.any(1).type_name()))),
    Function::new("typeIsLike", &[Str, Any], |call| {
        let (target, name) = (call.str(0), call.any(1).type_name());
        Ok(Value::Bool(*target == *name || name.strip_prefix('*') == Some(&*target)))
    }),
    Function::new("kindOf", &[Any], |call| Ok(Value::str(call.any(0).kind_name()))),
    Function::new("kindIs", &[Str, Any], |call| Ok(Value::Bool(*call.str(0) == *call.any(1).kind_name()))),
    Function::new("deepEqual", &[Any, Any], |call| {
        let (a, b) = (call.any(0).clone(), call.any(1).clone());
        deep_equal(&a, &b, call.budget).map(Value::Bool)
    }),
];

/// Whether it is the zero value of its type, or has no elements.
pub fn is_empty(value: &Value) -> bool {
    !value.is_true()
}
