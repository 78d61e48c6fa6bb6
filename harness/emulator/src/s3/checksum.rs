//! Checksums of objects: those that a request gives are verified, and one is kept with every object.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::CrcAlgorithm;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

use super::chunked::{Payload, malformed_trailer};
use crate::hex::hex;
use crate::protocol::{AwsError, Reply, Request, Service, xml};
use crate::world::Call;

/// An algorithm that S3 computes a whole object's checksum by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// The algorithm with S3's name, such as `CRC32`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// S3's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The element that a document has a checksum in.
    pub fn element_name(self) -> String {
        format!("Checksum{}", self.name())
    }

    /// The header that a checksum is in.
    pub fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The digest's length in bytes.
    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    fn start(self) -> Running {
        let crc = |algorithm| Running::Crc(crc_fast::Digest::new(algorithm));
        match self {
            Self::Crc32 => crc(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => crc(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 => Running::Sha1(Sha1::new()),
            Self::Sha256 => Running::Sha256(Sha256::new()),
        }
    }

    fn finish(self, running: Running) -> Vec<u8> {
        let bytes = match running {
            Running::Crc(digest) => digest.finalize().to_be_bytes().to_vec(),
            Running::Sha1(digest) => digest.finalize().to_vec(),
            Running::Sha256(digest) => digest.finalize().to_vec(),
        };
        bytes[bytes.len() - self.length()..].to_vec()
    }
}

/// A digest that is being computed.
enum Running {
    Crc(crc_fast::Digest),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Running {
    fn update(&mut self, block: &[u8]) {
        match self {
            Self::Crc(digest) => digest.update(block),
            Self::Sha1(digest) => digest.update(block),
            Self::Sha256(digest) => digest.update(block),
        }
    }
}

/// What an object's checksum is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    FullObject,
    /// Of the checksums of the parts.
    Composite,
}

impl Kind {
    /// S3's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }
}

/// An object's checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    pub algorithm: Algorithm,
    pub kind: Kind,
    /// The digest in base64, and in a composite one the number of parts behind it.
    pub value: String,
}

impl Checksum {
    /// The checksum of parts that have checksums of their own.
    pub fn composite<'p>(algorithm: Algorithm, parts: impl Iterator<Item = &'p Self>) -> Self {
        let (mut running, mut count) = (algorithm.start(), 0);
        for part in parts {
            running.update(&BASE64.decode(&part.value).expect("checksums are kept in base64"));
            count += 1;
        }
        let value = format!("{}-{count}", BASE64.encode(algorithm.finish(running)));
        Self { algorithm, kind: Kind::Composite, value }
    }

    /// The answer with the checksum in its headers.
    pub fn on(&self, reply: Reply) -> Reply {
        self.on_part(reply).with_header("x-amz-checksum-type", self.kind.name())
    }

    /// The answer with a part's checksum in its headers.
    pub fn on_part(&self, reply: Reply) -> Reply {
        reply.with_header(self.algorithm.header(), &self.value)
    }

    /// The element with the value.
    pub fn element(&self) -> String {
        xml::element(&self.algorithm.element_name(), &self.value)
    }

    /// The checksum as elements of `CopyObjectResult` and the like.
    pub fn elements(&self) -> String {
        self.element() + &xml::element("ChecksumType", self.kind.name())
    }
}

/// A body's MD5 and, where one is asked for, its checksum, computed in one pass over it.
pub struct Digests {
    pub md5: [u8; 16],
    pub checksum: Option<Checksum>,
}

impl Digests {
    /// Those of a body.
    pub fn of(body: &[u8], algorithm: Option<Algorithm>) -> Self {
        /// What both digests find in the processor's cache.
        const BLOCK: usize = 32 * 1024;
        let (mut md5, mut running) = (Md5::new(), algorithm.map(Algorithm::start));
        for block in body.chunks(BLOCK) {
            md5.update(block);
            running.iter_mut().for_each(|running| running.update(block));
        }
        let checksum = algorithm.zip(running).map(|(algorithm, running)| Checksum {
            algorithm,
            kind: Kind::FullObject,
            value: BASE64.encode(algorithm.finish(running)),
        });
        Self { md5: md5.finalize().into(), checksum }
    }
}

/// What a multipart upload's entity tag is: the MD5 of its parts' MD5s, and their number.
pub fn etag_of_parts<'p>(parts: impl Iterator<Item = &'p [u8; 16]>) -> String {
    let (mut md5, mut count) = (Md5::new(), 0);
    for part in parts {
        md5.update(part);
        count += 1;
    }
    format!("{}-{count}", hex(&md5.finalize()))
}

/// The bytes of an MD5 in hexadecimal digits.
pub fn unhex(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    (digits.len() == 32).then(|| {
        bytes.iter_mut().zip(digits.chunks(2)).for_each(|(byte, pair)| *byte = pair[0] << 4 | pair[1]);
        bytes
    })
}

/// Verifies what the request says its body's checksums are. Computed is, besides the MD5, the checksum given
/// or, where none is, that of `otherwise`.
pub fn verify(call: &Call<'_>, payload: &Payload, otherwise: Option<Algorithm>) -> Result<Digests, AwsError> {
    let given_md5 = given_md5(call.request)?;
    let given = given_checksum(call, payload)?;
    let digests = Digests::of(&payload.body, given.as_ref().map(|(algorithm, _)| *algorithm).or(otherwise));
    if given_md5.is_some_and(|given| given != digests.md5) {
        return Err(AwsError::client("BadDigest", "The Content-MD5 you specified did not match what we received."));
    }
    match (given, &digests.checksum) {
        (Some((algorithm, value)), Some(computed)) if value != computed.value => Err(mismatch(algorithm)),
        _ => Ok(digests),
    }
}

/// What S3 answers where a checksum is another than that given.
pub fn mismatch(algorithm: Algorithm) -> AwsError {
    let message = format!("The {} you specified did not match the calculated checksum.", algorithm.name());
    AwsError::client("BadDigest", message)
}

/// Verifies like [`verify`], for an operation that must not be called without any checksum.
pub fn verify_required(call: &Call<'_>, payload: &Payload) -> Result<(), AwsError> {
    let digests = verify(call, payload, None)?;
    if digests.checksum.is_none() && call.request.header("content-md5").is_none() {
        return Err(invalid("Missing required header for this request: Content-MD5"));
    }
    Ok(())
}

/// The checksum of the whole object that the request of `CompleteMultipartUpload` gives.
pub fn given_of_object(call: &Call<'_>) -> Option<(Algorithm, String)> {
    let of = |algorithm: Algorithm| Some((algorithm, call.request.header(algorithm.header())?.to_owned()));
    Algorithm::ALL.into_iter().find_map(of)
}

fn given_md5(request: &Request) -> Result<Option<[u8; 16]>, AwsError> {
    let Some(given) = request.header("content-md5") else { return Ok(None) };
    let given = BASE64.decode(given).ok().and_then(|digest| digest.try_into().ok());
    given.map(Some).ok_or_else(|| AwsError::client("InvalidDigest", "The Content-MD5 you specified was invalid."))
}

/// The one checksum that the request gives, if it gives one, in the form that it must have.
fn given_checksum(call: &Call<'_>, payload: &Payload) -> Result<Option<(Algorithm, String)>, AwsError> {
    let mut given = given(call, payload)?;
    if given.len() > 1 {
        let message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
        return Err(invalid(message));
    }
    let announced = call.request.header("x-amz-sdk-checksum-algorithm").map(str::to_ascii_uppercase);
    let Some((algorithm, value)) = given.pop() else {
        return match announced {
            Some(_) => Err(announced_but_missing()),
            None => Ok(None),
        };
    };
    if announced.is_some_and(|announced| announced != algorithm.name()) {
        return Err(announced_but_missing());
    }
    if !BASE64.decode(&value).is_ok_and(|digest| digest.len() == algorithm.length()) {
        return Err(invalid(&format!("Value for {} header is invalid.", algorithm.header())));
    }
    Ok(Some((algorithm, value)))
}

/// The checksums that the request's headers and trailers give. Trailers must be those announced.
fn given(call: &Call<'_>, payload: &Payload) -> Result<Vec<(Algorithm, String)>, AwsError> {
    let announced = call.request.header("x-amz-trailer").unwrap_or_default();
    let announced: Vec<String> =
        announced.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect();
    let known = |name: &str| Algorithm::ALL.iter().any(|algorithm| algorithm.header() == name);
    if let Some(unknown) = announced.iter().find(|name| !known(name)) {
        let parameter = format!("The trailer {unknown}");
        return Err(AwsError::parameter_not_simulated(Service::S3, call.operation(), &parameter));
    }
    let sent = |name: &String| payload.trailers.iter().any(|(trailer, _)| trailer == name);
    if !announced.iter().all(sent) {
        return Err(malformed_trailer());
    }
    let in_trailers = |name| payload.trailers.iter().find(|(trailer, _)| trailer == name).map(|(_, value)| value);
    let of = |algorithm: Algorithm| {
        let in_headers = call.request.header(algorithm.header()).map(str::to_owned);
        Some((algorithm, in_headers.or_else(|| in_trailers(algorithm.header()).cloned())?))
    };
    Ok(Algorithm::ALL.into_iter().filter_map(of).collect())
}

fn announced_but_missing() -> AwsError {
    invalid(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers \
         were found.",
    )
}

/// An `InvalidRequest`.
pub fn invalid(message: &str) -> AwsError {
    AwsError::client("InvalidRequest", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithms_give_their_published_check_values() {
        for (algorithm, expected) in [
            (Algorithm::Crc32, "cbf43926"),
            (Algorithm::Crc32c, "e3069283"),
            (Algorithm::Crc64Nvme, "ae8b14860a799888"),
            (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (Algorithm::Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        ] {
            let mut running = algorithm.start();
            [&b"1234"[..], b"56789"].into_iter().for_each(|block| running.update(block));
            assert_eq!(hex(&algorithm.finish(running)), expected, "{algorithm:?}");
            assert_eq!(algorithm.length() * 2, expected.len(), "{algorithm:?}");
        }
    }
}
