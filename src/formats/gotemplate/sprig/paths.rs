//! Paths with slashes, by Go's packages path and filepath, which are the same but on Windows.

use super::super::functions::{Call, Done, Function, Type};
use super::super::value::Value;

use Type::Str;

pub static FUNCTIONS: &[Function] = &[
    Function::new("base", &[Str], base),
    Function::new("dir", &[Str], dir),
    Function::new("clean", &[Str], |call| Ok(clean(&call.str(0)).into())),
    Function::new("ext", &[Str], ext),
    Function::new("isAbs", &[Str], is_absolute),
    Function::new("osBase", &[Str], base),
    Function::new("osDir", &[Str], dir),
    Function::new("osClean", &[Str], |call| Ok(clean(&call.str(0)).into())),
    Function::new("osExt", &[Str], ext),
    Function::new("osIsAbs", &[Str], is_absolute),
];

fn base(call: &mut Call<'_>) -> Done {
    let path = call.str(0);
    if path.is_empty() {
        return Ok(Value::str("."));
    }
    let name = path.trim_end_matches('/');
    let name = name.rsplit('/').next().unwrap_or(name);
    Ok(Value::str(if name.is_empty() { "/" } else { name }))
}

fn dir(call: &mut Call<'_>) -> Done {
    let path = call.str(0);
    Ok(clean(path.rfind('/').map_or("", |at| &path[..=at])).into())
}

fn ext(call: &mut Call<'_>) -> Done {
    let path = call.str(0);
    let name = path.rsplit('/').next().unwrap_or(&path);
    Ok(Value::str(name.rfind('.').map_or("", |at| &name[at..])))
}

fn is_absolute(call: &mut Call<'_>) -> Done {
    Ok(Value::Bool(call.str(0).starts_with('/')))
}

/// Without `.`, `..` where that can be told, and slashes that say nothing.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => drop(kept.pop()),
            ".." if rooted => {}
            part => kept.push(part),
        }
    }
    match (rooted, kept.is_empty()) {
        (false, true) => ".".to_owned(),
        (true, _) => format!("/{}", kept.join("/")),
        (false, false) => kept.join("/"),
    }
}
