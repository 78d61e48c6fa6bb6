"""Drives `rehearsal serve` with boto3 and the AWS CLI: a round trip through each service.

usage: python clients.py http://127.0.0.1:PORT ACCOUNT

Prints a line for each round trip and ends with 1 at the first that goes wrong. Needs boto3 and awscli.
"""

import http.client
import io
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from xml.etree import ElementTree

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

ENDPOINT, ACCOUNT = sys.argv[1:3]
os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
os.environ.pop("AWS_PROFILE", None)


def client(service, **options):
    return boto3.client(service, endpoint_url=ENDPOINT, **options)


def aws(*arguments):
    """A command of the AWS CLI, and what it prints."""
    command = [sys.executable, "-m", "awscli", "--endpoint-url", ENDPOINT, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, f"aws {' '.join(arguments)}: {ran.stdout}{ran.stderr}"
    return json.loads(ran.stdout) if ran.stdout.lstrip().startswith(("{", "[")) else ran.stdout


def error_code(call, *arguments, **keywords):
    try:
        call(*arguments, **keywords)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def run(parts):
    """Runs one part after the other, each told when it is over."""
    for part in parts:
        part()
        print(f"ok {part.__name__}", flush=True)


def received(sqs, url, count):
    """The bodies of so many messages, which are deleted."""
    bodies = []
    while len(bodies) < count:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20).get("Messages", [])
        assert messages, f"{len(bodies)} of {count} messages came: {bodies}"
        for message in messages:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def bucket_with_boto3():
    s3 = client("s3")
    s3.create_bucket(Bucket="boto-bucket")
    s3.put_object(Bucket="boto-bucket", Key="a b/é.txt", Body=b"hello", Metadata={"who": "me"}, ContentType="text/plain")
    got = s3.get_object(Bucket="boto-bucket", Key="a b/é.txt")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (b"hello", {"who": "me"}, "text/plain")
    assert s3.head_object(Bucket="boto-bucket", Key="a b/é.txt")["ContentLength"] == 5
    assert s3.get_object(Bucket="boto-bucket", Key="a b/é.txt", Range="bytes=1-3")["Body"].read() == b"ell"
    assert error_code(s3.get_object, Bucket="boto-bucket", Key="nothing") == "NoSuchKey"
    assert error_code(s3.get_object, Bucket="no-such-bucket", Key="nothing") == "NoSuchBucket"


def bucket_by_host_name():
    client("s3").put_object(Bucket="boto-bucket", Key="k", Body=b"v")
    for host in ["boto-bucket.s3.localhost.localstack.cloud", "boto-bucket.localhost"]:
        connection = http.client.HTTPConnection(ENDPOINT.removeprefix("http://"))
        connection.request("GET", "/k", headers={"Host": host})
        assert connection.getresponse().read() == b"v", host


def multipart_upload():
    s3 = client("s3")
    s3.create_bucket(Bucket="boto-large")
    data = os.urandom(12 * 1024 * 1024 + 3)
    parts = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(data), "boto-large", "large", Config=parts)
    assert s3.head_object(Bucket="boto-large", Key="large")["ETag"].endswith('-3"')
    copy = io.BytesIO()
    s3.download_fileobj("boto-large", "large", copy, Config=parts)
    assert copy.getvalue() == data
    # The AWS CLI sends more than 8 MB in parts.
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        with open(path, "wb") as file:
            file.write(data)
        aws("s3", "cp", path, "s3://boto-large/from-cli", "--quiet")
        aws("s3", "cp", "s3://boto-large/from-cli", path + "2", "--quiet")
        with open(path + "2", "rb") as file:
            assert file.read() == data


def objects_in_pages():
    s3 = client("s3")
    s3.create_bucket(Bucket="boto-pages")
    keys = [f"k/{number:04}" for number in range(25)]
    for key in keys:
        s3.put_object(Bucket="boto-pages", Key=key, Body=b"")
    for operation in ["list_objects_v2", "list_objects"]:
        pages = list(s3.get_paginator(operation).paginate(Bucket="boto-pages", PaginationConfig={"PageSize": 10}))
        assert [len(page["Contents"]) for page in pages] == [10, 10, 5], operation
        assert [one["Key"] for page in pages for one in page["Contents"]] == keys
    deleted = s3.delete_objects(Bucket="boto-pages", Delete={"Objects": [{"Key": key} for key in keys]})
    assert len(deleted["Deleted"]) == 25
    s3.delete_bucket(Bucket="boto-pages")


def versions():
    s3 = client("s3")
    s3.create_bucket(Bucket="boto-versions")
    s3.put_bucket_versioning(Bucket="boto-versions", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="boto-versions", Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket="boto-versions", Key="k", Body=b"2")
    s3.delete_object(Bucket="boto-versions", Key="k")
    assert error_code(s3.get_object, Bucket="boto-versions", Key="k") == "NoSuchKey"
    assert s3.get_object(Bucket="boto-versions", Key="k", VersionId=first)["Body"].read() == b"1"
    listed = s3.list_object_versions(Bucket="boto-versions")
    assert (len(listed["Versions"]), len(listed["DeleteMarkers"])) == (2, 1)


def presigned_urls():
    # Without a version boto3 signs URLs for endpoints of one's own by version 2.
    for version in ["s3v4", None]:
        s3 = client("s3", config=Config(signature_version=version))
        s3.create_bucket(Bucket="boto-signed")
        where = {"Bucket": "boto-signed", "Key": "k"}
        put = urllib.request.Request(s3.generate_presigned_url("put_object", where, 60), data=b"signed", method="PUT")
        assert urllib.request.urlopen(put).status == 200
        get = s3.generate_presigned_url("get_object", where, 60)
        assert ("X-Amz-Signature=" in get) == (version == "s3v4"), get
        assert urllib.request.urlopen(get).read() == b"signed"


def bucket_in_another_region():
    """boto3 follows S3's answer to the region of the bucket."""
    location = {"LocationConstraint": "eu-west-1"}
    client("s3", region_name="eu-west-1").create_bucket(Bucket="boto-europe", CreateBucketConfiguration=location)
    s3 = client("s3")
    s3.put_object(Bucket="boto-europe", Key="k", Body=b"v")
    assert s3.get_object(Bucket="boto-europe", Key="k")["Body"].read() == b"v"
    assert s3.get_bucket_location(Bucket="boto-europe")["LocationConstraint"] == "eu-west-1"


def queue_by_the_query_protocol():
    """What an SDK of old sends: a form, answered in XML."""
    url = client("sqs").create_queue(QueueName="boto-form")["QueueUrl"]

    def ask(action, **parameters):
        form = urllib.parse.urlencode({"Action": action, "Version": "2012-11-05", **parameters})
        request = AWSRequest("POST", ENDPOINT, data=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
        SigV4Auth(Credentials("test", "test"), "sqs", "us-east-1").add_auth(request)
        sent = urllib.request.Request(ENDPOINT, data=form.encode(), headers=dict(request.headers))
        answer = ElementTree.fromstring(urllib.request.urlopen(sent).read())
        return {element.tag.split("}")[1]: element.text for element in answer.iter()}

    body = "a <b> & c"
    sent = ask("SendMessage", QueueUrl=url, MessageBody=body)
    got = ask("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10, **{"AttributeName.1": "All"})
    assert (got["Body"], got["MessageId"]) == (body, sent["MessageId"])
    ask("DeleteMessage", QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    assert ask("GetQueueUrl", QueueName="boto-form")["QueueUrl"] == url


def standard_queue():
    sqs = client("sqs")
    dead = sqs.create_queue(QueueName="boto-dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:boto-dead", "maxReceiveCount": 1}
    attributes = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "0"}
    url = sqs.create_queue(QueueName="boto-queue", Attributes=attributes)["QueueUrl"]
    assert url == f"{ENDPOINT}/{ACCOUNT}/boto-queue", url
    entries = [{"Id": str(number), "MessageBody": f"m{number}"} for number in range(10)]
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 10
    # Received once and not deleted, they go to the dead-letter queue with the next receive.
    seen = 0
    while seen < 10:
        seen += len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []))
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sorted(received(sqs, dead, 10)) == sorted(entry["MessageBody"] for entry in entries)
    assert error_code(sqs.get_queue_url, QueueName="nothing").endswith("NonExistentQueue")


def fifo_queue():
    sqs = client("sqs")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="boto.fifo", Attributes=attributes)["QueueUrl"]
    for number in [1, 2, 2, 3]:
        sqs.send_message(QueueUrl=url, MessageBody=str(number), MessageGroupId="g")
    assert received(sqs, url, 3) == ["1", "2", "3"]


def topic():
    sns, sqs = client("sns"), client("sqs")
    arn = sns.create_topic(Name="boto-topic")["TopicArn"]
    url = sqs.create_queue(QueueName="boto-subscriber")["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:boto-subscriber"
    attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"kind": ["wanted"]})}
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes=attributes)
    for kind in ["unwanted", "wanted"]:
        kinds = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=arn, Message=kind, MessageAttributes=kinds)
    assert received(sqs, url, 1) == ["wanted"]
    for number in range(3):
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"{queue}-{number}")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    assert sum(len(page["Subscriptions"]) for page in pages) == 4


def fifo_topic():
    sns, sqs = client("sns"), client("sqs")
    fifo = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    arn = sns.create_topic(Name="boto-topic.fifo", Attributes=fifo)["TopicArn"]
    url = sqs.create_queue(QueueName="boto-topic.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sns.subscribe(
        TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:boto-topic.fifo",
        Attributes={"RawMessageDelivery": "true"},
    )
    for body in ["a", "a", "b"]:
        sns.publish(TopicArn=arn, Message=body, MessageGroupId="g")
    assert received(sqs, url, 2) == ["a", "b"]


def rule():
    events, sqs = client("events"), client("sqs")
    url = sqs.create_queue(QueueName="boto-rule")["QueueUrl"]
    events.put_rule(Name="boto-rule", EventPattern=json.dumps({"source": ["shop"], "detail": {"total": [{"numeric": [">", 10]}]}}))
    target = {"Id": "q", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:boto-rule", "InputPath": "$.detail"}
    assert events.put_targets(Rule="boto-rule", Targets=[target])["FailedEntryCount"] == 0
    entry = lambda total: {"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"total": total})}
    assert events.put_events(Entries=[entry(5), entry(50)])["FailedEntryCount"] == 0
    assert received(sqs, url, 1) == ['{"total":50}']
    assert [one["Name"] for one in events.list_rules()["Rules"]] == ["boto-rule"]


def table():
    dynamodb = boto3.resource("dynamodb", endpoint_url=ENDPOINT)
    made = dynamodb.create_table(
        TableName="boto-table", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    made.wait_until_exists()
    with made.batch_writer() as batch:
        for number in range(60):
            batch.put_item(Item={"pk": "p", "sk": number, "text": "x" * 100})
    pages = client("dynamodb").get_paginator("query").paginate(
        TableName="boto-table", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p"}},
        PaginationConfig={"PageSize": 25},
    )
    assert [len(page["Items"]) for page in pages] == [25, 25, 10]
    condition = "attribute_not_exists(pk)"
    taken = error_code(made.put_item, Item={"pk": "p", "sk": 1}, ConditionExpression=condition)
    assert taken == "ConditionalCheckFailedException"


def with_the_command_line():
    aws("s3", "mb", "s3://cli-bucket")
    with tempfile.TemporaryDirectory() as folder:
        for name in ["a.txt", "b.txt"]:
            with open(os.path.join(folder, name), "w") as file:
                file.write(name)
        aws("s3", "sync", folder, "s3://cli-bucket/in", "--quiet")
    assert [line.split()[-1] for line in aws("s3", "ls", "s3://cli-bucket/in/").splitlines()] == ["a.txt", "b.txt"]
    keys = aws("s3api", "list-objects-v2", "--bucket", "cli-bucket", "--page-size", "1", "--query", "Contents[].Key")
    assert keys == ["in/a.txt", "in/b.txt"]
    aws("s3", "rb", "s3://cli-bucket", "--force")

    url = aws("sqs", "create-queue", "--queue-name", "cli.fifo", "--attributes", "FifoQueue=true")["QueueUrl"]
    group = ["--message-group-id", "g", "--message-deduplication-id"]
    for body in ["one", "two"]:
        aws("sqs", "send-message", "--queue-url", url, "--message-body", body, *group, body)
    got = aws("sqs", "receive-message", "--queue-url", url, "--max-number-of-messages", "10")
    assert [message["Body"] for message in got["Messages"]] == ["one", "two"]

    topic = aws("sns", "create-topic", "--name", "cli-topic")["TopicArn"]
    queue = aws("sqs", "create-queue", "--queue-name", "cli-subscriber")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:cli-subscriber"
    aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", arn)
    aws("sns", "publish", "--topic-arn", topic, "--message", "hello", "--subject", "s")
    body = aws("sqs", "receive-message", "--queue-url", queue, "--wait-time-seconds", "20")["Messages"][0]["Body"]
    assert json.loads(body)["Message"] == "hello"

    aws("events", "create-event-bus", "--name", "cli-bus")
    aws("events", "put-rule", "--name", "cli", "--event-bus-name", "cli-bus", "--event-pattern", '{"source":["cli"]}')
    aws("events", "put-targets", "--rule", "cli", "--event-bus-name", "cli-bus", "--targets", f"Id=q,Arn={arn}")
    entry = json.dumps([{"Source": "cli", "DetailType": "t", "Detail": "{}", "EventBusName": "cli-bus"}])
    aws("events", "put-events", "--entries", entry)
    body = aws("sqs", "receive-message", "--queue-url", queue, "--wait-time-seconds", "20")["Messages"][0]["Body"]
    assert json.loads(body)["source"] == "cli"

    aws(
        "dynamodb", "create-table", "--table-name", "cli-table", "--billing-mode", "PAY_PER_REQUEST",
        "--attribute-definitions", "AttributeName=pk,AttributeType=S", "--key-schema", "AttributeName=pk,KeyType=HASH",
    )
    for number in range(5):
        aws("dynamodb", "put-item", "--table-name", "cli-table", "--item", json.dumps({"pk": {"S": str(number)}}))
    scanned = aws("dynamodb", "scan", "--table-name", "cli-table", "--page-size", "2")
    assert scanned["Count"] == 5
    assert aws("sts", "get-caller-identity")["Account"] == ACCOUNT


def deliveries_to_functions():
    """What is uploaded goes through the workflow's functions into its table."""
    s3, dynamodb, sqs = client("s3"), client("dynamodb"), client("sqs")
    bucket = next(one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"].startswith("app-uploads"))
    head = "iata,name,city,state,country,latitude,longitude\n"
    row = "ORD,Chicago O'Hare International,Chicago,IL,USA,41.979595,-87.90446417\n"
    s3.put_object(Bucket=bucket, Key="incoming/one.csv", Body=(head + row).encode())
    table = next(name for name in dynamodb.list_tables()["TableNames"] if "Airports" in name)
    waiting = sqs.create_queue(QueueName="nothing-comes")["QueueUrl"]
    for _ in range(30):
        items = dynamodb.scan(TableName=table)["Items"]
        if items:
            assert [item["iata"]["S"] for item in items] == ["ORD"]
            return
        sqs.receive_message(QueueUrl=waiting, WaitTimeSeconds=1)
    raise AssertionError("the row did not arrive in the table")


def functions_of_the_app():
    """Lambda tells of the app's functions, invokes them, and turns their mappings off and on."""
    functions = client("lambda")
    names = [one["FunctionName"] for one in functions.list_functions()["Functions"]]
    store = next(name for name in names if "StoreRecord" in name)
    assert functions.get_function_configuration(FunctionName=store)["Timeout"] == 30
    answer = functions.invoke(FunctionName=store, Payload=b'{"Records": []}')
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer, answer
    assert error_code(functions.invoke, FunctionName="nobody") == "ResourceNotFoundException"
    [mapping] = aws("lambda", "list-event-source-mappings", "--function-name", store)["EventSourceMappings"]
    off = aws("lambda", "update-event-source-mapping", "--uuid", mapping["UUID"], "--no-enabled")
    assert (mapping["State"], off["State"]) == ("Enabled", "Disabling")
    assert functions.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Disabled"
    aws("lambda", "update-event-source-mapping", "--uuid", mapping["UUID"], "--enabled")


def what_is_not_simulated_is_named():
    try:
        client("iam").list_roles()
    except ClientError as error:
        assert "`iam` is not simulated" in str(error), error
    else:
        raise AssertionError("iam answered")


ROUND_TRIPS = [
    bucket_with_boto3, bucket_by_host_name, multipart_upload, objects_in_pages, versions, presigned_urls,
    bucket_in_another_region, standard_queue, fifo_queue, queue_by_the_query_protocol, topic, fifo_topic, rule, table,
    with_the_command_line, deliveries_to_functions, functions_of_the_app,
    what_is_not_simulated_is_named,
]

if __name__ == "__main__":
    run(ROUND_TRIPS)
