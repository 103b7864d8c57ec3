//! The static types of CEL, and which of them may stand for which: the type checker's unification.
//! As github.com/google/cel-go v0.26, checker/types.go.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::types::{Shape, Type};

/// A type as the checker knows it.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Timestamp,
    Duration,
    List(Arc<Kind>),
    Map(Arc<Kind>, Arc<Kind>),
    Optional(Arc<Kind>),
    Type(Arc<Kind>),
    /// An object with the fields of a schema.
    Object(Arc<Type>),
    /// A type of Kubernetes' libraries, by its name. Structs may be null, others too.
    Named(&'static str),
    /// A variable of a signature, or one that the checker made.
    Variable(u32),
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        use Kind::*;
        match (self, other) {
            (Dyn, Dyn) | (Null, Null) | (Bool, Bool) | (Int, Int) | (Uint, Uint) => true,
            (Double, Double) | (Text, Text) | (Bytes, Bytes) => true,
            (Timestamp, Timestamp) | (Duration, Duration) => true,
            (List(a), List(b)) | (Optional(a), Optional(b)) | (Type(a), Type(b)) => a == b,
            (Map(a, b), Map(c, d)) => a == c && b == d,
            // Two places of a schema are two types, however alike they are.
            (Object(a), Object(b)) => Arc::ptr_eq(a, b) || a == b,
            (Named(a), Named(b)) => a == b,
            (Variable(a), Variable(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Dyn => f.write_str("dyn"),
            Kind::Null => f.write_str("null"),
            Kind::Bool => f.write_str("bool"),
            Kind::Int => f.write_str("int"),
            Kind::Uint => f.write_str("uint"),
            Kind::Double => f.write_str("double"),
            Kind::Text => f.write_str("string"),
            Kind::Bytes => f.write_str("bytes"),
            Kind::Timestamp => f.write_str("google.protobuf.Timestamp"),
            Kind::Duration => f.write_str("google.protobuf.Duration"),
            Kind::List(items) => write!(f, "list({items})"),
            Kind::Map(keys, values) => write!(f, "map({keys}, {values})"),
            Kind::Optional(inner) => write!(f, "optional_type({inner})"),
            Kind::Type(of) => write!(f, "type({of})"),
            Kind::Object(_) => f.write_str("object"),
            Kind::Named(name) => f.write_str(name),
            Kind::Variable(number) => write!(f, "_var{number}"),
        }
    }
}

impl Kind {
    /// What the checker knows of a value with this type of a schema; `None` where expressions may not look.
    pub(super) fn of(schema: &Arc<Type>) -> Option<Kind> {
        if !schema.exposed {
            return None;
        }
        Some(match &schema.shape {
            Shape::IntOrString => Kind::Dyn,
            Shape::Bool => Kind::Bool,
            Shape::Int => Kind::Int,
            Shape::Double => Kind::Double,
            Shape::Text => Kind::Text,
            Shape::Bytes => Kind::Bytes,
            Shape::Date | Shape::DateTime => Kind::Timestamp,
            Shape::Duration => Kind::Duration,
            Shape::List(items, _) => Kind::List(Arc::new(Kind::of(items)?)),
            Shape::Map(values) => Kind::Map(Arc::new(Kind::Text), Arc::new(Kind::of(values)?)),
            Shape::Object { .. } => Kind::Object(schema.clone()),
            Shape::Preserved | Shape::Unknown(_) | Shape::Shapeless => return None,
        })
    }

    pub(super) fn list(items: Kind) -> Kind {
        Kind::List(Arc::new(items))
    }

    pub(super) fn map(keys: Kind, values: Kind) -> Kind {
        Kind::Map(Arc::new(keys), Arc::new(values))
    }

    pub(super) fn optional(inner: Kind) -> Kind {
        Kind::Optional(Arc::new(inner))
    }

    /// Itself, or what an optional one holds.
    pub(super) fn unwrapped(&self) -> (&Kind, bool) {
        match self {
            Kind::Optional(inner) => (inner, true),
            other => (other, false),
        }
    }

    fn parameters(&self) -> [Option<&Kind>; 2] {
        match self {
            Kind::List(a) | Kind::Optional(a) | Kind::Type(a) => [Some(a), None],
            Kind::Map(a, b) => [Some(a), Some(b)],
            _ => [None, None],
        }
    }

    /// With each variable replaced by what `with` says.
    pub(super) fn replaced(&self, with: &mut dyn FnMut(u32) -> Kind) -> Kind {
        match self {
            Kind::Variable(number) => with(*number),
            Kind::List(a) => Kind::list(a.replaced(with)),
            Kind::Optional(a) => Kind::optional(a.replaced(with)),
            Kind::Type(a) => Kind::Type(Arc::new(a.replaced(with))),
            Kind::Map(a, b) => Kind::map(a.replaced(with), b.replaced(with)),
            other => other.clone(),
        }
    }
}

/// What the variables stand for so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Bindings(HashMap<u32, Kind>);

impl Bindings {
    /// The kind with its variables resolved. What is unbound stays, or becomes dyn when `closed`.
    pub(super) fn resolve(&self, kind: &Kind, closed: bool) -> Kind {
        kind.replaced(&mut |number| match self.0.get(&number) {
            Some(bound) => self.resolve(bound, closed),
            None if closed => Kind::Dyn,
            None => Kind::Variable(number),
        })
    }

    /// Whether values of `b` may stand where `a` is asked for; what that means for variables is kept only if so.
    pub(super) fn assign(&mut self, a: &Kind, b: &Kind) -> bool {
        self.assign_all(&[(a, b)])
    }

    /// The same for all pairs, or none.
    pub(super) fn assign_all(&mut self, pairs: &[(&Kind, &Kind)]) -> bool {
        let before = self.0.clone();
        let all = pairs.iter().all(|(a, b)| self.assignable(a, b));
        if !all {
            self.0 = before;
        }
        all
    }

    fn assignable(&mut self, a: &Kind, b: &Kind) -> bool {
        if matches!(b, Kind::Variable(_)) {
            let (valid, bound) = self.substitutes(a, b);
            if valid || bound {
                return valid;
            }
        }
        if matches!(a, Kind::Variable(_)) {
            return self.substitutes(b, a).0;
        }
        if matches!(a, Kind::Dyn) || matches!(b, Kind::Dyn) {
            return true;
        }
        match (a, b) {
            (Kind::Null, other) | (other, Kind::Null) => matches!(
                other,
                Kind::Null | Kind::Object(_) | Kind::Named(_) | Kind::Optional(_) | Kind::Timestamp | Kind::Duration
            ),
            (Kind::Type(_), Kind::Type(_)) => true,
            (Kind::List(_), Kind::List(_))
            | (Kind::Optional(_), Kind::Optional(_))
            | (Kind::Map(..), Kind::Map(..)) => {
                let pairs = a.parameters().into_iter().zip(b.parameters());
                pairs.filter_map(|(a, b)| a.zip(b)).all(|(a, b)| self.assignable(a, b))
            }
            (a, b) => a == b,
        }
    }

    /// Whether `a` may be bound to the variable `b`, and whether that one was bound before.
    fn substitutes(&mut self, a: &Kind, b: &Kind) -> (bool, bool) {
        if a == b {
            return (true, true);
        }
        let Kind::Variable(number) = b else { return (false, false) };
        if let Some(bound) = self.0.get(number).cloned() {
            if *a == bound {
                return (true, true);
            }
            if self.assignable(a, &bound) {
                let general = if less_specific(a, &bound) { a.clone() } else { bound };
                if !self.mentions(&general, *number) {
                    self.0.insert(*number, general);
                }
                return (true, true);
            }
            return (false, true);
        }
        if self.mentions(a, *number) {
            return (false, false);
        }
        self.0.insert(*number, a.clone());
        (true, false)
    }

    /// The occurs check: no variable may stand for something that holds itself.
    fn mentions(&self, kind: &Kind, number: u32) -> bool {
        match kind {
            Kind::Variable(other) if *other == number => true,
            Kind::Variable(other) => self.0.get(other).is_some_and(|bound| self.mentions(bound, number)),
            other => other.parameters().into_iter().flatten().any(|inner| self.mentions(inner, number)),
        }
    }

    /// The kind that two of one list share, if they do.
    pub(super) fn join(&mut self, previous: &Kind, current: &Kind) -> Option<Kind> {
        self.assign(previous, current)
            .then(|| if less_specific(previous, current) { previous.clone() } else { current.clone() })
    }
}

fn less_specific(a: &Kind, b: &Kind) -> bool {
    match (a, b) {
        (Kind::Dyn | Kind::Variable(_), _) => true,
        (_, Kind::Dyn | Kind::Variable(_)) => false,
        (Kind::Type(_), Kind::Type(_)) => true,
        (Kind::List(_), Kind::List(_)) | (Kind::Optional(_), Kind::Optional(_)) | (Kind::Map(..), Kind::Map(..)) => a
            .parameters()
            .into_iter()
            .zip(b.parameters())
            .filter_map(|(a, b)| a.zip(b))
            .all(|(a, b)| less_specific(a, b)),
        (a, b) => a == b,
    }
}
