//! Custom domain names of APIs, and which API each path below them leads to.

/// A custom domain name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Such as `api.example.com`; `*.example.com` stands for all names with one more label.
    pub name: String,
    pub mappings: Vec<DomainMapping>,
}

/// A part of a domain that leads to an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainMapping {
    /// What paths begin with, without slashes around it: `v1` or `shop/v1`; empty for all.
    pub base_path: String,
    /// The API's id.
    pub api: String,
    /// None where the path names the stage behind the base path.
    pub stage: Option<String>,
}

impl Domain {
    /// Whether requests to a host are for the domain.
    pub fn is(&self, host: &str) -> bool {
        let one_label = |label: &str| !label.is_empty() && !label.contains('.');
        match self.name.strip_prefix('*') {
            Some(end) => host.to_lowercase().strip_suffix(&end.to_lowercase()).is_some_and(one_label),
            None => self.name.eq_ignore_ascii_case(host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Domain;

    #[test]
    fn a_wildcard_domain_stands_for_names_with_one_more_label() {
        let is = |name: &str, host: &str| Domain { name: name.to_owned(), mappings: Vec::new() }.is(host);
        assert!(is("api.example.com", "API.example.com") && is("*.example.com", "a.example.com"));
        assert!(!is("api.example.com", "example.com") && !is("*.example.com", "example.com"));
        assert!(!is("*.example.com", "a.b.example.com"));
    }
}
