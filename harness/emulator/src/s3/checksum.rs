//! Checksums of objects: those that a request gives are verified, and one is kept with every object.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::CrcAlgorithm;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

use super::chunked::{Payload, malformed_trailer};
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
    const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

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

    fn header(self) -> &'static str {
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

    fn digest(self, body: &[u8]) -> Vec<u8> {
        let crc = |algorithm| crc_fast::checksum(algorithm, body).to_be_bytes();
        match self {
            Self::Crc32 => crc(CrcAlgorithm::Crc32IsoHdlc)[4..].to_vec(),
            Self::Crc32c => crc(CrcAlgorithm::Crc32Iscsi)[4..].to_vec(),
            Self::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme).to_vec(),
            Self::Sha1 => Sha1::digest(body).to_vec(),
            Self::Sha256 => Sha256::digest(body).to_vec(),
        }
    }
}

/// An object's checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    pub algorithm: Algorithm,
    /// The digest in base64.
    pub value: String,
}

impl Checksum {
    /// The checksum of a whole body.
    pub fn of(algorithm: Algorithm, body: &[u8]) -> Self {
        Self { algorithm, value: BASE64.encode(algorithm.digest(body)) }
    }

    /// The answer with the checksum in its headers.
    pub fn on(&self, reply: Reply) -> Reply {
        reply.with_header(self.algorithm.header(), &self.value).with_header("x-amz-checksum-type", "FULL_OBJECT")
    }

    /// The checksum as elements of `CopyObjectResult`.
    pub fn elements(&self) -> String {
        let value = xml::element(&format!("Checksum{}", self.algorithm.name()), &self.value);
        value + &xml::element("ChecksumType", "FULL_OBJECT")
    }
}

/// A body's MD5 in hexadecimal: the entity tag of an object that was put in one part.
pub fn md5_hex(body: &[u8]) -> String {
    Md5::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Verifies what the request says its body's checksums are, and returns the checksum to keep: the one
/// given or, as S3 does since December 2024, CRC64NVME.
pub fn verify(call: &Call<'_>, payload: &Payload) -> Result<Checksum, AwsError> {
    verify_md5(call.request, &payload.body)?;
    let given = verify_given(call, payload)?;
    Ok(given.unwrap_or_else(|| Checksum::of(Algorithm::Crc64Nvme, &payload.body)))
}

/// Verifies like [`verify`], for an operation that must not be called without any checksum.
pub fn verify_required(call: &Call<'_>, payload: &Payload) -> Result<(), AwsError> {
    verify_md5(call.request, &payload.body)?;
    let given = verify_given(call, payload)?;
    if given.is_none() && call.request.header("content-md5").is_none() {
        return Err(invalid("Missing required header for this request: Content-MD5"));
    }
    Ok(())
}

fn verify_md5(request: &Request, body: &[u8]) -> Result<(), AwsError> {
    let Some(given) = request.header("content-md5") else { return Ok(()) };
    let given = BASE64.decode(given).ok().filter(|digest| digest.len() == 16);
    let given = given.ok_or_else(|| AwsError::client("InvalidDigest", "The Content-MD5 you specified was invalid."))?;
    if given != Md5::digest(body).as_slice() {
        return Err(AwsError::client("BadDigest", "The Content-MD5 you specified did not match what we received."));
    }
    Ok(())
}

fn verify_given(call: &Call<'_>, payload: &Payload) -> Result<Option<Checksum>, AwsError> {
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
    let computed = Checksum::of(algorithm, &payload.body);
    if computed.value != value {
        let message = format!("The {} you specified did not match the calculated checksum.", algorithm.name());
        return Err(AwsError::client("BadDigest", message));
    }
    Ok(Some(computed))
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

fn invalid(message: &str) -> AwsError {
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
            let hex: String = algorithm.digest(b"123456789").iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected, "{algorithm:?}");
            assert_eq!(algorithm.length() * 2, expected.len(), "{algorithm:?}");
        }
    }
}
