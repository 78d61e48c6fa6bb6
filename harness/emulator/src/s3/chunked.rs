//! The `aws-chunked` content encoding, in which SDKs send a body with its checksum behind it.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>

use bytes::{Bytes, BytesMut};

use crate::protocol::{AwsError, Request};

/// A request's content and what came behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Payload {
    pub body: Bytes,
    /// Trailing headers by lower-case name.
    pub trailers: Vec<(String, String)>,
}

impl Payload {
    /// Takes a request's body out of its `aws-chunked` encoding, where it is in it. A body of one chunk is
    /// shared with the request, not copied. Chunk signatures are not verified, as no signature is.
    pub fn of(request: &Request) -> Result<Self, AwsError> {
        if !is_chunked(request) {
            return Ok(Self { body: request.body.clone(), trailers: Vec::new() });
        }
        let payload = decode(&request.body)?;
        let announced = request.header("x-amz-decoded-content-length").and_then(|length| length.parse::<usize>().ok());
        match announced {
            Some(length) if payload.body.len() != length => Err(incomplete()),
            _ => Ok(payload),
        }
    }
}

/// The request's content encodings other than `aws-chunked`, which S3 does not store.
pub fn stored_encoding(request: &Request) -> Option<String> {
    let kept: Vec<&str> = encodings(request).filter(|encoding| *encoding != "aws-chunked").collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

fn is_chunked(request: &Request) -> bool {
    encodings(request).any(|encoding| encoding == "aws-chunked")
        || request.header("x-amz-content-sha256").is_some_and(|hash| hash.starts_with("STREAMING-"))
}

fn encodings(request: &Request) -> impl Iterator<Item = &str> {
    let values = request.headers.get_all("content-encoding").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|encoding| !encoding.is_empty())
}

fn decode(encoded: &Bytes) -> Result<Payload, AwsError> {
    let mut rest = encoded.clone();
    let mut chunks = Vec::new();
    loop {
        let line = take_line(&mut rest).ok_or_else(incomplete)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| incomplete())?;
        if size == 0 {
            break;
        }
        if rest.len() < size + 2 {
            return Err(incomplete());
        }
        chunks.push(rest.split_to(size));
        if rest.split_to(2) != "\r\n" {
            return Err(incomplete());
        }
    }
    Ok(Payload { body: join(chunks), trailers: trailers(rest)? })
}

fn join(mut chunks: Vec<Bytes>) -> Bytes {
    if chunks.len() <= 1 {
        return chunks.pop().unwrap_or_default();
    }
    let mut body = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
    chunks.iter().for_each(|chunk| body.extend_from_slice(chunk));
    body.freeze()
}

fn trailers(mut rest: Bytes) -> Result<Vec<(String, String)>, AwsError> {
    let mut trailers = Vec::new();
    while let Some(line) = take_line(&mut rest).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(malformed_trailer)?;
        trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(trailers)
}

/// Takes a line and its end off the front; `None` where no line ends.
fn take_line(rest: &mut Bytes) -> Option<String> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let line = rest.split_to(end + 2);
    Some(String::from_utf8_lossy(&line[..end]).into_owned())
}

fn incomplete() -> AwsError {
    let message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
    AwsError::client("IncompleteBody", message)
}

/// What S3 answers where the trailing headers are not those announced.
pub fn malformed_trailer() -> AwsError {
    let message = "The request contained trailing data that was not well-formed or did not conform to our \
                   published schema.";
    AwsError::client("MalformedTrailerError", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_and_trailers_read() {
        let encoded = "5;chunk-signature=ab\r\nhello\r\n6\r\n world\r\n0\r\nX-Amz-Checksum-Crc32:DUoRhQ==\r\n\r\n";
        let payload = decode(&Bytes::from(encoded)).expect("well-formed");
        assert_eq!(payload.body, "hello world");
        assert_eq!(payload.trailers, [("x-amz-checksum-crc32".to_owned(), "DUoRhQ==".to_owned())]);
    }

    #[test]
    fn one_chunk_is_not_copied() {
        let encoded = Bytes::from("5\r\nhello\r\n0\r\n\r\n");
        let payload = decode(&encoded).expect("well-formed");
        assert_eq!(payload.body.as_ptr(), encoded[3..].as_ptr());
    }

    #[test]
    fn a_body_that_ends_early_is_refused() {
        for encoded in ["", "5\r\nhel", "5\r\nhello", "5\r\nhelloXX0\r\n\r\n", "zz\r\n", "5\r\nhello\r\n"] {
            assert_eq!(decode(&Bytes::from(encoded)), Err(incomplete()), "{encoded:?}");
        }
    }
}
