//! Every generated id. The one module that makes them, from one seed, so that a replay can be repeated to
//! the byte; and the record of what was made, so that a report can tell a generated id from data.

use std::sync::{Arc, Mutex};

use base64::Engine as _;

use crate::hex::hex;

/// A seeded generator of ids. Clones share one sequence.
#[derive(Clone, Debug)]
pub struct Ids(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    /// None where nobody will ask.
    made: Option<Vec<String>>,
}

impl Ids {
    /// A generator whose whole sequence follows from `seed`.
    ///
    /// It also seeds the thread's `fastrand` generator, from which the SDK draws its idempotency tokens
    /// and the jitter of its retries: call it on the thread that the replay runs on.
    pub fn seeded(seed: u64) -> Self {
        fastrand::seed(seed ^ 0x5DEE_CE66_D1CE_4E5B);
        Self(Arc::new(Mutex::new(State { random: fastrand::Rng::with_seed(seed), made: Some(Vec::new()) })))
    }

    /// A generator that follows from no seed and does not remember what it made: for a world that lives on, such as
    /// a server's.
    pub fn unseeded() -> Self {
        Self(Arc::new(Mutex::new(State { random: unseeded(), made: None })))
    }

    /// A version 4 UUID, as message, request and event ids are.
    pub fn uuid(&self) -> String {
        self.make(|random| {
            let mut bytes: [u8; 16] = random.u128(..).to_be_bytes();
            bytes[6] = (bytes[6] & 0x0f) | 0x40;
            bytes[8] = (bytes[8] & 0x3f) | 0x80;
            let hex = hex(&bytes);
            [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
        })
    }

    /// `length` upper-case letters and digits, as S3 request ids and generated resource names are.
    pub fn upper(&self, length: usize) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        self.make(|random| pick(random, ALPHABET, length))
    }

    /// `length` lower-case letters and digits, as API ids are.
    pub fn lower(&self, length: usize) -> String {
        const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        self.make(|random| pick(random, ALPHABET, length))
    }

    /// `length` letters of both cases and digits, as versions of objects have.
    pub fn mixed(&self, length: usize) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        self.make(|random| pick(random, ALPHABET, length))
    }

    /// `length` hexadecimal digits.
    pub fn hex(&self, length: usize) -> String {
        self.make(|random| pick(random, b"0123456789abcdef", length))
    }

    /// `bytes` random bytes as base64, as receipt handles and extended request ids are.
    pub fn base64(&self, bytes: usize) -> String {
        self.make(|random| {
            let raw: Vec<u8> = (0..bytes).map(|_| random.u8(..)).collect();
            base64::engine::general_purpose::STANDARD.encode(raw)
        })
    }

    /// A number from `range`, for choices that AWS leaves open.
    pub fn number(&self, range: std::ops::Range<u64>) -> u64 {
        self.lock().random.u64(range)
    }

    /// From now on does not remember what it makes, and forgets what it made.
    pub fn forget(&self) {
        self.lock().made = None;
    }

    /// Whether [`Self::made`] tells what was made.
    pub fn are_remembered(&self) -> bool {
        self.lock().made.is_some()
    }

    /// All ids made so far, oldest first.
    pub fn made(&self) -> Vec<String> {
        self.lock().made.clone().unwrap_or_default()
    }

    fn make(&self, build: impl FnOnce(&mut fastrand::Rng) -> String) -> String {
        let mut state = self.lock();
        let id = build(&mut state.random);
        if let Some(made) = &mut state.made {
            made.push(id.clone());
        }
        id
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no id is made while another one panics")
    }
}

/// `length` lower-case letters and digits that follow from no seed: what tells runs apart that share one
/// AWS, such as a real account. Never part of an embedded replay.
pub fn unrepeatable(length: usize) -> String {
    pick(&mut unseeded(), b"abcdefghijklmnopqrstuvwxyz0123456789", length)
}

/// An account's number, twelve digits, that follows from no seed.
pub fn unrepeatable_account() -> String {
    pick(&mut unseeded(), b"123456789", 12)
}

/// A generator that the system seeds. `fastrand::Rng::new` would follow from the thread's own, which
/// [`Ids::seeded`] has perhaps seeded.
fn unseeded() -> fastrand::Rng {
    use std::hash::{BuildHasher, Hasher, RandomState};
    fastrand::Rng::with_seed(RandomState::new().build_hasher().finish())
}

fn pick(random: &mut fastrand::Rng, alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(alphabet[random.usize(..alphabet.len())])).collect()
}

#[cfg(test)]
mod tests {
    use super::{Ids, unrepeatable, unrepeatable_account};

    #[test]
    fn what_is_unrepeatable_does_not_follow_from_the_threads_seed() {
        let draw = || {
            let _seeds_the_thread = Ids::seeded(1);
            (unrepeatable(8), unrepeatable_account())
        };
        assert_ne!(draw(), draw());
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let draw = |seed| {
            let ids = Ids::seeded(seed);
            [ids.uuid(), ids.upper(16), ids.lower(10), ids.hex(8), ids.base64(12)]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn a_uuid_is_of_version_four() {
        let id = Ids::seeded(1).uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }
}
