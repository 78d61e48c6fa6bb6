//! What scenarios call resources, and bindings functions: by their logical ids. Where several stacks of an app have the
//! same, those of all but the one template of an app have the way to their stack before it: `Storage/Orders`.

use std::collections::BTreeMap;

use super::reading::Reading;

/// The logical ids of all stacks of an app, and how often there is each.
#[derive(Default)]
pub struct Called(BTreeMap<String, usize>);

impl Called {
    /// The logical ids of these stacks and of those in them.
    pub fn over(readings: &[Reading<'_>]) -> Self {
        let mut called = Self::default();
        readings.iter().for_each(|reading| called.add(reading));
        called
    }

    fn add(&mut self, reading: &Reading<'_>) {
        for resource in &reading.resources {
            *self.0.entry(resource.logical_id.clone()).or_default() += 1;
        }
        reading.nested().for_each(|nested| self.add(nested));
    }

    /// What a resource of the stack with a path is called.
    pub fn name(&self, path: &str, logical_id: &str) -> String {
        let is_one = self.0.get(logical_id).is_none_or(|times| *times < 2);
        if is_one || path.is_empty() { logical_id.to_owned() } else { format!("{path}/{logical_id}") }
    }
}
