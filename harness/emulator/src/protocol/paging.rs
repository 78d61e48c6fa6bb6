//! Pages of a list, with the token that asks for the next one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The page of at most `limit` items that `token` asks for (the first, where there is none), and the token
/// of the next page. `None` where the token was never handed out.
pub fn page<T>(items: Vec<T>, token: Option<&str>, limit: usize) -> Option<(Vec<T>, Option<String>)> {
    let start = match token {
        None => 0,
        Some(token) => String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?.parse().ok()?,
    };
    let end = start + limit;
    let next = (end < items.len()).then(|| URL_SAFE_NO_PAD.encode(end.to_string()));
    Some((items.into_iter().skip(start).take(limit).collect(), next))
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn tokens_lead_through_the_whole_list() {
        let (mut seen, mut token) = (Vec::new(), None);
        loop {
            let (items, next) = page((0..5).collect(), token.as_deref(), 2).expect("the token was handed out");
            seen.push(items);
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(page(vec![1], Some("never handed out"), 2), None);
    }
}
