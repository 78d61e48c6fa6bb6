"""The calls that Terraform's AWS provider makes for each of its resources, in their order, by boto3.

usage: python terraform.py http://localhost:PORT ACCOUNT

Terraform itself is not needed: each function below makes the calls of `internal/service/…` of the provider (version 6;
where 5 makes others, those too) to create, read, update and destroy one resource, and holds what the provider looks at.
Prints a line for each resource and ends with 1 at the first that goes wrong.
"""

import json
from urllib.parse import urlsplit

from clients import ACCOUNT, client, error_code, run

ROLE = f"arn:aws:iam::{ACCOUNT}:role/tf"
TAGS = [{"Key": "team", "Value": "a"}]


def aws_caller_identity():
    """What the provider asks when it is configured, unless `skip_requesting_account_id` is set."""
    assert client("sts").get_caller_identity()["Account"] == ACCOUNT


def to_this_host(request, **_):
    """S3 Control has the account in front of the host, in a name that not every system resolves."""
    request.headers["Host"] = urlsplit(request.url).netloc
    request.url = request.url.replace(f"//{ACCOUNT}.", "//", 1)


def aws_s3_bucket():
    s3, bucket = client("s3"), {"Bucket": "tf-bucket"}
    s3.create_bucket(**bucket)
    s3.head_bucket(**bucket)
    # Before 6.23 tags are written and read by S3 itself, since then by S3 Control.
    assert error_code(s3.get_bucket_tagging, **bucket) == "NoSuchTagSet"
    s3.put_bucket_tagging(**bucket, Tagging={"TagSet": TAGS})
    control = client("s3control")
    control.meta.events.register("before-send.s3-control", to_this_host)
    resource = {"AccountId": ACCOUNT, "ResourceArn": "arn:aws:s3:::tf-bucket"}
    assert control.list_tags_for_resource(**resource)["Tags"] == TAGS
    control.tag_resource(**resource, Tags=[{"Key": "stage", "Value": "test"}])
    control.untag_resource(**resource, TagKeys=["team"])
    assert control.list_tags_for_resource(**resource)["Tags"] == [{"Key": "stage", "Value": "test"}]
    # The read, feature by feature.
    assert error_code(s3.get_bucket_policy, **bucket) == "NoSuchBucketPolicy"
    assert [grant["Permission"] for grant in s3.get_bucket_acl(**bucket)["Grants"]] == ["FULL_CONTROL"]
    assert error_code(s3.get_bucket_cors, **bucket) == "NoSuchCORSConfiguration"
    assert error_code(s3.get_bucket_website, **bucket) == "NoSuchWebsiteConfiguration"
    assert "Status" not in s3.get_bucket_versioning(**bucket)
    assert "Status" not in s3.get_bucket_accelerate_configuration(**bucket)
    assert s3.get_bucket_request_payment(**bucket)["Payer"] == "BucketOwner"
    assert "LoggingEnabled" not in s3.get_bucket_logging(**bucket)
    assert error_code(s3.get_bucket_lifecycle_configuration, **bucket) == "NoSuchLifecycleConfiguration"
    assert error_code(s3.get_bucket_replication, **bucket) == "ReplicationConfigurationNotFoundError"
    encryption = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert error_code(s3.get_object_lock_configuration, **bucket) == "ObjectLockConfigurationNotFoundError"
    assert s3.head_bucket(**bucket)["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(**bucket)["LocationConstraint"] is None
    # `force_destroy` removes what stands in the way.
    s3.put_object(**bucket, Key="left", Body=b"")
    assert error_code(s3.delete_bucket, **bucket) == "BucketNotEmpty"
    for version in s3.list_object_versions(**bucket)["Versions"]:
        s3.delete_objects(**bucket, Delete={"Objects": [{"Key": version["Key"], "VersionId": version["VersionId"]}]})
    s3.delete_bucket(**bucket)
    assert error_code(s3.head_bucket, **bucket) == "404"


def of_a_bucket(name, put, get, delete, absent):
    """One of the resources that configure a bucket: made, read, destroyed and found gone."""
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    put(s3)
    get(s3)
    if delete:
        getattr(s3, delete)(Bucket=name)
        assert error_code(get, s3) == absent, f"{name}: {absent}"
    s3.delete_bucket(Bucket=name)


def aws_s3_bucket_versioning():
    """Destroyed by suspending, where it was enabled."""
    b = {"Bucket": "tf-versioning"}

    def put(s3):
        for status in ["Enabled", "Suspended"]:
            s3.put_bucket_versioning(**b, VersioningConfiguration={"Status": status})
            assert s3.get_bucket_versioning(**b)["Status"] == status

    of_a_bucket(b["Bucket"], put, lambda s3: s3.get_bucket_versioning(**b), None, None)


def aws_s3_bucket_notification():
    b = {"Bucket": "tf-notification"}
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:tf-notified"
    client("sqs").create_queue(QueueName="tf-notified")
    rule = {"Id": "tf", "QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}
    rule["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}}

    def put(s3):
        s3.put_bucket_notification_configuration(**b, NotificationConfiguration={"QueueConfigurations": [rule]})
        got = s3.get_bucket_notification_configuration(**b)["QueueConfigurations"][0]
        assert (got["Id"], got["QueueArn"], got["Events"]) == ("tf", queue, ["s3:ObjectCreated:*"]), got
        eventbridge = {"EventBridgeConfiguration": {}}
        s3.put_bucket_notification_configuration(**b, NotificationConfiguration=eventbridge)
        assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(**b)
        s3.put_bucket_notification_configuration(**b, NotificationConfiguration={})

    of_a_bucket(b["Bucket"], put, lambda s3: s3.get_bucket_notification_configuration(**b), None, None)


def aws_s3_bucket_lifecycle_configuration():
    b = {"Bucket": "tf-lifecycle"}
    rules = [
        {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}},
        {"ID": "b", "Status": "Disabled", "Filter": {"And": {"Prefix": "x/", "Tags": TAGS}},
         "NoncurrentVersionExpiration": {"NoncurrentDays": 2, "NewerNoncurrentVersions": 3}},
        {"ID": "c", "Status": "Enabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
         "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}]},
    ]

    def put(s3):
        # The provider asks for the size that transitions begin at, and waits until it reads what it wrote.
        made = s3.put_bucket_lifecycle_configuration(
            **b, LifecycleConfiguration={"Rules": rules}, TransitionDefaultMinimumObjectSize="all_storage_classes_128K",
        )
        assert made["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"

    def get(s3):
        got = s3.get_bucket_lifecycle_configuration(**b)
        assert got["Rules"] == rules, got["Rules"]
        assert got["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"

    of_a_bucket(b["Bucket"], put, get, "delete_bucket_lifecycle", "NoSuchLifecycleConfiguration")


def aws_s3_bucket_cors_configuration():
    b = {"Bucket": "tf-cors"}
    rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}]

    def get(s3):
        assert s3.get_bucket_cors(**b)["CORSRules"] == rules

    put = lambda s3: s3.put_bucket_cors(**b, CORSConfiguration={"CORSRules": rules})
    of_a_bucket(b["Bucket"], put, get, "delete_bucket_cors", "NoSuchCORSConfiguration")


def aws_s3_bucket_policy():
    b = {"Bucket": "tf-policy"}
    statement = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "s3:*", "Resource": "arn:aws:s3:::tf-policy/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def get(s3):
        assert json.loads(s3.get_bucket_policy(**b)["Policy"]) == json.loads(policy)

    put = lambda s3: s3.put_bucket_policy(**b, Policy=policy)
    of_a_bucket(b["Bucket"], put, get, "delete_bucket_policy", "NoSuchBucketPolicy")


def aws_s3_bucket_public_access_block():
    b = {"Bucket": "tf-block"}
    block = {name: False for name in ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]}

    def get(s3):
        assert s3.get_public_access_block(**b)["PublicAccessBlockConfiguration"] == block

    put = lambda s3: s3.put_public_access_block(**b, PublicAccessBlockConfiguration=block)
    of_a_bucket(b["Bucket"], put, get, "delete_public_access_block", "NoSuchPublicAccessBlockConfiguration")


def aws_s3_bucket_server_side_encryption_configuration():
    """What is deleted is the bucket's own again."""
    b = {"Bucket": "tf-encryption"}
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}

    def put(s3):
        configuration = {"Rules": [rule]}
        s3.put_bucket_encryption(**b, ServerSideEncryptionConfiguration=configuration)
        assert s3.get_bucket_encryption(**b)["ServerSideEncryptionConfiguration"] == configuration
        s3.delete_bucket_encryption(**b)

    of_a_bucket(b["Bucket"], put, lambda s3: s3.get_bucket_encryption(**b), None, None)


def aws_s3_bucket_ownership_controls():
    b = {"Bucket": "tf-ownership"}
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}

    def get(s3):
        assert s3.get_bucket_ownership_controls(**b)["OwnershipControls"] == controls

    put = lambda s3: s3.put_bucket_ownership_controls(**b, OwnershipControls=controls)
    of_a_bucket(b["Bucket"], put, get, "delete_bucket_ownership_controls", "OwnershipControlsNotFoundError")


def aws_s3_object():
    s3, o = client("s3"), {"Bucket": "tf-object", "Key": "a/b.json"}
    s3.create_bucket(Bucket="tf-object")
    s3.put_bucket_versioning(Bucket="tf-object", VersioningConfiguration={"Status": "Enabled"})
    # The provider's upload has a checksum in its trailer.
    put = dict(o, ContentType="application/json", ChecksumAlgorithm="CRC32", Tagging="team=a", Metadata={"k": "v"})
    s3.put_object(**put, Body=b"{}")
    head = s3.head_object(**o, ChecksumMode="ENABLED")
    assert (head["ContentType"], head["Metadata"], head["ServerSideEncryption"]) == ("application/json", {"k": "v"}, "AES256")
    assert "StorageClass" not in head and head["ChecksumCRC32"]
    assert s3.get_object_tagging(**o)["TagSet"] == TAGS
    s3.put_object_tagging(**o, Tagging={"TagSet": []})
    s3.put_object(**put, Body=b"[]")
    for version in s3.list_object_versions(Bucket="tf-object", Prefix="a/b.json")["Versions"]:
        s3.delete_object(**o, VersionId=version["VersionId"])
    assert error_code(s3.head_object, **o) == "404"
    s3.delete_bucket(Bucket="tf-object")


def aws_sqs_queue():
    sqs = client("sqs")
    dead = sqs.create_queue(QueueName="tf-dead")["QueueUrl"]
    attributes = {
        "DelaySeconds": "5", "MaximumMessageSize": "2048", "MessageRetentionPeriod": "86400",
        "ReceiveMessageWaitTimeSeconds": "10", "VisibilityTimeout": "60", "SqsManagedSseEnabled": "true",
    }
    url = sqs.create_queue(QueueName="tf-queue", Attributes=attributes, tags={"team": "a"})["QueueUrl"]
    queue = {"QueueUrl": url}
    got = sqs.get_queue_attributes(**queue, AttributeNames=["All"])["Attributes"]
    assert {name: got[name] for name in attributes} == attributes
    arn = got["QueueArn"]
    assert "Policy" not in got and "RedrivePolicy" not in got
    assert sqs.list_queue_tags(**queue)["Tags"] == {"team": "a"}
    # aws_sqs_queue_policy, aws_sqs_queue_redrive_policy and aws_sqs_queue_redrive_allow_policy, each read until it is
    # as written, and destroyed by an empty text.
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policies = {
        "Policy": {"Version": "2012-10-17", "Statement": [statement]},
        "RedrivePolicy": {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:tf-dead", "maxReceiveCount": 4},
        "RedriveAllowPolicy": {"redrivePermission": "byQueue", "sourceQueueArns": [arn]},
    }
    for name, policy in policies.items():
        sqs.set_queue_attributes(**queue, Attributes={name: json.dumps(policy)})
        got = sqs.get_queue_attributes(**queue, AttributeNames=[name])["Attributes"]
        assert json.loads(got[name]) == policy
        sqs.set_queue_attributes(**queue, Attributes={name: ""})
        assert name not in sqs.get_queue_attributes(**queue, AttributeNames=["All"])["Attributes"], name
    sqs.set_queue_attributes(**queue, Attributes={"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": "300"})
    sqs.tag_queue(**queue, Tags={"stage": "test"})
    sqs.untag_queue(**queue, TagKeys=["team"])
    assert sqs.list_queue_tags(**queue)["Tags"] == {"stage": "test"}
    for one in [url, dead]:
        sqs.delete_queue(QueueUrl=one)
    gone = error_code(sqs.get_queue_attributes, **queue, AttributeNames=["All"])
    assert gone == "AWS.SimpleQueueService.NonExistentQueue", gone


def aws_sns_topic():
    sns = client("sns")
    arn = sns.create_topic(Name="tf-topic", Attributes={"DisplayName": "Terraform"}, Tags=TAGS)["TopicArn"]
    got = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert (got["DisplayName"], got["TopicArn"], got["Owner"]) == ("Terraform", arn, ACCOUNT)
    assert json.loads(got["Policy"])["Statement"], "the default policy"
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == TAGS
    for name, value in [("DisplayName", ""), ("SignatureVersion", "2"), ("TracingConfig", "PassThrough"), ("DeliveryPolicy", "")]:
        sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "test"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["team"])
    # aws_sns_topic_policy
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy))
    assert json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]) == policy
    sns.delete_topic(TopicArn=arn)
    assert error_code(sns.get_topic_attributes, TopicArn=arn) == "NotFound"


def aws_sns_topic_subscription():
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="tf-subscribed")["TopicArn"]
    sqs.create_queue(QueueName="tf-subscriber")
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:tf-subscriber"
    attributes = {"RawMessageDelivery": "true", "FilterPolicy": '{"kind":["a"]}', "FilterPolicyScope": "MessageBody"}
    arn = sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes, ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    got = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert {name: got[name] for name in attributes} == attributes
    assert (got["PendingConfirmation"], got["ConfirmationWasAuthenticated"]) == ("false", "true")
    for name, value in [("FilterPolicy", "{}"), ("RawMessageDelivery", "false"), ("RedrivePolicy", "")]:
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=value)
    sns.unsubscribe(SubscriptionArn=arn)
    assert error_code(sns.get_subscription_attributes, SubscriptionArn=arn) == "NotFound"


def aws_dynamodb_table():
    dynamodb, table = client("dynamodb"), {"TableName": "tf-table"}
    made = dynamodb.create_table(
        **table, BillingMode="PAY_PER_REQUEST", Tags=TAGS, DeletionProtectionEnabled=False, TableClass="STANDARD",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ["pk", "by"]],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        GlobalSecondaryIndexes=[{
            "IndexName": "by-by", "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"},
        }],
    )["TableDescription"]
    got = dynamodb.describe_table(**table)["Table"]
    assert (got["TableStatus"], got["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("ACTIVE", "ACTIVE")
    assert got["LatestStreamArn"] and got["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    backups = lambda: dynamodb.describe_continuous_backups(**table)["ContinuousBackupsDescription"]
    recovery = lambda: backups()["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert (backups()["ContinuousBackupsStatus"], recovery()) == ("ENABLED", "DISABLED")
    assert dynamodb.describe_time_to_live(**table)["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    assert dynamodb.list_tags_of_resource(ResourceArn=made["TableArn"])["Tags"] == TAGS
    # Updates.
    dynamodb.update_time_to_live(**table, TimeToLiveSpecification={"AttributeName": "until", "Enabled": True})
    described = dynamodb.describe_time_to_live(**table)["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}, described
    dynamodb.update_continuous_backups(**table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    assert recovery() == "ENABLED"
    dynamodb.tag_resource(ResourceArn=made["TableArn"], Tags=[{"Key": "stage", "Value": "test"}])
    dynamodb.untag_resource(ResourceArn=made["TableArn"], TagKeys=["team"])
    # aws_dynamodb_kinesis_streaming_destination and aws_dynamodb_resource_policy read before they are made.
    assert dynamodb.describe_kinesis_streaming_destination(**table)["KinesisDataStreamDestinations"] == []
    assert error_code(dynamodb.get_resource_policy, ResourceArn=made["TableArn"]) == "PolicyNotFoundException"
    dynamodb.delete_table(**table)
    assert error_code(dynamodb.describe_table, **table) == "ResourceNotFoundException"


def aws_cloudwatch_event_bus_rule_and_target():
    events, bus = client("events"), {"EventBusName": "tf-bus"}
    arn = events.create_event_bus(Name="tf-bus", Tags=TAGS)["EventBusArn"]
    assert events.describe_event_bus(Name="tf-bus")["Arn"] == arn
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == TAGS
    pattern = {"source": ["shop"], "detail": {"total": [{"numeric": [">", 10]}]}}
    rule = dict(bus, Name="tf-rule", Description="d", EventPattern=json.dumps(pattern), State="ENABLED")
    made = events.put_rule(**rule, Tags=TAGS)["RuleArn"]
    got = events.describe_rule(**bus, Name="tf-rule")
    assert (got["Arn"], got["State"], json.loads(got["EventPattern"])) == (made, "ENABLED", pattern)
    assert events.list_tags_for_resource(ResourceARN=made)["Tags"] == TAGS
    client("sqs").create_queue(QueueName="tf-target")
    target = {
        "Id": "tf", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:tf-target", "InputPath": "$.detail",
        "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 3},
    }
    assert events.put_targets(**bus, Rule="tf-rule", Targets=[target])["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(**bus, Rule="tf-rule", Limit=100)["Targets"] == [target]
    events.put_rule(**dict(rule, State="DISABLED"))
    assert events.describe_rule(**bus, Name="tf-rule")["State"] == "DISABLED"
    assert events.remove_targets(**bus, Rule="tf-rule", Ids=["tf"])["FailedEntryCount"] == 0
    events.delete_rule(**bus, Name="tf-rule")
    assert error_code(events.describe_rule, **bus, Name="tf-rule") == "ResourceNotFoundException"
    events.delete_event_bus(Name="tf-bus")
    assert error_code(events.describe_event_bus, Name="tf-bus") == "ResourceNotFoundException"


def aws_scheduler_schedule():
    scheduler = client("scheduler")
    client("sqs").create_queue(QueueName="tf-scheduled")
    group = scheduler.create_schedule_group(Name="tf-group", Tags=TAGS)["ScheduleGroupArn"]
    assert scheduler.get_schedule_group(Name="tf-group")["State"] == "ACTIVE"
    assert scheduler.list_tags_for_resource(ResourceArn=group)["Tags"] == TAGS
    where = {"Name": "tf-schedule", "GroupName": "tf-group"}
    schedule = dict(
        where, ScheduleExpression="rate(1 hour)", ScheduleExpressionTimezone="UTC", State="ENABLED",
        FlexibleTimeWindow={"Mode": "OFF"}, Target={
            "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:tf-scheduled", "RoleArn": ROLE,
            "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
        },
    )
    scheduler.create_schedule(**schedule)
    got = scheduler.get_schedule(**where)
    assert {name: got[name] for name in schedule} == schedule, got
    scheduler.update_schedule(**dict(schedule, State="DISABLED"))
    assert scheduler.get_schedule(**where)["State"] == "DISABLED"
    scheduler.delete_schedule(**where)
    assert error_code(scheduler.get_schedule, **where) == "ResourceNotFoundException"
    scheduler.delete_schedule_group(Name="tf-group")
    assert error_code(scheduler.get_schedule_group, Name="tf-group") == "ResourceNotFoundException"


def aws_kinesis_stream():
    kinesis, stream = client("kinesis"), {"StreamName": "tf-stream"}
    kinesis.create_stream(**stream, ShardCount=1, StreamModeDetails={"StreamMode": "PROVISIONED"})
    summary = lambda: kinesis.describe_stream_summary(**stream)["StreamDescriptionSummary"]
    got = summary()
    assert (got["StreamStatus"], got["OpenShardCount"], got["RetentionPeriodHours"]) == ("ACTIVE", 1, 24)
    assert (got["EncryptionType"], got["EnhancedMonitoring"]) == ("NONE", [{"ShardLevelMetrics": []}])
    arn = {"ResourceARN": got["StreamARN"]}
    # Version 5 tags by the stream's name.
    kinesis.add_tags_to_stream(**stream, Tags={"team": "a"})
    assert kinesis.list_tags_for_stream(**stream)["Tags"] == TAGS
    kinesis.tag_resource(**arn, Tags={"stage": "test"})
    kinesis.untag_resource(**arn, TagKeys=["team"])
    assert kinesis.list_tags_for_resource(**arn)["Tags"] == [{"Key": "stage", "Value": "test"}]
    kinesis.increase_stream_retention_period(**stream, RetentionPeriodHours=48)
    kinesis.decrease_stream_retention_period(**stream, RetentionPeriodHours=24)
    kinesis.update_shard_count(**stream, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    assert summary()["OpenShardCount"] == 2
    kinesis.delete_stream(**stream, EnforceConsumerDeletion=True)
    assert error_code(kinesis.describe_stream_summary, **stream) == "ResourceNotFoundException"


def what_terraform_cannot_make_is_named():
    """Roles and functions, and mappings of functions: refused by name, so that `apply` says why it ends."""
    for service, call in [
        ("iam", lambda iam: iam.create_role(RoleName="tf", AssumeRolePolicyDocument="{}")),
        ("lambda", lambda functions: functions.create_event_source_mapping(FunctionName="tf", EventSourceArn=ROLE)),
        ("logs", lambda logs: logs.create_log_group(logGroupName="tf")),
    ]:
        try:
            call(client(service))
        except Exception as error:
            assert f"`{service}` is not simulated" in str(error), error
        else:
            raise AssertionError(f"{service} answered")


RESOURCES = [
    aws_caller_identity, aws_s3_bucket, aws_s3_bucket_versioning, aws_s3_bucket_notification,
    aws_s3_bucket_lifecycle_configuration, aws_s3_bucket_cors_configuration, aws_s3_bucket_policy,
    aws_s3_bucket_public_access_block, aws_s3_bucket_server_side_encryption_configuration,
    aws_s3_bucket_ownership_controls, aws_s3_object, aws_sqs_queue, aws_sns_topic, aws_sns_topic_subscription,
    aws_dynamodb_table, aws_cloudwatch_event_bus_rule_and_target, aws_scheduler_schedule, aws_kinesis_stream,
    what_terraform_cannot_make_is_named,
]

if __name__ == "__main__":
    run(RESOURCES)
