//! AES-256 in CBC mode, as sprig has it. Go takes a random initialization vector; here it is made from key and text, so
//! that the same template gives the same result, which Go's function opens as well.

use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::super::functions::{Call, Done, Function, Type};
use super::super::limits::Fault;
use super::super::strconv::from_bytes;
use super::super::value::Value;
use super::encoding::decode_base64;

use Type::Str;

pub static FUNCTIONS: &[Function] =
    &[Function::new("encryptAES", &[Str, Str], encrypt), Function::new("decryptAES", &[Str, Str], decrypt)];

const BLOCK: usize = 16;

/// The password, cut or filled up with zeros to 32 bytes.
fn key(password: &str) -> Result<UnboundCipherKey, Fault> {
    let mut bytes = [0; 32];
    for (byte, given) in bytes.iter_mut().zip(password.bytes()) {
        *byte = given;
    }
    UnboundCipherKey::new(&AES_256, &bytes).map_err(|_| failed())
}

fn failed() -> Fault {
    "the cipher fails".into()
}

fn encrypt(call: &mut Call<'_>) -> Done {
    let (password, text) = (call.str(0), call.str(1));
    if text.is_empty() {
        return Ok(Value::str(""));
    }
    let digest =
        Sha256::new().chain_update(password.as_bytes()).chain_update([0]).chain_update(text.as_bytes()).finalize();
    let mut vector = [0; BLOCK];
    vector.copy_from_slice(&digest[..BLOCK]);
    let padding = BLOCK - text.len() % BLOCK;
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(text.len() + padding, u8::try_from(padding).unwrap_or_default());
    let cipher = EncryptingKey::cbc(key(&password)?).map_err(|_| failed())?;
    let context = EncryptionContext::Iv128(FixedLength::from(vector));
    cipher.less_safe_encrypt(&mut bytes, context).map_err(|_| failed())?;
    Ok(STANDARD.encode([vector.as_slice(), &bytes].concat()).into())
}

fn decrypt(call: &mut Call<'_>) -> Done {
    let text = call.str(1);
    if text.is_empty() {
        return Ok(Value::str(""));
    }
    let bytes = decode_base64(text.as_bytes())?;
    let Some((vector, content)) = bytes.split_first_chunk::<BLOCK>() else {
        return Err("runtime error: slice bounds out of range: it has no initialization vector".into());
    };
    let mut content = content.to_vec();
    if content.is_empty() {
        return Err("runtime error: index out of range [-1]".into());
    }
    if content.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let cipher = DecryptingKey::cbc(key(&call.str(0))?).map_err(|_| failed())?;
    let context = DecryptionContext::Iv128(FixedLength::from(*vector));
    let plain = cipher.decrypt(&mut content, context).map_err(|_| failed())?;
    let padding = plain.last().copied().map(usize::from).unwrap_or_default();
    let end =
        plain.len().checked_sub(padding).ok_or("runtime error: slice bounds out of range: it has a wrong padding")?;
    Ok(from_bytes(&plain[..end]).into())
}
