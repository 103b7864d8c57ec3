//! Sums. Whatever needs a source of chance is in `left_out`.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::super::functions::{Function, Type};
use super::super::value::Value;

use Type::Str;

pub static FUNCTIONS: &[Function] = &[
    Function::new("sha1sum", &[Str], |call| Ok(hexadecimal(&Sha1::digest(call.str(0).as_bytes())))),
    Function::new("sha256sum", &[Str], |call| Ok(hexadecimal(&Sha256::digest(call.str(0).as_bytes())))),
    Function::new("sha512sum", &[Str], |call| Ok(hexadecimal(&Sha512::digest(call.str(0).as_bytes())))),
    Function::new("adler32sum", &[Str], |call| Ok(adler32(call.str(0).as_bytes()).to_string().into())),
];

fn hexadecimal(bytes: &[u8]) -> Value {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % MODULUS;
        (a, (a + b) % MODULUS)
    });
    b << 16 | a
}
