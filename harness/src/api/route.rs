//! Which route serves a request: the most specific path wins, and on one path a method wins over `ANY`.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::stack::{ApiKind, Route};

/// The route of a request and the values of its path parameters.
///
/// A REST API chooses the path first, and then has no other if that lacks the method. It passes over a slash at
/// the end, which is a difference to an HTTP API.
pub fn find<'r>(
    kind: ApiKind,
    routes: &'r [Route],
    method: &str,
    path: &str,
) -> Option<(&'r Route, BTreeMap<String, String>)> {
    let on_path = || routes.iter().filter_map(|route| Some((route, parameters(kind, &route.path, path)?)));
    let best_path = on_path().map(|(route, _)| specificity(&route.path)).max()?;
    on_path()
        .filter(|(route, _)| kind == ApiKind::Http || specificity(&route.path) == best_path)
        .filter(|(route, _)| route.method == "ANY" || route.method.eq_ignore_ascii_case(method))
        .max_by_key(|(route, _)| (specificity(&route.path), route.method != "ANY"))
}

/// The path parameters' values, where the path fits the template.
fn parameters(kind: ApiKind, template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    if template == "$default" {
        return Some(BTreeMap::new());
    }
    let mut values = BTreeMap::new();
    let mut segments = segments(kind, path);
    for part in self::segments(kind, template) {
        match parameter(part) {
            Some(name) if name.ends_with('+') => {
                let rest: Vec<&str> = segments.by_ref().collect();
                let rest = rest.join("/");
                if rest.is_empty() {
                    return None;
                }
                values.insert(name.trim_end_matches('+').to_owned(), decode(&rest));
            }
            Some(name) => {
                let value = segments.next().filter(|segment| !segment.is_empty())?;
                values.insert(name.to_owned(), decode(value));
            }
            None if segments.next() == Some(part) => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(values)
}

fn segments(kind: ApiKind, path: &str) -> std::str::Split<'_, char> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = if kind == ApiKind::Rest { path.strip_suffix('/').unwrap_or(path) } else { path };
    path.split('/')
}

fn parameter(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// Segment by segment: fixed text before a parameter, a parameter before a greedy one, all before `$default`.
fn specificity(template: &str) -> Vec<u8> {
    if template == "$default" {
        return Vec::new();
    }
    let rank = |part: &str| match parameter(part) {
        Some(name) if name.ends_with('+') => 1,
        Some(_) => 2,
        None => 3,
    };
    template.trim_matches('/').split('/').map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{Integration, Mock};
    use rstest::rstest;

    fn routes() -> Vec<Route> {
        [
            ("GET", "/orders"),
            ("POST", "/orders"),
            ("GET", "/orders/{id}"),
            ("GET", "/orders/latest"),
            ("ANY", "/orders/{id}"),
            ("ANY", "/files/{path+}"),
            ("ANY", "$default"),
        ]
        .map(|(method, path)| {
            let mock = Mock { status: 200, headers: Vec::new(), body: String::new() };
            Route::new(method, path, Integration::Mock(mock))
        })
        .to_vec()
    }

    #[rstest]
    #[case("GET", "/orders", "GET /orders", &[])]
    #[case("GET", "/orders/42", "GET /orders/{id}", &[("id", "42")])]
    #[case("GET", "/orders/a%20b", "GET /orders/{id}", &[("id", "a b")])]
    #[case("GET", "/orders/latest", "GET /orders/latest", &[])]
    #[case("PUT", "/orders/42", "ANY /orders/{id}", &[("id", "42")])]
    #[case("GET", "/files/a/b.txt", "ANY /files/{path+}", &[("path", "a/b.txt")])]
    #[case("GET", "/nothing", "ANY $default", &[])]
    fn the_most_specific_route_wins(
        #[case] method: &str,
        #[case] path: &str,
        #[case] expected: &str,
        #[case] values: &[(&str, &str)],
    ) {
        let routes = routes();
        let (route, found) = find(ApiKind::Http, &routes, method, path).expect("$default takes everything");
        assert_eq!(format!("{} {}", route.method, route.path), expected);
        assert_eq!(found, values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
    }

    #[test]
    fn a_rest_api_chooses_the_path_before_the_method() {
        let routes = routes();
        let found = |kind| find(kind, &routes[..3], "POST", "/orders/42").map(|(route, _)| route.path.clone());
        assert_eq!((found(ApiKind::Rest), found(ApiKind::Http)), (None, None));
        let found = |kind| find(kind, &routes, "PUT", "/orders/latest").map(|(route, _)| route.path.clone());
        assert_eq!((found(ApiKind::Rest), found(ApiKind::Http)), (None, Some("/orders/{id}".to_owned())));
    }

    #[rstest]
    #[case::rest(ApiKind::Rest, Some("/orders"), Some("a/b"))]
    #[case::http(ApiKind::Http, None, Some("a/b/"))]
    fn a_slash_at_the_end_counts_on_an_http_api_only(
        #[case] kind: ApiKind,
        #[case] path: Option<&str>,
        #[case] greedy: Option<&str>,
    ) {
        let routes = &routes()[..6];
        assert_eq!(find(kind, routes, "GET", "/orders/").map(|(route, _)| route.path.as_str()), path);
        let rest = find(kind, routes, "GET", "/files/a/b/").and_then(|(_, values)| values.get("path").cloned());
        assert_eq!(rest.as_deref(), greedy);
    }

    #[test]
    fn without_a_default_route_nothing_else_matches() {
        assert_eq!(find(ApiKind::Http, &routes()[..3], "DELETE", "/orders"), None);
    }
}
