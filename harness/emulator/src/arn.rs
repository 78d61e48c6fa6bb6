//! Amazon Resource Names.

/// The parts of `arn:partition:service:region:account:resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    /// What comes after the account: `queue`, `function:name`, `rule/bus/name`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Takes an ARN apart; `None` where the text is not one.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (scheme, _partition) = (parts.next()?, parts.next()?);
        let arn =
            Self { service: parts.next()?, region: parts.next()?, account: parts.next()?, resource: parts.next()? };
        (scheme == "arn" && !arn.service.is_empty()).then_some(arn)
    }
}
