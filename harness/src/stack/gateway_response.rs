//! How a REST API words its own errors.

use super::Source;

/// How a REST API words one type of its own errors.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayResponse {
    /// Such as `UNAUTHORIZED` or `DEFAULT_4XX`.
    pub response_type: String,
    pub status: Option<u16>,
    pub headers: Vec<(String, Source)>,
    /// The body by content type, in which variables are filled in.
    pub templates: Vec<(String, String)>,
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    Text(&'t str),
    /// Such as `context.error.message`, written `$context.error.message` or in braces.
    Variable(&'t str),
}

/// The pieces of a gateway response's template, which has variables and nothing that computes.
pub fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        let is_braced = after.starts_with('{');
        let body = &after[usize::from(is_braced)..];
        let end = body.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(body.len());
        // What ends a sentence is not part of a name.
        let name = body[..end].trim_end_matches(['.', '-']);
        let left = &body[name.len()..];
        let is_variable = name.starts_with(|c: char| c.is_ascii_alphabetic()) && (!is_braced || left.starts_with('}'));
        if is_variable {
            pieces.extend([Piece::Text(before), Piece::Variable(name)]);
            rest = &left[usize::from(is_braced)..];
        } else {
            pieces.push(Piece::Text(&rest[..=before.len()]));
            rest = after;
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};

    #[test]
    fn a_template_is_texts_and_variables() {
        let variables = |template: &str| {
            let of = |piece: Piece<'_>| if let Piece::Variable(name) = piece { Some(name.to_owned()) } else { None };
            pieces(template).into_iter().filter_map(of).collect::<Vec<_>>()
        };
        assert_eq!(
            variables(r#"{"m": $context.error.messageString, "id": "$context.requestId."}"#),
            ["context.error.messageString", "context.requestId"]
        );
        assert_eq!(variables("${stageVariables.a}$context.b"), ["stageVariables.a", "context.b"]);
        assert_eq!(variables("$ 5, $5, ${a, $"), Vec::<String>::new());
        let texts = |template: &str| {
            let text = |piece: Piece<'_>| if let Piece::Text(text) = piece { text.to_owned() } else { "<>".to_owned() };
            pieces(template).into_iter().map(text).collect::<String>()
        };
        assert_eq!(texts("a $5 ${b} c$"), "a $5 <> c$");
    }
}
