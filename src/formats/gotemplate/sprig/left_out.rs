//! Functions that templates may name but that give no result here: what they say depends on chance or the clock, so that
//! a rendering would tell nothing of what a controller makes of it. Each fails by its name.

use super::super::functions::{Call, Done, Function, Type};

pub static FUNCTIONS: &[Function] = &[
    Function::variadic("now", &[], Type::Any, clock),
    Function::variadic("ago", &[], Type::Any, clock),
    Function::variadic("randAlphaNum", &[], Type::Any, chance),
    Function::variadic("randAlpha", &[], Type::Any, chance),
    Function::variadic("randAscii", &[], Type::Any, chance),
    Function::variadic("randNumeric", &[], Type::Any, chance),
    Function::variadic("randInt", &[], Type::Any, chance),
    Function::variadic("randBytes", &[], Type::Any, chance),
    Function::variadic("shuffle", &[], Type::Any, chance),
    Function::variadic("uuidv4", &[], Type::Any, chance),
    Function::variadic("bcrypt", &[], Type::Any, chance),
    Function::variadic("htpasswd", &[], Type::Any, chance),
    Function::variadic("genPrivateKey", &[], Type::Any, chance),
    Function::variadic("genCA", &[], Type::Any, chance),
    Function::variadic("genCAWithKey", &[], Type::Any, chance),
    Function::variadic("genSelfSignedCert", &[], Type::Any, chance),
    Function::variadic("genSelfSignedCertWithKey", &[], Type::Any, chance),
    Function::variadic("genSignedCert", &[], Type::Any, chance),
    Function::variadic("genSignedCertWithKey", &[], Type::Any, chance),
    Function::variadic("derivePassword", &[], Type::Any, secret),
    Function::variadic("buildCustomCert", &[], Type::Any, secret),
    Function::variadic("env", &[], Type::Any, environment),
    Function::variadic("expandenv", &[], Type::Any, environment),
    Function::variadic("getHostByName", &[], Type::Any, environment),
];

fn clock(_: &mut Call<'_>) -> Done {
    Err("its result depends on the clock, so it can't be rendered ahead of time".into())
}

fn chance(_: &mut Call<'_>) -> Done {
    Err("its result depends on chance, so it can't be rendered ahead of time".into())
}

fn secret(_: &mut Call<'_>) -> Done {
    Err("secrets aren't made while rendering ahead of time".into())
}

fn environment(_: &mut Call<'_>) -> Done {
    Err("its result depends on the machine, so it can't be rendered ahead of time".into())
}
