use crate::protocol::{AwsError, Reply, Service};
use crate::world::{Call, World};
use crate::{Clock, Ids};
pub(crate) struct State;
impl State {
    pub fn new(_clock: Clock, _ids: Ids) -> Self {
        Self
    }
}
pub(crate) fn answer(_world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    Err(AwsError::not_simulated(Service::DynamoDb, call.operation()))
}
