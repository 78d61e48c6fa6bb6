//! `Fn::Cidr`, `Fn::GetAZs`, `Fn::ImportValue`, and what `AWS::LanguageExtensions` adds: `Fn::Length` and
//! `Fn::ToJsonString`. Each answers `None` only once what is wrong is reported.

use std::net::IpAddr;

use super::call::Call;
use super::intrinsic::Evaluator;
use super::report::{has_reported, is_reported, list_at, text_at};
use crate::yaml::Node;

impl Evaluator<'_> {
    /// The first blocks of a size in a block of addresses.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html>
    pub(super) fn cidr(&mut self, call: &Call<'_>) -> Option<Node> {
        let form = "[block, count, bits]";
        let arguments = call.argument.sequence().filter(|arguments| (2..=3).contains(&arguments.len()));
        let Some(arguments) = arguments else {
            self.report.error(&call.span, format!("`Fn::Cidr` must be written as `{form}`"));
            return None;
        };
        let texts: Option<Vec<String>> =
            arguments.iter().map(|node| self.scalar(node, "an argument of `Fn::Cidr`")).collect();
        let texts = texts?;
        let bits = texts.get(2).map_or("8", String::as_str);
        match blocks(&texts[0], &texts[1], bits) {
            Ok(blocks) => Some(list_at(&call.span, blocks.iter().map(|block| text_at(&call.span, block)).collect())),
            Err(reason) => {
                self.report.error(&call.span, format!("`Fn::Cidr` cannot be evaluated: {reason}"));
                None
            }
        }
    }

    /// The zones of a region. Each is taken to have three, as most have for most accounts.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html>
    pub(super) fn availability_zones(&mut self, call: &Call<'_>) -> Option<Node> {
        let region = self.scalar(&call.argument, "the region")?;
        let region = if region.is_empty() { self.naming.region.clone() } else { region };
        let zones = ["a", "b", "c"].map(|zone| text_at(&call.span, format!("{region}{zone}")));
        Some(list_at(&call.span, zones.into()))
    }

    /// What another stack exports: of those that are read before this one.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html>
    pub(super) fn import(&mut self, call: &Call<'_>) -> Option<Node> {
        let name = self.scalar(&call.argument, "the name of an export")?;
        if let Some(value) = self.report.exported(&name) {
            return Some(text_at(&call.span, value));
        }
        let exports = self.report.export_names();
        let problem = self.report.unsimulated(&call.span, "no template that is read before this one has this export");
        problem.label(format!("`Fn::ImportValue` of `{name}`"));
        problem
            .help("name the template that exports it before this one: `template: [exports.yaml, imports.yaml]`")
            .did_you_mean(&name, exports.iter().map(String::as_str));
        None
    }

    /// How many members a list has.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-length.html>
    pub(super) fn length(&mut self, call: &Call<'_>) -> Option<Node> {
        self.needs_extensions("`Fn::Length`", &call.span)?;
        let value = self.value(&call.argument);
        match value.sequence() {
            Some(members) => Some(text_at(&call.span, members.len().to_string())),
            None if is_reported(&value) => None,
            None => {
                self.report.error(&call.span, format!("`Fn::Length` needs a list here, not {}", value.kind()));
                None
            }
        }
    }

    /// A list or mapping as JSON text.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ToJsonString.html>
    pub(super) fn json_string(&mut self, call: &Call<'_>) -> Option<Node> {
        self.needs_extensions("`Fn::ToJsonString`", &call.span)?;
        let value = self.value(&call.argument);
        if has_reported(&value) {
            return None;
        }
        if value.sequence().is_none() && value.mapping().is_none() {
            let message = format!("`Fn::ToJsonString` needs a list or mapping here, not {}", value.kind());
            self.report.error(&call.span, message);
            return None;
        }
        Some(text_at(&call.span, value.to_json().to_string()))
    }
}

/// The first `count` blocks of `2^bits` addresses in a block.
fn blocks(block: &str, count: &str, bits: &str) -> Result<Vec<String>, String> {
    let (address, prefix) = block.split_once('/').ok_or_else(|| format!("`{block}` is not a CIDR block"))?;
    let address: IpAddr = address.parse().map_err(|_| format!("`{block}` is not a CIDR block"))?;
    let (width, first) = match address {
        IpAddr::V4(address) => (32, u128::from(address.to_bits())),
        IpAddr::V6(address) => (128, address.to_bits()),
    };
    let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= width).ok_or("the prefix is not a length")?;
    let count: u128 = count.parse().ok().filter(|count| (1..=256).contains(count)).ok_or("the count is 1 to 256")?;
    let bits: u32 = bits.parse().ok().filter(|bits| *bits >= 1).ok_or("the number of bits is 1 or more")?;
    let room = width - prefix;
    if bits > room || room - bits < 128 && count > 1 << (room - bits) {
        return Err(format!("`{block}` has no room for {count} blocks of {bits} bits"));
    }
    let network = if room == 128 { 0 } else { first >> room << room };
    let block = |index: u128| {
        let start = network + if index == 0 { 0 } else { index << bits };
        let start = match u32::try_from(start).ok().filter(|_| width == 32) {
            Some(bits) => IpAddr::from(bits.to_be_bytes()),
            None => IpAddr::from(start.to_be_bytes()),
        };
        format!("{start}/{}", width - bits)
    };
    Ok((0..count).map(block).collect())
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn blocks_are_cut_from_the_start() {
        for (block, count, bits, expected) in [
            (
                "192.168.0.0/24",
                "6",
                "5",
                "192.168.0.0/27 192.168.0.32/27 192.168.0.64/27 192.168.0.96/27 192.168.0.128/27 192.168.0.160/27",
            ),
            ("10.0.77.1/16", "2", "8", "10.0.0.0/24 10.0.1.0/24"),
            ("0.0.0.0/0", "1", "32", "0.0.0.0/0"),
            ("2001:db8::/56", "2", "64", "2001:db8::/64 2001:db8:0:1::/64"),
            ("::/0", "1", "128", "::/0"),
        ] {
            assert_eq!(blocks(block, count, bits).expect(block).join(" "), expected);
        }
        for (block, count, bits) in [
            ("10.0.0.0", "1", "8"),
            ("10.0.0.0/33", "1", "8"),
            ("10.0.0.0/24", "2", "8"),
            ("10.0.0.0/8", "257", "8"),
            ("x/8", "1", "8"),
        ] {
            assert!(blocks(block, count, bits).is_err(), "{block} {count} {bits}");
        }
    }
}
