//! Tables: `CreateTable`'s input is the JSON that a template gives.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ProvisionedThroughput, ScalarAttributeType, StreamSpecification, StreamViewType, TableStatus, Tag,
    TimeToLiveSpecification,
};
use serde::Deserialize;
use serde_json::Value;

use super::{Clients, ProvisionError, Provisioned, built, done, failed, refused};
use crate::stack::Table;

/// How long a table may take to be created; usually seconds.
const TABLE_LIMIT: Duration = Duration::from_secs(120);

impl Clients<'_> {
    pub async fn table(&self, table: &Table) -> Provisioned {
        let mut create = create(&self.dynamodb, &table.definition)
            .map_err(|message| ProvisionError { logical_id: table.logical_id.clone(), message })?;
        if let Some((key, value)) = self.tag {
            let tag = Tag::builder().key(*key).value(*value).build();
            create = create.tags(built(&table.logical_id, tag)?);
        }
        let created = create.send().await.map_err(|error| refused(&table.logical_id, &error))?;
        let status = created.table_description().and_then(|table| table.table_status());
        if status.is_some_and(|status| *status != TableStatus::Active) {
            let exists = self.dynamodb.wait_until_table_exists().table_name(&table.name);
            exists.wait(TABLE_LIMIT).await.map_err(|error| failed(&table.logical_id, &error))?;
        }
        let Some(attribute) = &table.time_to_live else { return Ok(()) };
        let specification = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build();
        let specification = built(&table.logical_id, specification)?;
        let update = self.dynamodb.update_time_to_live().table_name(&table.name);
        done(&table.logical_id, update.time_to_live_specification(specification).send().await)
    }
}

/// The call that creates a table, not sent yet. A throughput of its own is left out with on-demand billing.
fn create(client: &Client, definition: &Value) -> Result<CreateTableFluentBuilder, String> {
    let definition: Definition = serde_json::from_value(definition.clone()).map_err(|error| error.to_string())?;
    let mut create = client.create_table().table_name(&definition.table_name);
    for attribute in &definition.attribute_definitions {
        create = create.attribute_definitions(attribute.build()?);
    }
    for key in keys(&definition.key_schema)? {
        create = create.key_schema(key);
    }
    for index in &definition.global_secondary_indexes {
        create = create.global_secondary_indexes(index.global()?);
    }
    for index in &definition.local_secondary_indexes {
        create = create.local_secondary_indexes(index.local()?);
    }
    create = match &definition.provisioned_throughput {
        Some(throughput) => create.billing_mode(BillingMode::Provisioned).provisioned_throughput(throughput.build()?),
        None => create.billing_mode(BillingMode::PayPerRequest),
    };
    if let Some(stream) = &definition.stream_specification {
        create = create.stream_specification(stream.build()?);
    }
    Ok(create)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    table_name: String,
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<Key>,
    #[serde(default)]
    global_secondary_indexes: Vec<Index>,
    #[serde(default)]
    local_secondary_indexes: Vec<Index>,
    provisioned_throughput: Option<Throughput>,
    stream_specification: Option<Stream>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stream {
    stream_enabled: bool,
    stream_view_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Index {
    index_name: String,
    key_schema: Vec<Key>,
    projection: IndexProjection,
    provisioned_throughput: Option<Throughput>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexProjection {
    projection_type: Option<String>,
    non_key_attributes: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Throughput {
    read_capacity_units: i64,
    write_capacity_units: i64,
}

type Built<T> = Result<T, String>;

fn part<T, E: std::error::Error>(result: Result<T, E>) -> Built<T> {
    result.map_err(|error| error.to_string())
}

fn keys(schema: &[Key]) -> Built<Vec<KeySchemaElement>> {
    let key = |key: &Key| {
        let element = KeySchemaElement::builder().attribute_name(&key.attribute_name);
        part(element.key_type(KeyType::from(key.key_type.as_str())).build())
    };
    schema.iter().map(key).collect()
}

impl Stream {
    fn build(&self) -> Built<StreamSpecification> {
        let view = StreamViewType::from(self.stream_view_type.as_str());
        part(StreamSpecification::builder().stream_enabled(self.stream_enabled).stream_view_type(view).build())
    }
}

impl Attribute {
    fn build(&self) -> Built<AttributeDefinition> {
        let kind = ScalarAttributeType::from(self.attribute_type.as_str());
        part(AttributeDefinition::builder().attribute_name(&self.attribute_name).attribute_type(kind).build())
    }
}

impl Index {
    fn global(&self) -> Built<GlobalSecondaryIndex> {
        let throughput = self.provisioned_throughput.as_ref().map(Throughput::build).transpose()?;
        let index = GlobalSecondaryIndex::builder()
            .index_name(&self.index_name)
            .set_key_schema(Some(keys(&self.key_schema)?))
            .projection(self.projection.build())
            .set_provisioned_throughput(throughput);
        part(index.build())
    }

    fn local(&self) -> Built<LocalSecondaryIndex> {
        let index = LocalSecondaryIndex::builder().index_name(&self.index_name);
        part(index.set_key_schema(Some(keys(&self.key_schema)?)).projection(self.projection.build()).build())
    }
}

impl IndexProjection {
    fn build(&self) -> Projection {
        Projection::builder()
            .set_projection_type(self.projection_type.as_deref().map(ProjectionType::from))
            .set_non_key_attributes(self.non_key_attributes.clone())
            .build()
    }
}

impl Throughput {
    fn build(&self) -> Built<ProvisionedThroughput> {
        let throughput = ProvisionedThroughput::builder().read_capacity_units(self.read_capacity_units);
        part(throughput.write_capacity_units(self.write_capacity_units).build())
    }
}
