//! What one value is compared with.

use std::net::IpAddr;

use serde_json::Value;

use super::text::TextTest;

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
            Self::Numeric(bounds) => {
                value.as_f64().is_some_and(|number| bounds.iter().all(|(order, bound)| order.holds(number, *bound)))
            }
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
    /// Reads `10.0.0.0/24` or `2001:db8::/32`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let network = Self { address: address.parse().ok()?, bits: bits.parse().ok()? };
        let width = if network.address.is_ipv4() { 32 } else { 128 };
        (network.bits < width).then_some(network)
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
