//! What a policy that an authorizer returned says of one method.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>

use serde_json::Value;

/// What a policy comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    /// By a statement that denies, which goes before all others.
    Deny,
    /// No statement is about the method.
    Nothing,
}

/// The verdict over a method's ARN; `None` where the policy is malformed.
pub fn verdict(policy: &Value, arn: &str) -> Option<Verdict> {
    let mut verdict = Verdict::Nothing;
    let statements = policy.get("Statement")?;
    for statement in several(statements) {
        let effect = statement.get("Effect")?.as_str()?;
        let invokes = |action: &str| {
            ["execute-api:Invoke", "execute-api:*", "*"].iter().any(|it| it.eq_ignore_ascii_case(action))
        };
        let is_meant = several(statement.get("Action")?).iter().filter_map(Value::as_str).any(invokes)
            && several(statement.get("Resource")?).iter().filter_map(Value::as_str).any(|pattern| fits(pattern, arn));
        match effect {
            "Deny" if is_meant => return Some(Verdict::Deny),
            "Allow" if is_meant => verdict = Verdict::Allow,
            "Allow" | "Deny" => {}
            _ => return None,
        }
    }
    Some(verdict)
}

fn several(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// Whether a text fits a pattern with `*` for any characters and `?` for one.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            _ => {
                let Some((back, taken)) = star else { return false };
                star = Some((back, taken + 1));
                (at, in_text) = (back + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/orders/7";

    #[rstest]
    #[case::exact(json!(ARN), true)]
    #[case::all(json!("*"), true)]
    #[case::method(json!("arn:aws:execute-api:*:*:abc/prod/GET/*"), true)]
    #[case::another_method(json!("arn:aws:execute-api:*:*:abc/prod/POST/*"), false)]
    #[case::one_of_several(json!(["x", "*/orders/?"]), true)]
    #[case::too_short(json!("*/orders"), false)]
    fn a_resource_may_have_wildcards(#[case] resource: Value, #[case] fits: bool) {
        let policy =
            json!({ "Statement": [{ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource }] });
        assert_eq!(verdict(&policy, ARN), Some(if fits { Verdict::Allow } else { Verdict::Nothing }));
    }

    #[test]
    fn a_denial_goes_before_all_and_no_statement_is_none() {
        let statement = |effect: &str| json!({ "Action": ["execute-api:*"], "Effect": effect, "Resource": "*" });
        let policy = json!({ "Statement": [statement("Allow"), statement("Deny")] });
        assert_eq!(verdict(&policy, ARN), Some(Verdict::Deny));
        assert_eq!(verdict(&json!({ "Statement": [] }), ARN), Some(Verdict::Nothing));
        assert_eq!(verdict(&json!({ "Statement": [statement("Perhaps")] }), ARN), None);
        assert_eq!(verdict(&json!({}), ARN), None);
    }
}
