//! `AWS::DynamoDB::Table` and `AWS::Serverless::SimpleTable`, as input of `CreateTable`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html>

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Build, Resolved};
use crate::stack::Table;
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

pub const SHAPE: Shape = Shape {
    reads: &[
        "TableName",
        "AttributeDefinitions",
        "KeySchema",
        "BillingMode",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "StreamSpecification",
        "TimeToLiveSpecification",
    ],
    descriptive: &["Tags"],
    harmless: &[
        "ContributorInsightsSpecification",
        "DeletionProtectionEnabled",
        "OnDemandThroughput",
        "PointInTimeRecoverySpecification",
        "ResourcePolicy",
        "SSESpecification",
        "TableClass",
        "WarmThroughput",
    ],
    refused: &["ImportSourceSpecification", "KinesisStreamSpecification"],
};
pub const SIMPLE: Shape = Shape {
    reads: &["TableName", "PrimaryKey", "ProvisionedThroughput"],
    descriptive: &["Tags"],
    harmless: &["PointInTimeRecoverySpecification", "SSESpecification"],
    refused: &[],
};
const ATTRIBUTE: Shape = Shape::of(&["AttributeName", "AttributeType"]);
const KEY: Shape = Shape::of(&["AttributeName", "KeyType"]);
const THROUGHPUT: Shape = Shape::of(&["ReadCapacityUnits", "WriteCapacityUnits"]);
const PROJECTION: Shape = Shape::of(&["ProjectionType", "NonKeyAttributes"]);
const INDEX: Shape = Shape {
    harmless: &["ContributorInsightsSpecification", "OnDemandThroughput", "WarmThroughput"],
    ..Shape::of(&["IndexName", "KeySchema", "Projection", "ProvisionedThroughput"])
};
const STREAM: Shape = Shape { harmless: &["ResourcePolicy"], ..Shape::of(&["StreamViewType"]) };
const TIME_TO_LIVE: Shape = Shape::of(&["AttributeName", "Enabled"]);
const PRIMARY_KEY: Shape = Shape::of(&["Name", "Type"]);

const VIEWS: &[&str] = &["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"];

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let mut definition = Map::new();
    definition.insert("TableName".to_owned(), json!(resource.name));
    let defined = attribute_definitions(resource, &mut definition, report);
    let mut used = BTreeSet::new();
    key_schema(resource, object, &mut definition, &mut used, report);
    for list in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        let indexes = object.objects(report, resource.id, list, &INDEX);
        let indexes: Vec<_> = indexes.iter().map(|each| index(resource, each, &mut used, report)).collect();
        if !indexes.is_empty() {
            definition.insert(list.to_owned(), Value::Array(indexes));
        }
    }
    check_attributes(object, &defined, &used, report);
    billing(resource, &mut definition, report);
    if let Some(stream) = object.object(report, resource.id, "StreamSpecification", &STREAM) {
        stream.require(report, "StreamViewType");
        let view = stream.word(report, "StreamViewType", VIEWS);
        definition.insert("StreamSpecification".to_owned(), json!({ "StreamEnabled": true, "StreamViewType": view }));
    }
    let time_to_live = time_to_live(resource, report);
    push(resource, definition, time_to_live, build);
}

/// A table with one key, `id` where the template does not say.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-simpletable.html>
pub fn read_simple(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let mut name = "id".to_owned();
    let mut kind = "S";
    if let Some(key) = resource.object.object(report, resource.id, "PrimaryKey", &PRIMARY_KEY) {
        name = key.required_text(report, "Name").unwrap_or(name);
        key.require(report, "Type");
        kind = match key.word(report, "Type", &["String", "Number", "Binary"]) {
            Some("Number") => "N",
            Some("Binary") => "B",
            _ => "S",
        };
    }
    let mut definition = Map::new();
    definition.insert("TableName".to_owned(), json!(resource.name));
    definition.insert("AttributeDefinitions".to_owned(), json!([{ "AttributeName": name, "AttributeType": kind }]));
    definition.insert("KeySchema".to_owned(), json!([{ "AttributeName": name, "KeyType": "HASH" }]));
    match throughput(resource, &resource.object, report) {
        Some(throughput) => definition.insert("ProvisionedThroughput".to_owned(), throughput),
        None => definition.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST")),
    };
    push(resource, definition, None, build);
}

fn push(resource: &Resolved<'_>, definition: Map<String, Value>, time_to_live: Option<String>, build: &mut Build) {
    build.stack.tables.push(Table {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
        stream_arn: resource.stream_arn.clone().filter(|_| definition.contains_key("StreamSpecification")),
        definition: Value::Object(definition),
        time_to_live,
    });
}

fn attribute_definitions(
    resource: &Resolved<'_>,
    definition: &mut Map<String, Value>,
    report: &mut Report,
) -> BTreeSet<String> {
    let mut defined = BTreeSet::new();
    let mut definitions = Vec::new();
    for attribute in resource.object.objects(report, resource.id, "AttributeDefinitions", &ATTRIBUTE) {
        let name = attribute.required_text(report, "AttributeName");
        attribute.require(report, "AttributeType");
        let kind = attribute.word(report, "AttributeType", &["S", "N", "B"]);
        definitions.push(json!({ "AttributeName": name, "AttributeType": kind }));
        defined.extend(name);
    }
    definition.insert("AttributeDefinitions".to_owned(), Value::Array(definitions));
    defined
}

/// The key of a table or an index; adds its attributes to those that are used.
fn key_schema(
    resource: &Resolved<'_>,
    object: &Object<'_>,
    definition: &mut Map<String, Value>,
    used: &mut BTreeSet<String>,
    report: &mut Report,
) {
    object.require(report, "KeySchema");
    let mut keys = Vec::new();
    for key in object.objects(report, resource.id, "KeySchema", &KEY) {
        let name = key.required_text(report, "AttributeName");
        key.require(report, "KeyType");
        let kind = key.word(report, "KeyType", &["HASH", "RANGE"]);
        keys.push(json!({ "AttributeName": name, "KeyType": kind }));
        used.extend(name);
    }
    definition.insert("KeySchema".to_owned(), Value::Array(keys));
}

fn index(resource: &Resolved<'_>, object: &Object<'_>, used: &mut BTreeSet<String>, report: &mut Report) -> Value {
    let mut definition = Map::new();
    definition.insert("IndexName".to_owned(), json!(object.required_text(report, "IndexName")));
    key_schema(resource, object, &mut definition, used, report);
    object.require(report, "Projection");
    if let Some(projection) = object.object(report, resource.id, "Projection", &PROJECTION) {
        let kind = projection.word(report, "ProjectionType", &["ALL", "KEYS_ONLY", "INCLUDE"]);
        let mut written = Map::from_iter([("ProjectionType".to_owned(), json!(kind))]);
        let attributes: Vec<_> =
            projection.list(report, "NonKeyAttributes").into_iter().map(crate::yaml::Node::to_json).collect();
        if !attributes.is_empty() {
            written.insert("NonKeyAttributes".to_owned(), Value::Array(attributes));
        }
        definition.insert("Projection".to_owned(), Value::Object(written));
    }
    if let Some(throughput) = throughput(resource, object, report) {
        definition.insert("ProvisionedThroughput".to_owned(), throughput);
    }
    Value::Object(definition)
}

/// `CreateTable` wants exactly the attributes that keys are made of.
fn check_attributes(object: &Object<'_>, defined: &BTreeSet<String>, used: &BTreeSet<String>, report: &mut Report) {
    for name in used.difference(defined) {
        let place = object.place_of("AttributeDefinitions");
        let problem = report.error(&place, format!("the key attribute `{name}` is not defined"));
        problem.help("define it in `AttributeDefinitions`");
    }
    for name in defined.difference(used) {
        let place = object.place_of("AttributeDefinitions");
        let problem = report.error(&place, format!("`{name}` is defined, but no key is made of it"));
        problem.help("`AttributeDefinitions` holds the attributes of keys only");
    }
}

fn billing(resource: &Resolved<'_>, definition: &mut Map<String, Value>, report: &mut Report) {
    let object = &resource.object;
    let mode = object.word(report, "BillingMode", &["PAY_PER_REQUEST", "PROVISIONED"]).unwrap_or("PROVISIONED");
    let throughput = throughput(resource, object, report);
    let known = object.value("BillingMode").is_some() || !object.has("BillingMode");
    if known && mode == "PROVISIONED" && !object.has("ProvisionedThroughput") {
        let problem = report.error(&object.place, "a table with provisioned capacity needs `ProvisionedThroughput`");
        problem.help("or set `BillingMode: PAY_PER_REQUEST`");
    }
    definition.insert("BillingMode".to_owned(), json!(mode));
    if let Some(throughput) = throughput {
        definition.insert("ProvisionedThroughput".to_owned(), throughput);
    }
}

fn throughput(resource: &Resolved<'_>, object: &Object<'_>, report: &mut Report) -> Option<Value> {
    let throughput = object.object(report, resource.id, "ProvisionedThroughput", &THROUGHPUT)?;
    let mut units = |key: &str| {
        throughput.require(report, key);
        throughput.integer(report, key, 1..=u32::MAX)
    };
    let (read, write) = (units("ReadCapacityUnits"), units("WriteCapacityUnits"));
    Some(json!({ "ReadCapacityUnits": read?, "WriteCapacityUnits": write? }))
}

fn time_to_live(resource: &Resolved<'_>, report: &mut Report) -> Option<String> {
    let specification = resource.object.object(report, resource.id, "TimeToLiveSpecification", &TIME_TO_LIVE)?;
    specification.require(report, "Enabled");
    let enabled = specification.boolean(report, "Enabled")?;
    if enabled { specification.required_text(report, "AttributeName") } else { None }
}
