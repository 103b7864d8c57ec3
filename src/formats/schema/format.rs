//! The formats that the API server knows, each as strict and as lenient as its own check.

use super::node::Type;
use super::text;

/// What a schema's `format` asks for, if the API server knows it for the type.
#[derive(Debug, Clone)]
pub(super) struct Format {
    /// As the schema has it, since messages repeat it.
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Int32,
    Int64,
    Float,
    Double,
    Text(fn(&str) -> bool),
}

impl Format {
    /// The format of a custom resource's field: others than these are ignored, whatever they say.
    pub(super) fn of_custom(name: &str, types: &[Type]) -> Option<Format> {
        let kind = match types {
            // Two types count as none, as for int-or-string.
            [Type::String] | [] | [_, _, ..] => Kind::Text(known(&name.replace('-', ""))?),
            [Type::Integer] => integer(name)?,
            [Type::Number] if name == "float" => Kind::Float,
            [Type::Number] if name == "double" => Kind::Double,
            _ => return None,
        };
        Some(Format { name: name.to_string(), kind })
    }

    /// The format of a field of Kubernetes itself: what its Go type reads.
    pub(super) fn of_built_in(name: &str, types: &[Type]) -> Option<Format> {
        let kind = match types {
            [Type::Integer] => integer(name)?,
            [Type::String] if name == "byte" => Kind::Text(text::is_base64_of_go),
            [Type::String] if name == "date-time" => Kind::Text(super::time::is_rfc3339),
            _ => return None,
        };
        Some(Format { name: name.to_string(), kind })
    }
}

fn integer(name: &str) -> Option<Kind> {
    match name {
        "int32" => Some(Kind::Int32),
        "int64" => Some(Kind::Int64),
        _ => None,
    }
}

/// The check of a format by its name without dashes.
fn known(name: &str) -> Option<fn(&str) -> bool> {
    Some(match name {
        "bsonobjectid" => text::is_object_id,
        "uri" => super::uri::is_request_uri,
        "email" => super::email::is_address,
        "hostname" => text::is_hostname,
        "ipv4" => text::is_ipv4,
        "ipv6" => text::is_ipv6,
        "cidr" => text::is_cidr,
        "mac" => text::is_mac,
        "uuid" => |text| text::is_uuid(text, None),
        "uuid3" => |text| text::is_uuid(text, Some('3')),
        "uuid4" => |text| text::is_uuid(text, Some('4')),
        "uuid5" => |text| text::is_uuid(text, Some('5')),
        "isbn" => |text| text::is_isbn10(text) || text::is_isbn13(text),
        "isbn10" => text::is_isbn10,
        "isbn13" => text::is_isbn13,
        "creditcard" => text::is_credit_card,
        "ssn" => text::is_social_security_number,
        "hexcolor" => text::is_hex_color,
        "rgbcolor" => text::is_rgb_color,
        "byte" => text::is_base64,
        "password" => |_| true,
        "date" => super::time::is_date,
        "duration" => super::time::is_duration,
        "datetime" => super::time::is_date_time,
        "k8sshortname" => text::is_short_name,
        "k8slongname" => text::is_long_name,
        _ => return None,
    })
}
