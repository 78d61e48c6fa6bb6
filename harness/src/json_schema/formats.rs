//! The values of `format` that are looked at; all others only describe.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::json;

/// What is wrong with a text of a format.
pub fn fault(format: &str, text: &str) -> Option<String> {
    let quoted = json!(text);
    let (is_valid, message) = match format {
        "date-time" => (
            is_time(text),
            format!(
                "string {quoted} is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{{1,12}}Z]"
            ),
        ),
        "email" => (is_mail(text), format!("string {quoted} is not a valid email address")),
        "hostname" => (is_host(text), format!("string {quoted} is not a valid hostname")),
        "ipv4" => (text.parse::<Ipv4Addr>().is_ok(), format!("string {quoted} is not a valid IPv4 address")),
        "ipv6" => (text.parse::<Ipv6Addr>().is_ok(), format!("string {quoted} is not a valid IPv6 address")),
        "uri" => (is_uri(text), format!("string {quoted} is not a valid URI")),
        _ => return None,
    };
    (!is_valid).then_some(message)
}

fn is_time(text: &str) -> bool {
    text.contains('T') && text.parse::<jiff::Timestamp>().is_ok()
}

fn is_mail(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    text.rsplit_once('@').is_some_and(|(name, host)| is_part(name) && !name.contains('@') && is_host(host))
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(is_letter)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_uri(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn a_format_takes_what_it_names() {
        for (format, valid, invalid) in [
            ("date-time", "2026-01-01T00:00:00Z", "2026-01-01"),
            ("date-time", "2026-01-01T00:00:00.123+01:00", "2026-13-01T00:00:00Z"),
            ("email", "a.b@shop.example", "a b@shop.example"),
            ("hostname", "api.example.com", "-a.example"),
            ("ipv4", "192.0.2.1", "192.0.2.256"),
            ("ipv6", "2001:db8::1", "2001:db8"),
            ("uri", "https://a.example/b?c=d", "a b"),
        ] {
            assert_eq!(fault(format, valid), None, "{format}");
            assert!(fault(format, invalid).is_some(), "{format}: {invalid}");
        }
        assert_eq!(fault("uuid", "anything"), None);
    }
}
