//! What CDK synthesizes.

use crate::kit::{folder, good, read};

#[test]
fn cdks_json_is_a_template_like_any_other() {
    let stack = good(&read(&folder().join("cdk.json")), &[]);
    assert_eq!(stack.queues.len(), 2);
    assert_eq!(stack.functions[0].environment["TOPIC"], "arn:aws:sns:us-east-1:x");
    assert_eq!(stack.event_source_mappings[0].batch_size, 100);
    assert_eq!(stack.event_source_mappings[0].function_arn, stack.functions[0].arn);
    let listed: Vec<_> = stack.not_simulated.iter().map(|each| each.what.as_str()).collect();
    assert_eq!(listed, ["Rules", "AWS::IAM::Role", "AWS::CDK::Metadata", "AWS::Lambda::Function.Role"]);
}

/// <https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_s3_notifications-readme.html>
#[test]
fn cdks_bucket_notifications_are_the_buckets_own() {
    let stack = good(
        r#"
Resources:
  Uploads: { Type: AWS::S3::Bucket }
  Import: { Type: AWS::Lambda::Function, Properties: { Code: { ZipFile: x }, Role: r, Runtime: provided.al2023 } }
  UploadsNotificationsE23C1B92:
    Type: Custom::S3BucketNotifications
    Properties:
      ServiceToken: { "Fn::GetAtt": [BucketNotificationsHandler050a0587, Arn] }
      BucketName: { Ref: Uploads }
      NotificationConfiguration:
        EventBridgeConfiguration: {}
        LambdaFunctionConfigurations:
          - Events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
            Filter: { Key: { FilterRules: [{ Name: prefix, Value: in/ }] } }
            LambdaFunctionArn: { "Fn::GetAtt": [Import, Arn] }
      Managed: true
      SkipDestinationValidation: false
  BucketNotificationsHandler050a0587:
    Type: AWS::Lambda::Function
    Properties: { Code: { ZipFile: x }, Handler: index.handler, Role: r, Runtime: python3.13, Timeout: 300 }
"#,
        &[],
    );
    let [bucket] = &stack.buckets[..] else { panic!("one bucket: {:?}", stack.buckets) };
    let [notification] = &bucket.notifications[..] else { panic!("one notification: {bucket:?}") };
    assert_eq!(notification.events, ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]);
    assert_eq!(notification.prefix.as_deref(), Some("in/"));
    assert!(bucket.event_bridge);
    let functions: Vec<_> = stack.functions.iter().map(|function| function.logical_id.as_str()).collect();
    assert_eq!(functions, ["Import"], "what CDK deploys to configure buckets is no function of the workflow");
    assert!(stack.not_simulated.iter().any(|left_out| left_out.logical_id == "BucketNotificationsHandler050a0587"));
}
