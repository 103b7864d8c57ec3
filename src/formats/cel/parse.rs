//! From the text of an expression to its syntax tree: the `cel` crate's parser with the API server's macros.
//! As github.com/google/cel-go v0.26, ext/{comprehensions,lists}.go; those of optional values are the crate's.

use std::sync::LazyLock;

use cel::Env;
use cel::common::ast::operators;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, MapExpr, SourceInfo};
use cel::parser::{Macro, MacroExprHelper, ParseError};

use super::rule::Fault;

/// The name that the macros give to what they build.
const RESULT: &str = "@result";
/// A loop that only binds a name has a variable nobody asks for.
const UNUSED: &str = "#unused";

/// As many characters the API server takes.
const LONGEST: usize = 100_000;
/// A chain such as `a.b.c` or `1 + 2 + 3` is a tree as deep as it is long, which the parser walks by recursion.
const LONGEST_CHAIN: usize = 200;
/// How deep an expression may nest.
const DEEPEST: u16 = 100;

static ENVIRONMENT: LazyLock<Env> = LazyLock::new(|| {
    let mut environment = Env::stdlib();
    let macros = [
        Macro::receiver("all", 3, |helper, target, args| quantifier(helper, target, args, Quantifier::All).map(Some)),
        Macro::receiver("exists", 3, |helper, target, args| {
            quantifier(helper, target, args, Quantifier::Exists).map(Some)
        }),
        Macro::receiver("existsOne", 3, |helper, target, args| {
            quantifier(helper, target, args, Quantifier::One).map(Some)
        }),
        Macro::receiver("exists_one", 3, |helper, target, args| {
            quantifier(helper, target, args, Quantifier::One).map(Some)
        }),
        Macro::receiver("transformList", 3, transform_list),
        Macro::receiver("transformList", 4, transform_list),
        Macro::receiver("transformMap", 3, transform_map),
        Macro::receiver("transformMap", 4, transform_map),
        Macro::receiver("transformMapEntry", 3, transform_entry),
        Macro::receiver("transformMapEntry", 4, transform_entry),
        Macro::receiver("sortBy", 2, sort_by),
    ];
    for addition in macros {
        // A name that the crate has taken meanwhile keeps the crate's meaning, which is the language's.
        let _ = environment.add_macro(addition);
    }
    environment
});

/// The tree of an expression, and where its parts stand.
pub(super) fn parse(source: &str) -> Result<(IdedExpr, SourceInfo), Fault> {
    let length = source.chars().count();
    if length > LONGEST {
        return Err(Fault::at(
            source,
            0,
            format!("expression code point size exceeds limit: size: {length}, limit {LONGEST}"),
        ));
    }
    if longest_chain(source) > LONGEST_CHAIN {
        return Err(Fault::at(source, 0, "expression recursion limit exceeded".to_owned()));
    }
    let parser = ENVIRONMENT.parser().enable_optional_syntax(true).max_recursion_depth(DEEPEST);
    parser.parse_with_source_info(source).map_err(|errors| {
        let first = errors.errors.into_iter().next();
        let (position, message) = first.map_or(((1, 1), "Syntax error".to_owned()), |e| (e.pos, e.msg));
        let line = usize::try_from(position.0).unwrap_or(1).max(1);
        let column = usize::try_from(position.1).unwrap_or(1).max(1);
        let before: usize = source.split_inclusive('\n').take(line - 1).map(|line| line.chars().count()).sum();
        Fault::at(source, before + column - 1, message)
    })
}

/// How deep the tree of an expression is at most: the signs of a chain, with those of the chains around it. What stands
/// beside each other isn't counted together: list elements, branches, and the terms of `&&` and `||`, whose trees are flat.
fn longest_chain(source: &str) -> usize {
    let mut open = vec![0_usize];
    let (mut around, mut longest) = (0, 0);
    let mut chars = source.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let here = open.last().copied().unwrap_or_default();
        match c {
            '\'' | '"' => skip_text(&mut chars, c, matches!(before, 'r' | 'R')),
            '(' | '[' | '{' => {
                around += here + 1;
                open.push(0);
            }
            ')' | ']' | '}' if open.len() > 1 => {
                open.pop();
                if let Some(outer) = open.last_mut() {
                    around -= *outer + 1;
                    // What was in brackets is part of the chain that goes on behind them.
                    *outer += 1;
                }
            }
            ',' | '&' | '|' | '?' | ':' if before != '.' && chars.peek() != Some(&'.') => {
                if let Some(here) = open.last_mut() {
                    *here = 0;
                }
            }
            '.' | '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' => {
                if let Some(here) = open.last_mut() {
                    *here += 1;
                }
            }
            // `in` chains, too; a name that begins so is counted for nothing.
            'i' if chars.peek() == Some(&'n') && !before.is_alphanumeric() && before != '_' => {
                if let Some(here) = open.last_mut() {
                    *here += 1;
                }
            }
            _ => {}
        }
        longest = longest.max(around + open.last().copied().unwrap_or_default());
        before = c;
    }
    longest
}

/// Goes to the end of a text whose first quote was read.
fn skip_text(chars: &mut std::iter::Peekable<std::str::Chars>, quote: char, raw: bool) {
    let mut three = false;
    if chars.peek() == Some(&quote) {
        chars.next();
        if chars.peek() != Some(&quote) {
            return;
        }
        chars.next();
        three = true;
    }
    let mut quotes = 0;
    while let Some(c) = chars.next() {
        if c == '\\' && !raw {
            chars.next();
        }
        quotes = if c == quote { quotes + 1 } else { 0 };
        if quotes == if three { 3 } else { 1 } {
            return;
        }
    }
}

type Target<'a> = &'a mut Option<IdedExpr>;
type Arguments<'a> = &'a mut Vec<IdedExpr>;
type Expansion = Result<Option<IdedExpr>, ParseError>;

fn name(helper: &MacroExprHelper, argument: &IdedExpr) -> Result<String, ParseError> {
    match &argument.expr {
        Expr::Ident(name) if name == RESULT || name == "__result__" => {
            Err(helper.new_error(argument.id, "iteration variable overwrites accumulator variable"))
        }
        Expr::Ident(name) => Ok(name.clone()),
        _ => Err(helper.new_error(argument.id, "argument must be a simple name")),
    }
}

fn names(helper: &MacroExprHelper, arguments: &[IdedExpr]) -> Result<(String, String), ParseError> {
    let [first, second, ..] = arguments else {
        return Err(helper.new_error(0, "argument must be a simple name"));
    };
    let (one, two) = (name(helper, first)?, name(helper, second)?);
    if one == two {
        return Err(helper.new_error(second.id, format!("duplicate variable name: {one}")));
    }
    Ok((one, two))
}

fn ident(helper: &mut MacroExprHelper, name: &str) -> IdedExpr {
    helper.next_expr(Expr::Ident(name.to_owned()))
}

fn literal(helper: &mut MacroExprHelper, value: LiteralValue) -> IdedExpr {
    helper.next_expr(Expr::Literal(value))
}

fn truth(helper: &mut MacroExprHelper, value: bool) -> IdedExpr {
    literal(helper, LiteralValue::Boolean(value.into()))
}

fn list(helper: &mut MacroExprHelper, items: Vec<IdedExpr>) -> IdedExpr {
    helper.next_expr(Expr::List(ListExpr::new(items)))
}

fn call(helper: &mut MacroExprHelper, function: &str, arguments: Vec<IdedExpr>) -> IdedExpr {
    helper.next_expr(Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args: arguments }))
}

fn call_on(helper: &mut MacroExprHelper, target: IdedExpr, function: &str, arguments: Vec<IdedExpr>) -> IdedExpr {
    let target = Some(Box::new(target));
    helper.next_expr(Expr::Call(CallExpr { func_name: function.to_owned(), target, args: arguments }))
}

/// A loop over `range` with two variables, which builds up `@result`.
struct Loop {
    names: (String, Option<String>),
    start: IdedExpr,
    goes_on: IdedExpr,
    step: IdedExpr,
    result: IdedExpr,
}

fn build(helper: &mut MacroExprHelper, target: Target, parts: Loop) -> IdedExpr {
    helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: target.take().unwrap_or_default(),
        iter_var: parts.names.0,
        iter_var2: parts.names.1,
        accu_var: RESULT.to_owned(),
        accu_init: parts.start,
        loop_cond: parts.goes_on,
        loop_step: parts.step,
        result: parts.result,
    })))
}

enum Quantifier {
    All,
    Exists,
    One,
}

fn quantifier(
    helper: &mut MacroExprHelper,
    target: Target,
    args: Arguments,
    which: Quantifier,
) -> Result<IdedExpr, ParseError> {
    let (one, two) = names(helper, args)?;
    let predicate = args.pop().unwrap_or_default();
    let result = ident(helper, RESULT);
    let (start, goes_on, step, result) = match which {
        Quantifier::All => {
            let so_far = ident(helper, RESULT);
            let goes_on = call(helper, operators::NOT_STRICTLY_FALSE, vec![so_far]);
            let so_far = ident(helper, RESULT);
            let step = call(helper, operators::LOGICAL_AND, vec![so_far, predicate]);
            (truth(helper, true), goes_on, step, result)
        }
        Quantifier::Exists => {
            let so_far = ident(helper, RESULT);
            let none = call(helper, operators::LOGICAL_NOT, vec![so_far]);
            let goes_on = call(helper, operators::NOT_STRICTLY_FALSE, vec![none]);
            let so_far = ident(helper, RESULT);
            let step = call(helper, operators::LOGICAL_OR, vec![so_far, predicate]);
            (truth(helper, false), goes_on, step, result)
        }
        Quantifier::One => {
            let so_far = ident(helper, RESULT);
            let one = literal(helper, LiteralValue::Int(1.into()));
            let more = call(helper, operators::ADD, vec![so_far, one]);
            let so_far = ident(helper, RESULT);
            let step = call(helper, operators::CONDITIONAL, vec![predicate, more, so_far]);
            let one = literal(helper, LiteralValue::Int(1.into()));
            let result = call(helper, operators::EQUALS, vec![result, one]);
            (literal(helper, LiteralValue::Int(0.into())), truth(helper, true), step, result)
        }
    };
    Ok(build(helper, target, Loop { names: (one, Some(two)), start, goes_on, step, result }))
}

/// `addition` in each round, or in those that the filter lets through.
fn collecting(
    helper: &mut MacroExprHelper,
    target: Target,
    names: (String, Option<String>),
    filter: Option<IdedExpr>,
    (start, addition): (IdedExpr, IdedExpr),
) -> IdedExpr {
    let step = match filter {
        None => addition,
        Some(filter) => {
            let so_far = ident(helper, RESULT);
            call(helper, operators::CONDITIONAL, vec![filter, addition, so_far])
        }
    };
    let goes_on = truth(helper, true);
    let result = ident(helper, RESULT);
    build(helper, target, Loop { names, start, goes_on, step, result })
}

fn transform_list(helper: &mut MacroExprHelper, target: Target, args: Arguments) -> Expansion {
    let (one, two) = names(helper, args)?;
    let transform = args.pop().unwrap_or_default();
    let filter = (args.len() > 2).then(|| args.pop()).flatten();
    let so_far = ident(helper, RESULT);
    let more = list(helper, vec![transform]);
    let addition = call(helper, operators::ADD, vec![so_far, more]);
    let start = list(helper, Vec::new());
    Ok(Some(collecting(helper, target, (one, Some(two)), filter, (start, addition))))
}

fn transform_map(helper: &mut MacroExprHelper, target: Target, args: Arguments) -> Expansion {
    let (one, two) = names(helper, args)?;
    let transform = args.pop().unwrap_or_default();
    let filter = (args.len() > 2).then(|| args.pop()).flatten();
    let so_far = ident(helper, RESULT);
    let key = ident(helper, &one);
    let addition = call(helper, "cel.@mapInsert", vec![so_far, key, transform]);
    let start = helper.next_expr(Expr::Map(MapExpr::default()));
    Ok(Some(collecting(helper, target, (one, Some(two)), filter, (start, addition))))
}

fn transform_entry(helper: &mut MacroExprHelper, target: Target, args: Arguments) -> Expansion {
    let (one, two) = names(helper, args)?;
    let transform = args.pop().unwrap_or_default();
    let filter = (args.len() > 2).then(|| args.pop()).flatten();
    let so_far = ident(helper, RESULT);
    let addition = call(helper, "cel.@mapInsert", vec![so_far, transform]);
    let start = helper.next_expr(Expr::Map(MapExpr::default()));
    Ok(Some(collecting(helper, target, (one, Some(two)), filter, (start, addition))))
}

/// A name for a value, as a loop that goes no round: what is bound is where it starts.
fn bound(helper: &mut MacroExprHelper, name: String, value: IdedExpr, within: IdedExpr) -> IdedExpr {
    let iter_range = list(helper, Vec::new());
    let loop_cond = truth(helper, false);
    let loop_step = ident(helper, &name);
    helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range,
        iter_var: UNUSED.to_owned(),
        iter_var2: None,
        accu_var: name,
        accu_init: value,
        loop_cond,
        loop_step,
        result: within,
    })))
}

fn sort_by(helper: &mut MacroExprHelper, target: Target, args: Arguments) -> Expansion {
    const INPUT: &str = "@__sortBy_input__";
    let sortable = |target: &IdedExpr| {
        matches!(target.expr, Expr::List(_) | Expr::Select(_) | Expr::Ident(_) | Expr::Comprehension(_) | Expr::Call(_))
    };
    if let Some(wrong) = target.as_ref().filter(|target| !sortable(target)) {
        let message = "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
        return Err(helper.new_error(wrong.id, message));
    }
    let variable = args.first().map(|argument| name(helper, argument)).transpose()?.unwrap_or_default();
    let key = args.pop().unwrap_or_default();
    let so_far = ident(helper, RESULT);
    let more = list(helper, vec![key]);
    let addition = call(helper, operators::ADD, vec![so_far, more]);
    let start = list(helper, Vec::new());
    let mut input = Some(ident(helper, INPUT));
    let keys = collecting(helper, &mut input, (variable, None), None, (start, addition));
    let input = ident(helper, INPUT);
    let sorted = call_on(helper, input, "@sortByAssociatedKeys", vec![keys]);
    let target = target.take().unwrap_or_default();
    Ok(Some(bound(helper, INPUT.to_owned(), target, sorted)))
}
