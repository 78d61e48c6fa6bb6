//! Small text conversions that several functions need.

use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

/// The object key an S3 event means: it comes form-encoded, `red flower.jpg` as `red+flower.jpg`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
///
/// # Errors
/// When the decoded bytes are not UTF-8, which S3 does not allow in a key.
pub fn object_key(encoded: &str) -> Result<String, lambda_runtime::Error> {
    let spaces = encoded.replace('+', " ");
    let key = percent_decode_str(&spaces).decode_utf8().map_err(|_| format!("the key {encoded:?} is not UTF-8"))?;
    Ok(key.into_owned())
}

/// A stable id: the first 128 bits of the SHA-256 of the parts, as 32 hexadecimal digits.
///
/// The parts are kept apart, so that `["ab", "c"]` and `["a", "bc"]` differ.
pub fn stable_id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_keys_are_decoded_as_s3_encodes_them() {
        for (encoded, key) in [
            ("incoming/a.csv", "incoming/a.csv"),
            ("incoming/spring+sale.csv", "incoming/spring sale.csv"),
            ("incoming/a%2Bb.csv", "incoming/a+b.csv"),
            ("incoming/caf%C3%A9+100%25.csv", "incoming/café 100%.csv"),
        ] {
            assert_eq!(object_key(encoded).expect("valid"), key);
        }
        assert!(object_key("%FF").is_err());
    }

    #[test]
    fn stable_ids_repeat_and_keep_parts_apart() {
        assert_eq!(stable_id(&["a", "b"]), stable_id(&["a", "b"]));
        assert_ne!(stable_id(&["ab", "c"]), stable_id(&["a", "bc"]));
        assert_eq!(stable_id(&[]).len(), 32);
    }
}
