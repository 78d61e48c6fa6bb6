//! A body of `multipart/form-data`, as browsers send forms.
//! <https://www.rfc-editor.org/rfc/rfc7578>

use bytes::Bytes;

use crate::protocol::{AwsError, Request};

/// A form's fields up to its file, and the file. What comes after the file is passed over, as S3 does.
#[derive(Debug)]
pub struct Form {
    /// Names in lower case.
    fields: Vec<(String, String)>,
    file: Bytes,
    file_name: String,
}

impl Form {
    /// The form in a request's body.
    pub fn of(request: &Request) -> Result<Self, AwsError> {
        let kind = request.header("content-type").unwrap_or_default();
        let boundary = kind.strip_prefix("multipart/form-data").and_then(|rest| rest.split_once("boundary="));
        let Some((_, boundary)) = boundary else {
            let message = "Bucket POST must be of the enclosure-type multipart/form-data";
            return Err(AwsError::new(412, "PreconditionFailed", message));
        };
        let boundary = boundary.split(';').next().unwrap_or_default().trim().trim_matches('"');
        Self::parse(&request.body, boundary).ok_or_else(|| {
            let message = "The body of your POST request is not well-formed multipart/form-data.";
            AwsError::client("MalformedPOSTRequest", message)
        })
    }

    /// A field's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All fields but the file.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The file's bytes, shared with the body's.
    pub fn file(&self) -> Bytes {
        self.file.clone()
    }

    /// The file's name at the user's.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    fn parse(body: &Bytes, boundary: &str) -> Option<Self> {
        let (mut fields, mut at) = (Vec::new(), find(body, format!("--{boundary}").as_bytes(), 0)?);
        let end_of_part = format!("\r\n--{boundary}");
        at += boundary.len() + 4;
        loop {
            let end_of_head = find(body, b"\r\n\r\n", at)?;
            let head = String::from_utf8_lossy(&body[at..end_of_head]).into_owned();
            let content = end_of_head + 4..find(body, end_of_part.as_bytes(), end_of_head + 2)?;
            at = content.end + end_of_part.len() + 2;
            let content = if content.is_empty() { Bytes::new() } else { body.slice(content) };
            let name = parameter(&head, "name")?.to_ascii_lowercase();
            if name == "file" {
                let path = parameter(&head, "filename").unwrap_or_default();
                let file_name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                return Some(Self { fields, file: content, file_name });
            }
            fields.push((name, String::from_utf8_lossy(&content).into_owned()));
        }
    }
}

/// A parameter of a part's `Content-Disposition`.
fn parameter(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let value = line.split(';').map(str::trim).find_map(|part| part.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}

fn find(body: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let rest = body.get(from..)?;
    // Looks for the first byte alone before it compares: bodies are large.
    let mut at = 0;
    while let Some(next) = rest[at..].iter().position(|byte| *byte == what[0]) {
        at += next;
        if rest[at..].starts_with(what) {
            return Some(from + at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_up_to_its_file() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"Key\"\r\n\r\nin/${filename}\r\n--b\r\n\
                    Content-Disposition: form-data; name=\"file\"; filename=\"C:\\a b.csv\"\r\n\
                    Content-Type: text/csv\r\n\r\n1\r\n2\r\n--b--\r\n";
        let form = Form::parse(&Bytes::from(body), "b").expect("it is well-formed");
        assert_eq!(form.get("key"), Some("in/${filename}"));
        assert_eq!((form.file_name(), &form.file()[..]), ("a b.csv", &b"1\r\n2"[..]));
        for broken in ["", "--b\r\n", "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nx"] {
            assert!(Form::parse(&Bytes::from(broken), "b").is_none(), "{broken}");
        }
    }
}
