//! What one value is compared with.

use std::net::IpAddr;

use serde_json::Value;

use super::text::TextTest;

/// Numbers of `numeric` lie within plus and minus this, and it matches no number beyond.
pub(super) const MAX_NUMBER: f64 = 5.0e9;

#[derive(Clone, Debug)]
pub(super) enum Comparison {
    /// The same JSON value: a string, a number as it is written, `true`, `false` or `null`.
    Exact(Value),
    Text(TextTest),
    /// None of these values.
    NoneOf(Vec<Value>),
    /// None of these tests holds.
    NoText(Vec<TextTest>),
    /// All of these hold.
    Numeric(Vec<(Order, f64)>),
    Cidr(Network),
    Exists(bool),
}

impl Comparison {
    /// Whether a value that is there (and neither an object nor an array) matches.
    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Exact(wanted) => wanted == value,
            Self::Text(test) => value.as_str().is_some_and(|text| test.holds(text)),
            Self::NoneOf(values) => !values.iter().any(|unwanted| same(unwanted, value)),
            Self::NoText(tests) => !value.as_str().is_some_and(|text| tests.iter().any(|test| test.holds(text))),
            Self::Numeric(bounds) => value.as_f64().is_some_and(|number| {
                number.abs() <= MAX_NUMBER && bounds.iter().all(|(order, bound)| order.holds(number, *bound))
            }),
            Self::Cidr(network) => {
                value.as_str().and_then(|text| text.parse().ok()).is_some_and(|address| network.contains(address))
            }
            Self::Exists(wanted) => *wanted,
        }
    }

    /// Whether it holds where there is no value at all.
    pub fn wants_absence(&self) -> bool {
        matches!(self, Self::Exists(false))
    }
}

/// Equality with numbers compared by value, as `anything-but` does.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Order {
    pub fn parse(sign: &str) -> Option<Self> {
        Some(match sign {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    /// Whether it bounds from below.
    pub fn is_lower(self) -> bool {
        matches!(self, Self::Greater | Self::AtLeast)
    }

    /// Whether it bounds from above.
    pub fn is_upper(self) -> bool {
        matches!(self, Self::Less | Self::AtMost)
    }

    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => number == bound,
            Self::Less => number < bound,
            Self::AtMost => number <= bound,
            Self::Greater => number > bound,
            Self::AtLeast => number >= bound,
        }
    }
}

/// A block of IP addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads `10.0.0.0/24` or `2001:db8::/32`, or says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((ip, bits)) = text.split_once('/').filter(|(_, bits)| !bits.contains('/')) else {
            return Err("Malformed CIDR, one '/' required".to_owned());
        };
        let Ok(bits) = bits.parse::<i32>() else {
            return Err("Malformed CIDR, mask bits must be an integer".to_owned());
        };
        let Ok(bits) = u32::try_from(bits) else {
            return Err("Malformed CIDR, mask bits must not be negative".to_owned());
        };
        let Ok(address) = ip.parse::<IpAddr>() else { return Err(format!("Nonstandard IP address: {ip}")) };
        match address {
            IpAddr::V4(_) if bits > 31 => Err("IPv4 mask bits must be < 32".to_owned()),
            IpAddr::V6(_) if bits > 127 => Err("IPv6 mask bits must be < 128".to_owned()),
            _ => Ok(Self { address, bits }),
        }
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= self.bits
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= self.bits
            }
            _ => false,
        }
    }
}
