//! Queues.

use aws_sdk_sqs::types::QueueAttributeName;

use super::{Clients, Provisioned, done};
use crate::stack::Queue;

impl Clients<'_> {
    pub async fn queue(&self, queue: &Queue) -> Provisioned {
        let attributes =
            queue.attributes.iter().map(|(name, value)| (QueueAttributeName::from(name.as_str()), value.clone()));
        let mut create = self.sqs.create_queue().queue_name(&queue.name).set_attributes(Some(attributes.collect()));
        if let Some((key, value)) = self.tag {
            create = create.tags(*key, *value);
        }
        done(&queue.logical_id, create.send().await)
    }
}
