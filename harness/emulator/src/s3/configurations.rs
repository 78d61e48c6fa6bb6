//! What is configured of a bucket and only stored and returned, as it was put: policy, CORS, lifecycle,
//! encryption and so on. What acts on them reads them here.

use std::collections::BTreeMap;

use super::chunked::Payload;
use super::document::{Element, malformed};
use super::{NAMESPACE, Target, bucket, checksum, cors, lifecycle};
use crate::Ids;
use crate::protocol::{AwsError, Reply, Service};
use crate::world::{Call, World};

/// A bucket's configurations by subresource, and its policy.
#[derive(Clone, Debug)]
pub struct Configurations {
    documents: BTreeMap<&'static str, Element>,
    policy: Option<String>,
    /// From which size on the lifecycle's transitions are for objects. There are none here, so it is only told.
    least_transition: &'static str,
}

/// The header that has it, and its values, the default first.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html>
const LEAST_TRANSITION: &str = "x-amz-transition-default-minimum-object-size";
const LEAST_TRANSITIONS: [&str; 2] = ["all_storage_classes_128K", "varies_by_storage_class"];

/// A kind of configuration.
struct Kind {
    /// The subresource that names it in a query.
    query: &'static str,
    root: &'static str,
    check: fn(&Call<'_>, &mut Element) -> Result<(), AwsError>,
    /// What stands where nothing has been put.
    default: Option<&'static str>,
    /// What S3 answers where nothing stands.
    absent: (&'static str, &'static str),
}

const ENCRYPTION: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>\
                          AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false\
                          </BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>";

const KINDS: [Kind; 9] = [
    Kind {
        query: "cors",
        root: "CORSConfiguration",
        check: |_, document| cors::check_configuration(document),
        default: None,
        absent: ("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    },
    Kind {
        query: "lifecycle",
        root: "LifecycleConfiguration",
        check: |call, document| lifecycle::check_configuration(document, &call.ids),
        default: None,
        absent: ("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
    },
    Kind {
        query: "encryption",
        root: "ServerSideEncryptionConfiguration",
        check: check_encryption,
        default: Some(ENCRYPTION),
        absent: (
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
        ),
    },
    Kind {
        query: "ownershipControls",
        root: "OwnershipControls",
        check: |_, document| require(document, &["Rule", "ObjectOwnership"]),
        default: None,
        absent: ("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"),
    },
    Kind {
        query: "publicAccessBlock",
        root: "PublicAccessBlockConfiguration",
        check: |_, _| Ok(()),
        default: None,
        absent: ("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"),
    },
    Kind {
        query: "website",
        root: "WebsiteConfiguration",
        check: |_, document| if document.children.is_empty() { Err(malformed()) } else { Ok(()) },
        default: None,
        absent: ("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
    },
    Kind {
        query: "logging",
        root: "BucketLoggingStatus",
        check: |_, _| Ok(()),
        default: Some("<BucketLoggingStatus/>"),
        absent: ("", ""),
    },
    // It changes the endpoints that clients use, and nothing of what they get.
    Kind {
        query: "accelerate",
        root: "AccelerateConfiguration",
        check: |_, document| match document.required("Status")? {
            "Enabled" | "Suspended" => Ok(()),
            _ => Err(malformed()),
        },
        default: Some("<AccelerateConfiguration/>"),
        absent: ("", ""),
    },
    Kind {
        query: "requestPayment",
        root: "RequestPaymentConfiguration",
        check: |_, document| require(document, &["Payer"]),
        default: Some("<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"),
        absent: ("", ""),
    },
];

impl Configurations {
    /// Those of a new bucket: nothing is public, and access control lists are off unless `ownership` has them on.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html>
    pub fn of_new_bucket(ownership: &str) -> Self {
        let ownership = format!(
            "<OwnershipControls><Rule><ObjectOwnership>{ownership}</ObjectOwnership></Rule></OwnershipControls>"
        );
        let blocks: String = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
            .map(|name| format!("<{name}>true</{name}>"))
            .concat();
        let blocks = format!("<PublicAccessBlockConfiguration>{blocks}</PublicAccessBlockConfiguration>");
        let own = |root, text: &str| Element::parse(text.as_bytes(), root).expect("it is well-formed");
        let documents = [
            ("ownershipControls", own("OwnershipControls", &ownership)),
            ("publicAccessBlock", own("PublicAccessBlockConfiguration", &blocks)),
        ];
        Self { documents: documents.into(), policy: None, least_transition: LEAST_TRANSITIONS[0] }
    }

    /// What has been put of a kind.
    pub fn document(&self, query: &str) -> Option<&Element> {
        self.documents.get(query)
    }

    /// An answer about a lifecycle tells what its transitions are for.
    fn told(&self, kind: &Kind, reply: Reply) -> Reply {
        if kind.query == "lifecycle" { reply.with_header(LEAST_TRANSITION, self.least_transition) } else { reply }
    }

    /// Whether objects can have access control lists.
    pub fn has_acls(&self) -> bool {
        let rule = self.document("ownershipControls").and_then(|controls| controls.child("Rule"));
        rule.and_then(|rule| rule.text_of("ObjectOwnership")).is_none_or(|ownership| ownership != "BucketOwnerEnforced")
    }
}

/// The kind that a request is for.
fn kind(call: &Call<'_>) -> Result<&'static Kind, AwsError> {
    let query = call.request.query();
    let kind = KINDS.iter().find(|kind| query.iter().any(|(name, _)| name == kind.query));
    kind.ok_or_else(|| AwsError::not_simulated(Service::S3, call.operation()))
}

/// `PutBucketCors` and all others that put a document.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html>
pub fn put(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let kind = kind(call)?;
    let bucket = bucket(world, call, &target.bucket)?;
    let payload = Payload::of(call.request)?;
    checksum::verify(call, &payload, None)?;
    let mut document = Element::parse(&payload.body, kind.root)?;
    (kind.check)(call, &mut document)?;
    let configurations = &mut bucket.configurations;
    configurations.documents.insert(kind.query, document);
    if kind.query == "lifecycle" {
        let asked = call.request.header(LEAST_TRANSITION);
        let known = LEAST_TRANSITIONS.into_iter().find(|known| asked == Some(*known));
        configurations.least_transition = known.unwrap_or(LEAST_TRANSITIONS[0]);
        bucket.schedule = lifecycle::schedule(bucket);
    }
    let reply = bucket.configurations.told(kind, Reply::empty());
    world.changed();
    Ok(reply)
}

/// `GetBucketCors` and all others that get a document.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html>
pub fn get(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let kind = kind(call)?;
    let bucket = bucket(world, call, &target.bucket)?;
    if let Some(document) = bucket.configurations.document(kind.query) {
        return Ok(bucket.configurations.told(kind, Reply::xml(document.render(NAMESPACE))));
    }
    let (code, message) = kind.absent;
    let default = kind.default.map(|text| Element::parse(text.as_bytes(), kind.root)).transpose()?;
    let default = default.ok_or_else(|| AwsError::new(404, code, message).with_detail("BucketName", &target.bucket))?;
    Ok(Reply::xml(default.render(NAMESPACE)))
}

/// `DeleteBucketCors` and all others that delete a document.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html>
pub fn delete(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let kind = kind(call)?;
    let bucket = bucket(world, call, &target.bucket)?;
    bucket.configurations.documents.remove(kind.query);
    if kind.query == "lifecycle" {
        bucket.schedule = None;
    }
    Ok(Reply::empty().with_status(204))
}

/// `PutBucketPolicy`. What it allows is not looked at.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>
pub fn put_policy(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let bucket = bucket(world, call, &target.bucket)?;
    let payload = Payload::of(call.request)?;
    checksum::verify(call, &payload, None)?;
    let wrong = |message: &str| AwsError::client("MalformedPolicy", message);
    let text = String::from_utf8(payload.body.to_vec()).unwrap_or_default();
    let policy: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if !policy.is_object() {
        return Err(wrong("Policies must be valid JSON and the first byte must be '{'"));
    }
    if policy["Statement"].is_null() {
        return Err(wrong("Missing required field Statement"));
    }
    bucket.configurations.policy = Some(text);
    Ok(Reply::empty().with_status(204))
}

/// `GetBucketPolicy`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html>
pub fn get_policy(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    Ok(Reply::bytes("application/json", policy_of(world, call, target)?))
}

fn policy_of(world: &mut World, call: &Call<'_>, target: &Target) -> Result<String, AwsError> {
    let policy = bucket(world, call, &target.bucket)?.configurations.policy.clone();
    let absent = AwsError::new(404, "NoSuchBucketPolicy", "The bucket policy does not exist");
    policy.ok_or_else(|| absent.with_detail("BucketName", &target.bucket))
}

/// `DeleteBucketPolicy`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html>
pub fn delete_policy(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    bucket(world, call, &target.bucket)?.configurations.policy = None;
    Ok(Reply::empty().with_status(204))
}

/// `GetBucketPolicyStatus`: whether the policy allows something to everybody.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html>
pub fn get_policy_status(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let policy = policy_of(world, call, target)?;
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap_or_default();
    let statements = match &policy["Statement"] {
        serde_json::Value::Array(statements) => statements.as_slice(),
        statement => std::slice::from_ref(statement),
    };
    let is_everybody = |principal: &serde_json::Value| *principal == "*" || principal["AWS"] == "*";
    let is_public = |statement: &serde_json::Value| {
        statement["Effect"] == "Allow" && is_everybody(&statement["Principal"]) && statement["Condition"].is_null()
    };
    let public = statements.iter().any(is_public);
    Ok(Reply::xml(format!("<PolicyStatus xmlns=\"{NAMESPACE}\"><IsPublic>{public}</IsPublic></PolicyStatus>")))
}

/// Objects are encrypted by S3's own keys, so a bucket cannot be told to use others.
fn check_encryption(call: &Call<'_>, document: &mut Element) -> Result<(), AwsError> {
    require(document, &["Rule"])?;
    let defaults = document.all("Rule").filter_map(|rule| rule.child("ApplyServerSideEncryptionByDefault"));
    for default in defaults {
        let algorithm = default.required("SSEAlgorithm")?;
        if algorithm != "AES256" {
            let what = format!("SSEAlgorithm: {algorithm}");
            return Err(AwsError::parameter_not_simulated(Service::S3, call.operation(), &what));
        }
    }
    Ok(())
}

/// Refuses a document without an element at a path.
fn require(document: &Element, path: &[&str]) -> Result<(), AwsError> {
    let found = path.iter().try_fold(document, |element, name| element.child(name));
    found.map(drop).ok_or_else(malformed)
}

/// A rule's id where it has none.
pub fn give_id(rule: &mut Element, ids: &Ids) {
    if rule.text_of("ID").is_none_or(str::is_empty) {
        rule.children.retain(|child| child.name != "ID");
        rule.children.insert(0, Element { name: "ID".to_owned(), text: ids.base64(36), children: Vec::new() });
    }
}
