//! Which addresses a service may have. A name that a service declares can be pointed anywhere by whoever runs its DNS:
//! so each address is looked at, at each hop, and the connection goes to the one that was looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use async_trait::async_trait;

use crate::error::{Error, Result};

/// What an address is, as far as we need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere on the internet.
    Public,
    /// In a private network, or this machine: only where `idp.yaml` says so.
    Private,
    /// Never a service: link-local (where clouds hand out credentials), multicast, unspecified, reserved.
    Never,
}

/// What this address is, by the IANA special-purpose registries.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        // Alibaba Cloud's metadata service is within the carriers' shared range.
        _ if address == Ipv4Addr::new(100, 100, 100, 200) => Reach::Never,
        (127, ..) | (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) | (198, 18..=19, _) => {
            Reach::Private
        }
        (0, ..) | (169, 254, _) | (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (224..=255, ..) => Reach::Never,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if let Some(inner) = address.to_ipv4_mapped() {
        return reach_v4(inner);
    }
    let s = address.segments();
    let embedded = |high: u16, low: u16| reach_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match s {
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Private,
        [0, 0, 0, 0, 0, 0, ..] => Reach::Never,
        // NAT64 and 6to4 hold an IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Amazon's metadata service is a unique local address.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Reach::Never,
        [0xfc00..=0xfdff, ..] => Reach::Private,
        [0x2001, 0xdb8, ..] | [0x2001, 0..=0x1ff, ..] | [0x100, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] => Reach::Never,
        // Global unicast is 2000::/3; all else is link-local, multicast or nobody's.
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never,
    }
}

/// Turns names into addresses.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The addresses of a host, at that port.
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>>;
}

/// The system's.
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}

/// The addresses of a service's host, all of which must be allowed: a name that has an allowed and a forbidden one is
/// not to be trusted with either.
pub async fn checked(
    resolver: &dyn Resolver,
    service: &str,
    host: &str,
    port: u16,
    allow_private: bool,
) -> Result<Vec<SocketAddr>> {
    let addresses = match host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => resolver.resolve(host, port).await.map_err(|error| {
            Error::failed("idp::http::connect", format!("can't find {host} of the service `{service}`: {error}"))
        })?,
    };
    if addresses.is_empty() {
        return Err(Error::failed("idp::http::connect", format!("{host} of the service `{service}` has no address")));
    }
    for address in &addresses {
        let what = match reach(address.ip()) {
            Reach::Public => continue,
            Reach::Private if allow_private => continue,
            Reach::Private => "in a private network",
            Reach::Never => "never that of a service",
        };
        let message = format!("{host} of the service `{service}` has the address {}, which is {what}", address.ip());
        let error = Error::denied("idp::http::address", message);
        return Err(match reach(address.ip()) {
            Reach::Private => {
                error.help(format!("if that is meant, set http.{service}.allow_private: true in idp.yaml"))
            }
            _ => error.help("no setting allows it: name another host in idp.yaml"),
        });
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        for (address, expected) in [
            ("93.184.216.34", Reach::Public),
            ("2606:2800:220:1::1", Reach::Public),
            ("127.0.0.1", Reach::Private),
            ("127.8.8.8", Reach::Private),
            ("10.1.2.3", Reach::Private),
            ("172.31.255.255", Reach::Private),
            ("172.32.0.1", Reach::Public),
            ("192.168.0.1", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("169.254.169.254", Reach::Never),
            ("100.100.100.200", Reach::Never),
            ("0.0.0.0", Reach::Never),
            ("255.255.255.255", Reach::Never),
            ("224.0.0.1", Reach::Never),
            ("::1", Reach::Private),
            ("::", Reach::Never),
            ("fd12:3456::1", Reach::Private),
            ("fd00:ec2::254", Reach::Never),
            ("fe80::1", Reach::Never),
            ("ff02::1", Reach::Never),
            ("::ffff:127.0.0.1", Reach::Private),
            ("::ffff:169.254.169.254", Reach::Never),
            ("64:ff9b::a9fe:a9fe", Reach::Never),
            ("64:ff9b::7f00:1", Reach::Private),
            ("2002:7f00:1::", Reach::Private),
            ("::127.0.0.1", Reach::Never),
            ("2001:db8::1", Reach::Never),
        ] {
            assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
        }
    }
}
