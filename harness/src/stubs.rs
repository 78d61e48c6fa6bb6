//! Other systems that a workflow sends HTTP requests to: what the scenario says that they answer, and what they were
//! asked. Both by host, as [`host`] calls it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use rehearsal_emulator::Refused;
use rehearsal_emulator::protocol::{Reply, Request};
use serde_json::Value;

use crate::matching::matches;
use crate::scenario::{Named, RequestExpect, Respond, Stub, StubResponse, host};

/// The stubs of one replay.
#[derive(Debug, Default)]
pub struct Stubs(RefCell<BTreeMap<String, Host>>);

#[derive(Debug, Default)]
struct Host {
    /// Each answer with how often it may still be given.
    answers: Vec<(Stub, Option<u32>)>,
    asked: Vec<Asked>,
}

/// A request that a host was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What a stub does with a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How long it takes.
    pub delay: Duration,
    pub reply: Result<Reply, Refused>,
    /// That no answer was foreseen for the request.
    pub unforeseen: Option<String>,
}

impl Stubs {
    /// Puts the scenario's stubs in place.
    pub fn set(&self, given: &[Named<Vec<Stub>>]) {
        let answers = |stubs: &[Stub]| stubs.iter().map(|stub| (stub.clone(), stub.times.map(Into::into))).collect();
        let host = |named: &Named<Vec<Stub>>| Host { answers: answers(&named.value), asked: Vec::new() };
        *self.0.borrow_mut() = given.iter().map(|named| (named.name.value.clone(), host(named))).collect();
    }

    /// The answer to a request; `None` where no stub stands for its host.
    pub fn answer(&self, request: &Request) -> Option<Answer> {
        let mut hosts = self.0.borrow_mut();
        let name = asked_host(request)?;
        let host = hosts.get_mut(&name)?;
        let asked = Asked::from(request);
        let fits = |(stub, left): &&mut (Stub, Option<u32>)| *left != Some(0) && takes(stub, &asked);
        let answer = match host.answers.iter_mut().find(fits) {
            Some((stub, left)) => {
                *left = left.map(|left| left - 1);
                Answer::given(&stub.respond, &name)
            }
            None => Answer {
                delay: Duration::ZERO,
                reply: Ok(Reply::empty().with_status(404)),
                unforeseen: Some(format!(
                    "{name} was asked {} {}, and no stub that is left answers that",
                    asked.method, asked.path
                )),
            },
        };
        host.asked.push(asked);
        Some(answer)
    }

    /// Whether a stub stands for a host.
    pub fn stands_for(&self, text: &str) -> bool {
        host(text).is_ok_and(|name| self.0.borrow().contains_key(&name))
    }

    /// What a host was sent, in order.
    pub fn asked(&self, host: &str) -> Vec<Asked> {
        self.0.borrow().get(host).map(|host| host.asked.clone()).unwrap_or_default()
    }
}

impl Answer {
    fn given(respond: &Respond, host: &str) -> Self {
        match respond {
            Respond::Refuse => {
                let refused = Refused(format!("the stub of {host} refuses the connection"));
                Self { delay: Duration::ZERO, reply: Err(refused), unforeseen: None }
            }
            Respond::Response(response) => {
                let delay = response.delay.unwrap_or_default();
                Self { delay, reply: Ok(reply(response)), unforeseen: None }
            }
        }
    }
}

fn reply(response: &StubResponse) -> Reply {
    let body = match (&response.body, &response.json) {
        (Some(text), _) => text.clone(),
        (None, Some(json)) => json.to_string(),
        (None, None) => String::new(),
    };
    let reply = match response.json {
        Some(_) => Reply::bytes("application/json", body),
        None => Reply { body: body.into(), ..Reply::empty() },
    };
    let set = |reply: Reply, (name, value): (&String, &String)| reply.with_header(name, value);
    response.headers.iter().fold(reply.with_status(response.status), set)
}

fn takes(stub: &Stub, asked: &Asked) -> bool {
    let method = stub.method.is_none_or(|method| method.as_str() == asked.method);
    method && stub.path.as_ref().is_none_or(|path| is_like(&asked.path, path))
}

/// Whether a path is like one in which `*` stands for any text.
fn is_like(path: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return path == pattern };
    let Some(mut left) = path.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    // The first place that fits leaves the most to the pieces that follow.
    let found = middle.split('*').all(|piece| left.split_once(piece).map(|(_, after)| left = after).is_some());
    found && left.ends_with(end)
}

/// The host that a request is for.
fn asked_host(request: &Request) -> Option<String> {
    let scheme = request.uri.scheme_str().unwrap_or("https");
    let authority = request.uri.authority().map(http::uri::Authority::as_str).or_else(|| request.header("host"))?;
    host(&format!("{scheme}://{authority}")).ok()
}

impl From<&Request> for Asked {
    fn from(request: &Request) -> Self {
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Self {
            method: request.method.to_string(),
            path: request.uri.path().to_owned(),
            query: request.query(),
            headers: request.headers.iter().map(header).collect(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
        }
    }
}

impl Asked {
    /// Whether it is as expected.
    pub fn is_like(&self, expected: &RequestExpect) -> bool {
        let values = |pairs: &[(String, String)], fits: &dyn Fn(&str) -> bool| {
            let values: Vec<Value> =
                pairs.iter().filter(|(name, _)| fits(name)).map(|(_, value)| value.as_str().into()).collect();
            Value::Array(values)
        };
        let body = || serde_json::from_str(&self.body).unwrap_or_else(|_| Value::from(self.body.as_str()));
        expected.method.is_none_or(|method| method.as_str() == self.method)
            && expected.path.as_ref().is_none_or(|path| matches(path, self.path.as_str().into()))
            && expected.query.iter().all(|(name, value)| matches(value, values(&self.query, &|key| key == name)))
            && expected
                .headers
                .iter()
                .all(|(name, value)| matches(value, values(&self.headers, &|key| key.eq_ignore_ascii_case(name))))
            && expected.body.as_ref().is_none_or(|pattern| matches(pattern, body()))
    }

    /// In a line, for people.
    pub fn line(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish();
        let query = if query.is_empty() { query } else { format!("?{query}") };
        format!("{} {}{query} {}", self.method, self.path, self.body).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn a_star_in_a_path_stands_for_any_text() {
        for (pattern, like, unlike) in [
            ("/hooks", vec!["/hooks"], vec!["/", "/hooks/1", "/hook"]),
            ("/*", vec!["/", "/hooks/1"], vec!["hooks"]),
            ("/orders/*/items", vec!["/orders/1/items", "/orders/1/2/items"], vec!["/orders/items", "/orders/1"]),
            ("/*/b*/c", vec!["/a/b/c", "/x/bb/b/c"], vec!["/a/c", "/a/b"]),
        ] {
            assert!(like.iter().all(|path| is_like(path, pattern)), "{pattern}");
            assert!(!unlike.iter().any(|path| is_like(path, pattern)), "{pattern}");
        }
    }
}
