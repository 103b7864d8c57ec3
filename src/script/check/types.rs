//! Types as far as they can be told without running, and the functions that scripts may call with their types.

use std::collections::HashMap;
use std::sync::OnceLock;

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// It can't be told.
    Unknown,
    /// `()`.
    Unit,
    /// true or false.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A text.
    Text,
    /// A list.
    List,
    /// A map.
    Map,
    /// A function.
    Function,
    /// A value that the world may assign with the apply.
    Later,
    /// The parameters of the run.
    Params,
    /// A type with a name: `Repo`, `Tree` ...
    Named(String),
}

impl Type {
    /// The type that a signature of Rust names.
    fn of_rust(name: &str) -> Type {
        let name = name.trim();
        if let Some(inner) = name.strip_prefix("Result<").or_else(|| name.strip_prefix("RhaiResultOf<")) {
            let inner = inner.strip_suffix('>').unwrap_or(inner);
            return Type::of_rust(inner.split(", Box<").next().unwrap_or(inner));
        }
        match name.trim_start_matches("&mut ").trim_start_matches('&') {
            "Dynamic" | "?" | "_" | "" => Type::Unknown,
            "()" => Type::Unit,
            "bool" => Type::Bool,
            "i64" | "INT" => Type::Int,
            "f64" | "FLOAT" => Type::Float,
            "str" | "String" | "ImmutableString" => Type::Text,
            "Array" => Type::List,
            "Map" => Type::Map,
            "FnPtr" => Type::Function,
            other => Type::Named(other.rsplit("::").next().unwrap_or(other).to_string()),
        }
    }

    /// The type that Rhai names.
    pub fn of_rhai(name: &str) -> Type {
        match name {
            "array" => Type::List,
            "map" => Type::Map,
            "string" => Type::Text,
            "Fn" => Type::Function,
            other => Type::of_rust(other),
        }
    }

    /// The one type that a value has which is either of two.
    pub fn join(self, other: Type) -> Type {
        if self == other { self } else { Type::Unknown }
    }

    /// Whether nothing can be said.
    pub fn is_open(&self) -> bool {
        matches!(self, Type::Unknown | Type::Later)
    }

    /// Whether a parameter of this type may get such a value.
    fn takes(&self, value: &Type) -> bool {
        let value = if *value == Type::Params { &Type::Map } else { value };
        *self == Type::Unknown || value.is_open() || self == value
    }

    /// As people say it.
    pub fn words(&self) -> String {
        match self {
            Type::Unknown => "a value".into(),
            Type::Unit => "nothing".into(),
            Type::Bool => "true or false".into(),
            Type::Int => "a whole number".into(),
            Type::Float => "a number".into(),
            Type::Text => "a text".into(),
            Type::List => "a list".into(),
            Type::Map => "a map".into(),
            Type::Function => "a function".into(),
            Type::Later => "a value that is known later".into(),
            Type::Params => "the parameters".into(),
            Type::Named(name) if name.starts_with(['A', 'E', 'I', 'O']) => format!("an {name}"),
            Type::Named(name) => format!("a {name}"),
        }
    }
}

/// A function of the engine.
#[derive(Debug, Clone)]
pub struct Signature {
    /// Names and types of its parameters; that of a method's own value first.
    pub parameters: Vec<(String, Type)>,
    /// Whether the first is what it is called on as a method.
    pub method: bool,
    /// What it returns.
    pub returns: Type,
}

impl Signature {
    /// Whether it may be called with such values.
    pub fn takes(&self, values: &[Type]) -> bool {
        self.parameters.len() == values.len()
            && self.parameters.iter().zip(values).all(|((_, parameter), value)| parameter.takes(value))
    }

    /// How it is called.
    fn usage(&self, name: &str) -> String {
        let names: Vec<&str> = self.parameters.iter().map(|(name, _)| name.as_str()).collect();
        match names.split_first() {
            Some((first, rest)) if self.method => format!("`{first}.{name}({})`", rest.join(", ")),
            _ => format!("`{name}({})`", names.join(", ")),
        }
    }
}

/// All functions and fields that scripts may use.
#[derive(Debug, Default)]
pub struct Signatures {
    functions: HashMap<String, Vec<Signature>>,
    fields: HashMap<String, Vec<(Type, Type)>>,
}

/// Functions that the engine itself has, for any number of arguments.
const BUILT_IN: [&str; 7] = ["call", "type_of", "is_def_var", "is_def_fn", "is_shared", "print", "debug"];

/// Fields that may be known only after the apply.
const LATER: [(&str, &str); 2] = [("PullRequest", "number"), ("PullRequest", "url")];

impl Signatures {
    /// Those of every script.
    pub fn all() -> &'static Signatures {
        static ALL: OnceLock<Signatures> = OnceLock::new();
        ALL.get_or_init(|| {
            let mut all = Signatures::default();
            super::super::engine::modules().iter().for_each(|module| all.module(module));
            all
        })
    }

    /// Those of tests, which have more.
    pub fn of_tests() -> &'static Signatures {
        static ALL: OnceLock<Signatures> = OnceLock::new();
        ALL.get_or_init(|| {
            let mut all = Signatures::default();
            super::super::engine::modules().iter().for_each(|module| all.module(module));
            super::super::harness::all().iter().for_each(|primitive| all.module(&primitive.module));
            all
        })
    }

    fn module(&mut self, module: &rhai::Module) {
        for signature in module.gen_fn_signatures_with_mapper(std::borrow::Cow::Borrowed) {
            self.add(&signature);
        }
    }

    fn add(&mut self, text: &str) {
        let Some((name, rest)) = text.split_once('(') else { return };
        let (inside, returns) = match rest.rsplit_once(") -> ") {
            Some((inside, returns)) => (inside, Type::of_rust(returns)),
            None => (rest.trim_end_matches(')'), Type::Unit),
        };
        let parameter = |text: &str| {
            let (name, kind) = text.split_once(':').unwrap_or((text, ""));
            (name.trim().trim_start_matches("mut ").to_string(), Type::of_rust(kind))
        };
        let parameters: Vec<(String, Type)> =
            inside.split(", ").filter(|part| !part.is_empty()).map(parameter).collect();
        if let Some(field) = name.strip_prefix("get$") {
            if let Some((_, on)) = parameters.into_iter().next() {
                let later = matches!(&on, Type::Named(name) if LATER.contains(&(name.as_str(), field)));
                let returns = if later { Type::Later } else { returns };
                self.fields.entry(field.to_string()).or_default().push((on, returns));
            }
        } else if !name.starts_with("set$") && !name.starts_with("index$") {
            let method = inside.split(", ").next().is_some_and(|first| first.contains(": &mut "));
            self.functions.entry(name.to_string()).or_default().push(Signature { parameters, method, returns });
        }
    }

    /// The functions of a name.
    pub fn named(&self, name: &str) -> &[Signature] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether the engine has a function of that name, whatever its arguments.
    pub fn built_in(name: &str) -> bool {
        BUILT_IN.contains(&name)
    }

    /// What a function that is called with such values returns.
    pub fn returns(&self, name: &str, values: &[Type]) -> Type {
        let mut fitting = self.named(name).iter().filter(|signature| signature.takes(values));
        let Some(first) = fitting.next() else { return Type::Unknown };
        fitting.fold(first.returns.clone(), |all, signature| all.join(signature.returns.clone()))
    }

    /// What a field of a type holds; nothing if it has no such field.
    pub fn field(&self, on: &Type, name: &str) -> Option<Type> {
        let found = self.fields.get(name)?.iter().find(|(of, _)| of == on || *of == Type::Unknown);
        found.map(|(_, returns)| returns.clone())
    }

    /// The names of the fields of a type, and of the functions that it has as methods.
    pub fn members(&self, on: &Type) -> (Vec<&str>, Vec<&str>) {
        let fields = self.fields.iter().filter(|(_, of)| of.iter().any(|(of, _)| of == on));
        let has = |signatures: &Vec<Signature>| {
            signatures.iter().any(|signature| signature.parameters.first().is_some_and(|(_, first)| first == on))
        };
        let word = |name: &str| name.starts_with(|c: char| c.is_alphabetic());
        let methods = self.functions.iter().filter(|(name, signatures)| word(name) && has(signatures));
        (fields.map(|(name, _)| name.as_str()).collect(), methods.map(|(name, _)| name.as_str()).collect())
    }

    /// Names that can be called, for suggestions: no operators.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let word = |name: &&String| name.starts_with(|c: char| c.is_alphabetic());
        self.functions.keys().filter(word).map(String::as_str).chain(BUILT_IN)
    }

    /// How a function is called; on this type, where it has a form for it.
    pub fn usages(&self, name: &str, on: Option<&Type>) -> Vec<String> {
        let of = |signature: &&Signature| signature.parameters.first().map(|(_, first)| first) == on;
        let mut found: Vec<String> = self.named(name).iter().filter(of).map(|one| one.usage(name)).collect();
        if found.is_empty() {
            found = self.named(name).iter().map(|one| one.usage(name)).collect();
        }
        found.sort();
        found.dedup();
        found.truncate(4);
        found
    }
}
