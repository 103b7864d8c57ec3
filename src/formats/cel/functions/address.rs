//! Addresses and networks: `ip`, `cidr` and what they can be asked.
//! As k8s.io/apiserver v0.36, pkg/cel/library/{ip,cidr}.go, and Go's net/netip.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::tree::Native;
use super::super::value::{Outcome, Trouble, Value, error, no_overload};

/// A network: an address and how many of its bits count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Network {
    address: IpAddr,
    bits: u8,
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Network {
    /// The address with the bits that don't count set to zero.
    fn masked(&self) -> Network {
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        };
        Network { address, bits: self.bits }
    }

    /// How many bytes of the address count.
    pub(in super::super) fn bytes(&self) -> u64 {
        u64::from(self.bits).div_ceil(8)
    }

    fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4()
            && Network { address, bits: self.bits }.masked().address == self.masked().address
    }
}

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "ip" => |args| match args {
            [Value::Text(text)] => Ok(Value::Address(address(text)?)),
            [Value::Network(network)] => Ok(Value::Address(network.address)),
            _ => Err(no_overload()),
        },
        "isIP" => |args| match args {
            [Value::Text(text)] => Ok(Value::Bool(address(text).is_ok())),
            _ => Err(no_overload()),
        },
        "ip.isCanonical" => |args| match args {
            [Value::Text(text)] => Ok(Value::Bool(address(text)?.to_string() == **text)),
            _ => Err(no_overload()),
        },
        "family" => |args| match args {
            [Value::Address(address)] => Ok(Value::Int(if address.is_ipv4() { 4 } else { 6 })),
            _ => Err(no_overload()),
        },
        "isUnspecified" => |args| asked(args, |address| address.is_unspecified()),
        "isLoopback" => |args| asked(args, |address| address.is_loopback()),
        "isLinkLocalMulticast" => |args| asked(args, link_local_multicast),
        "isLinkLocalUnicast" => |args| asked(args, link_local_unicast),
        "isGlobalUnicast" => |args| asked(args, global_unicast),
        "cidr" => |args| match args {
            [Value::Text(text)] => Ok(Value::Network(network(text)?)),
            _ => Err(no_overload()),
        },
        "isCIDR" => |args| match args {
            [Value::Text(text)] => Ok(Value::Bool(network(text).is_ok())),
            _ => Err(no_overload()),
        },
        "containsIP" => |args| match args {
            [Value::Network(outer), Value::Address(address)] => Ok(Value::Bool(outer.contains(*address))),
            [Value::Network(outer), Value::Text(text)] => Ok(Value::Bool(outer.contains(address(text)?))),
            _ => Err(no_overload()),
        },
        "containsCIDR" => |args| match args {
            [Value::Network(outer), Value::Network(inner)] => Ok(Value::Bool(holds(outer, inner))),
            [Value::Network(outer), Value::Text(text)] => Ok(Value::Bool(holds(outer, &network(text)?))),
            _ => Err(no_overload()),
        },
        "prefixLength" => |args| match args {
            [Value::Network(network)] => Ok(Value::Int(i64::from(network.bits))),
            _ => Err(no_overload()),
        },
        "masked" => |args| match args {
            [Value::Network(network)] => Ok(Value::Network(network.masked())),
            _ => Err(no_overload()),
        },
        _ => return None,
    })
}

fn asked<'a>(args: &[Value<'a>], question: fn(&IpAddr) -> bool) -> Outcome<'a> {
    match args {
        [Value::Address(address)] => Ok(Value::Bool(question(address))),
        _ => Err(no_overload()),
    }
}

fn link_local_multicast(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[..3] == [224, 0, 0],
        IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
    }
}

fn link_local_unicast(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.segments()[0] & 0xffc0 == 0xfe80,
    }
}

fn global_unicast(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !(broadcast
        || address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || link_local_unicast(address))
}

fn holds(outer: &Network, inner: &Network) -> bool {
    outer.bits <= inner.bits && outer.contains(inner.address)
}

fn address(text: &str) -> Result<IpAddr, Trouble> {
    if text.contains('%') && text.contains(':') {
        return Err(error(format!("IP address {text:?} with zone value is not allowed")));
    }
    let address: IpAddr = text.parse().map_err(|_| {
        error(format!(
            "IP Address {text:?} parse error during conversion from string: ParseAddr({text:?}): {}",
            why(text)
        ))
    })?;
    if mapped(&address) {
        return Err(error(format!("IPv4-mapped IPv6 address {text:?} is not allowed")));
    }
    Ok(address)
}

/// What Go says is wrong with an address, in short.
fn why(text: &str) -> &'static str {
    match text {
        text if text.contains(':') => "unexpected character",
        text if text.contains('.') => "IPv4 field has value >255",
        _ => "unable to parse IP",
    }
}

fn mapped(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some())
}

fn network(text: &str) -> Result<Network, Trouble> {
    let wrong = |why: &str| {
        error(format!(
            "network address parse error during conversion from string: network address parse error during \
             conversion from string: netip.ParsePrefix({text:?}): {why}"
        ))
    };
    let (address, bits) = text.rsplit_once('/').ok_or_else(|| wrong("no '/'"))?;
    if address.contains('%') {
        return Err(wrong("IPv6 zones cannot be present in a prefix"));
    }
    let address: IpAddr = address.parse().map_err(|_| wrong(&format!("ParseAddr({address:?}): {}", why(address))))?;
    let digits =
        !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit()) && !(bits.len() > 1 && bits.starts_with('0'));
    let most = if address.is_ipv4() { 32 } else { 128 };
    let number = bits.parse::<u8>().ok().filter(|_| digits);
    let Some(number) = number else { return Err(wrong(&format!("bad bits after slash: {bits:?}"))) };
    if number > most {
        return Err(wrong("prefix length out of range"));
    }
    if mapped(&address) {
        return Err(error(format!(
            "network address parse error during conversion from string: IPv4-mapped IPv6 address {text:?} is not allowed"
        )));
    }
    Ok(Network { address, bits: number })
}
