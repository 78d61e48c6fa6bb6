//! Items whose time to live is over: DynamoDB removes them within a few days, as a service of its own, which a stream
//! tells. Here they are all removed every two days of virtual time, from when time to live was first enabled.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>

use jiff::{SignedDuration, Timestamp};

use crate::world::World;

const EVERY: SignedDuration = SignedDuration::from_hours(48);

/// When expired items are next removed; never where no table has time to live enabled.
#[derive(Debug, Default)]
pub(super) struct Expiry {
    next: Option<Timestamp>,
}

impl Expiry {
    /// Notes that a table may have expired items from now on.
    pub fn enabled(&mut self, now: Timestamp) {
        self.next.get_or_insert(now + EVERY);
    }
}

/// Removes what has expired, where its time has come.
pub(crate) fn run_due(world: &mut World) {
    let now = world.clock.now();
    let mut removed = 0;
    for region in world.regions_mut() {
        let state = &mut region.dynamodb;
        if state.expiry.next.is_none_or(|next| next > now) {
            continue;
        }
        state.expiry.next = Some(now + EVERY);
        // A table that cannot be swept keeps its items, as it may for days.
        removed += state.database().and_then(|database| database.sweep_ttl()).unwrap_or_default();
    }
    if removed > 0 {
        world.changed();
    }
}

/// When items are next removed.
pub(crate) fn next_due(world: &World) -> Option<Timestamp> {
    world.regions().filter_map(|region| region.dynamodb.expiry.next).min()
}
