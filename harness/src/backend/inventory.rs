//! What a run leaves in a shared AWS, found by the prefix of its names, and its removal.
//!
//! What always holds: only what carries both the prefix and the harness's tag is removed. What has the name
//! and not the tag is left, and told. What is gone already is no error.

use aws_sdk_eventbridge::types::Rule;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use aws_types::SdkConfig;

use super::place::PREFIX;
use crate::words::error_chain;

/// The tag that every resource of a run carries; its value is the prefix of the replay's names.
pub const TAG: &str = "rehearsal";

/// What a clean-up did, a line for each resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Such as `queue rehearsal-ab12cd34-1-Records-r`.
    pub removed: Vec<String>,
    /// What has the prefix in its name but not the tag.
    pub left: Vec<String>,
    /// What could not be listed or removed, and why.
    pub failed: Vec<String>,
    /// What an emulator could not be asked for, because the service does not work there, and why. Nothing can
    /// have been made in it either.
    pub not_there: Vec<String>,
}

/// Removes everything whose name begins with a prefix, which must be one of the harness's. Kinesis is asked only where
/// there may be `streams`: an emulator may have to fetch it first.
///
/// # Errors
/// The prefix could be somebody else's.
pub async fn clean(config: &SdkConfig, prefix: &str, streams: bool) -> Result<Cleaned, String> {
    check_prefix(prefix)?;
    let mut cleaning = Cleaning { prefix, config, cleaned: Cleaned::default() };
    // What delivers goes before what is delivered to.
    cleaning.buckets().await;
    cleaning.rules_and_buses().await;
    cleaning.topics().await;
    cleaning.queues().await;
    cleaning.tables().await;
    if streams {
        cleaning.streams().await;
    }
    Ok(cleaning.cleaned)
}

/// Whether a prefix is one that only the harness's own names begin with.
///
/// # Errors
/// It could be somebody else's.
pub fn check_prefix(prefix: &str) -> Result<(), String> {
    if prefix.starts_with(PREFIX) {
        return Ok(());
    }
    Err(format!("the prefix must begin with `{PREFIX}`, as all names of a run do"))
}

struct Cleaning<'c> {
    prefix: &'c str,
    config: &'c SdkConfig,
    cleaned: Cleaned,
}

impl Cleaning<'_> {
    async fn buckets(&mut self) {
        let s3 = aws_sdk_s3::Client::new(self.config);
        let Some(listed) = self.listed("buckets", s3.list_buckets().send().await) else { return };
        let prefix = self.prefix;
        let names = listed.buckets().iter().filter_map(|bucket| bucket.name());
        for name in names.filter(|name| name.starts_with(prefix)) {
            let tags = s3.get_bucket_tagging().bucket(name).send().await;
            let tagged = tags.is_ok_and(|tags| tags.tag_set().iter().any(|tag| tag.key() == TAG));
            let removal = async {
                empty(&s3, name).await?;
                s3.delete_bucket().bucket(name).send().await.map(drop).map_err(|error| error_chain(&error))
            };
            self.remove(&format!("bucket {name}"), tagged, removal).await;
        }
    }

    async fn rules_and_buses(&mut self) {
        let events = aws_sdk_eventbridge::Client::new(self.config);
        let Some(own) = self.listed("event buses", events.list_event_buses().name_prefix(self.prefix).send().await)
        else {
            return;
        };
        let own = own.event_buses.unwrap_or_default();
        let names = own.iter().filter_map(|bus| bus.name()).chain(["default"]);
        for bus in names {
            let rules = events.list_rules().event_bus_name(bus).name_prefix(self.prefix).send().await;
            for rule in self.listed("rules", rules).and_then(|listed| listed.rules).unwrap_or_default() {
                let tagged = event_tagged(&events, rule.arn()).await;
                let name = rule.name().unwrap_or_default().to_owned();
                self.remove(&format!("rule {name}"), tagged, remove_rule(&events, bus, &rule)).await;
            }
        }
        for bus in own {
            let tagged = event_tagged(&events, bus.arn()).await;
            let name = bus.name().unwrap_or_default();
            let removal = async {
                events.delete_event_bus().name(name).send().await.map(drop).map_err(|error| error_chain(&error))
            };
            self.remove(&format!("event bus {name}"), tagged, removal).await;
        }
    }

    async fn topics(&mut self) {
        let sns = aws_sdk_sns::Client::new(self.config);
        let mut pages = sns.list_topics().into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = self.listed("topics", page) else { return };
            for arn in page.topics().iter().filter_map(|topic| topic.topic_arn()) {
                let name = arn.rsplit(':').next().unwrap_or_default();
                if !name.starts_with(self.prefix) {
                    continue;
                }
                let tags = sns.list_tags_for_resource().resource_arn(arn).send().await;
                let tagged = tags.is_ok_and(|tags| tags.tags().iter().any(|tag| tag.key() == TAG));
                self.remove(&format!("topic {name}"), tagged, remove_topic(&sns, arn)).await;
            }
        }
    }

    async fn queues(&mut self) {
        let sqs = aws_sdk_sqs::Client::new(self.config);
        let mut pages = sqs.list_queues().queue_name_prefix(self.prefix).max_results(1000).into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = self.listed("queues", page) else { return };
            for url in page.queue_urls() {
                let tags = sqs.list_queue_tags().queue_url(url).send().await;
                let tagged = tags.is_ok_and(|tags| tags.tags().is_some_and(|tags| tags.contains_key(TAG)));
                let removal = async {
                    sqs.delete_queue().queue_url(url).send().await.map(drop).map_err(|error| error_chain(&error))
                };
                self.remove(&format!("queue {}", url.rsplit('/').next().unwrap_or_default()), tagged, removal).await;
            }
        }
    }

    async fn tables(&mut self) {
        let dynamodb = aws_sdk_dynamodb::Client::new(self.config);
        let mut names = dynamodb.list_tables().into_paginator().items().send();
        let mut own = Vec::new();
        while let Some(name) = names.next().await {
            let Some(name) = self.listed("tables", name) else { return };
            own.extend(name.starts_with(self.prefix).then_some(name));
        }
        for name in own {
            let tagged = table_tagged(&dynamodb, &name).await;
            let removal = async {
                dynamodb.delete_table().table_name(&name).send().await.map(drop).map_err(|error| error_chain(&error))
            };
            self.remove(&format!("table {name}"), tagged, removal).await;
        }
    }

    async fn streams(&mut self) {
        let kinesis = aws_sdk_kinesis::Client::new(self.config);
        let mut pages = kinesis.list_streams().into_paginator().send();
        let mut own = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Err(error) if self.is_not_there(&error) => {
                    self.cleaned.not_there.push(format!("streams: {}", error_chain(&error)));
                    return;
                }
                page => page,
            };
            let Some(page) = self.listed("streams", page) else { return };
            own.extend(page.stream_names.into_iter().filter(|name| name.starts_with(self.prefix)));
        }
        for name in own {
            let tags = kinesis.list_tags_for_stream().stream_name(&name).send().await;
            let tagged = tags.is_ok_and(|tags| tags.tags().iter().any(|tag| tag.key() == TAG));
            let removal = async {
                kinesis.delete_stream().stream_name(&name).send().await.map(drop).map_err(|error| error_chain(&error))
            };
            self.remove(&format!("stream {name}"), tagged, removal).await;
        }
    }

    /// Whether an error says that an emulator lacks a whole service. AWS itself lacks none.
    fn is_not_there<E>(&self, error: &SdkError<E>) -> bool {
        let fails = error.raw_response().is_some_and(|response| response.status().is_server_error());
        fails && self.config.endpoint_url().is_some()
    }

    fn listed<T, E: std::error::Error + 'static>(&mut self, what: &str, answer: Result<T, E>) -> Option<T> {
        let failed = |error: &E| format!("{what} could not be listed: {}", error_chain(error));
        answer.inspect_err(|error| self.cleaned.failed.push(failed(error))).ok()
    }

    async fn remove(&mut self, what: &str, tagged: bool, removal: impl Future<Output = Result<(), String>>) {
        if !tagged {
            self.cleaned.left.push(what.to_owned());
            return;
        }
        match removal.await {
            Ok(()) => self.cleaned.removed.push(what.to_owned()),
            Err(error) => self.cleaned.failed.push(format!("{what}: {error}")),
        }
    }
}

/// Deletes all versions of all objects, and the delete markers.
async fn empty(s3: &aws_sdk_s3::Client, bucket: &str) -> Result<(), String> {
    loop {
        // What is listed first is deleted first, so every page is the first one.
        let page = s3.list_object_versions().bucket(bucket).send().await.map_err(|error| error_chain(&error))?;
        let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
        let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
        let object = |(key, version): (Option<&str>, Option<&str>)| {
            ObjectIdentifier::builder().key(key.unwrap_or_default()).set_version_id(version.map(str::to_owned)).build()
        };
        let objects: Result<Vec<_>, _> = versions.chain(markers).map(object).collect();
        let objects = objects.map_err(|error| error.to_string())?;
        if objects.is_empty() {
            return Ok(());
        }
        let delete =
            Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(|error| error.to_string())?;
        let deleted = s3.delete_objects().bucket(bucket).delete(delete).send().await;
        let deleted = deleted.map_err(|error| error_chain(&error))?;
        if let Some(error) = deleted.errors().first() {
            return Err(error.message().unwrap_or_default().to_owned());
        }
    }
}

async fn remove_rule(events: &aws_sdk_eventbridge::Client, bus: &str, rule: &Rule) -> Result<(), String> {
    let name = rule.name().unwrap_or_default();
    let targets = events.list_targets_by_rule().event_bus_name(bus).rule(name).send().await;
    let targets = targets.map_err(|error| error_chain(&error))?;
    let ids: Vec<String> = targets.targets().iter().map(|target| target.id().to_owned()).collect();
    if !ids.is_empty() {
        let removed = events.remove_targets().event_bus_name(bus).rule(name).set_ids(Some(ids)).send().await;
        removed.map_err(|error| error_chain(&error))?;
    }
    let deleted = events.delete_rule().event_bus_name(bus).name(name).send().await;
    deleted.map(drop).map_err(|error| error_chain(&error))
}

/// A topic with its subscriptions, which have no tags of their own.
async fn remove_topic(sns: &aws_sdk_sns::Client, arn: &str) -> Result<(), String> {
    let subscriptions = sns.list_subscriptions_by_topic().topic_arn(arn).send().await;
    for subscription in subscriptions.map(|listed| listed.subscriptions.unwrap_or_default()).unwrap_or_default() {
        let arn = subscription.subscription_arn().unwrap_or_default();
        // A subscription that is gone or was never confirmed goes with its topic.
        let _ = sns.unsubscribe().subscription_arn(arn).send().await;
    }
    sns.delete_topic().topic_arn(arn).send().await.map(drop).map_err(|error| error_chain(&error))
}

async fn event_tagged(events: &aws_sdk_eventbridge::Client, arn: Option<&str>) -> bool {
    let Some(arn) = arn else { return false };
    let tags = events.list_tags_for_resource().resource_arn(arn).send().await;
    tags.is_ok_and(|tags| tags.tags().iter().any(|tag| tag.key() == TAG))
}

async fn table_tagged(dynamodb: &aws_sdk_dynamodb::Client, name: &str) -> bool {
    let described = dynamodb.describe_table().table_name(name).send().await.ok();
    let arn = described.as_ref().and_then(|described| described.table()?.table_arn());
    let Some(arn) = arn else { return false };
    let tags = dynamodb.list_tags_of_resource().resource_arn(arn).send().await;
    tags.is_ok_and(|tags| tags.tags().iter().any(|tag| tag.key() == TAG))
}
