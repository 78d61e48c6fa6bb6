// The app behind the folder `cdk.out`: what projects write with CDK. To synthesize it anew, with aws-cdk and aws-cdk-lib 2:
//   npx cdk synth --app 'node app.js' --quiet
// and leave out what is not read: `tree.json`, `*.metadata.json`, `asset.*`, and the manifest's `metadata`.
const cdk = require('aws-cdk-lib');
const { aws_sqs: sqs, aws_s3: s3, aws_s3_notifications: s3n, aws_dynamodb: dynamodb, aws_lambda: lambda,
  aws_lambda_event_sources: sources, aws_apigateway: apigw, aws_events: events, aws_events_targets: targets,
  aws_sns: sns, aws_sns_subscriptions: subs, aws_logs: logs, aws_apigatewayv2: apigwv2, aws_scheduler: scheduler,
  aws_apigatewayv2_integrations: integrations, aws_scheduler_targets: schedulerTargets, aws_kinesis: kinesis } = cdk;

const code = lambda.Code.fromInline('exports.handler = async () => {}');
const fn = (scope, id, props = {}) => new lambda.Function(scope, id, {
  runtime: lambda.Runtime.NODEJS_22_X, handler: 'index.handler', code, timeout: cdk.Duration.seconds(10), ...props });

/** Orders wait in a queue with a dead-letter queue. */
class Intake extends cdk.NestedStack {
  constructor(scope, id, props) {
    super(scope, id, props);
    this.dead = new sqs.Queue(this, 'Dead');
    this.queue = new sqs.Queue(this, 'Queue', { visibilityTimeout: cdk.Duration.minutes(1), enforceSSL: true,
      deadLetterQueue: { queue: this.dead, maxReceiveCount: 3 } });
    const worker = fn(this, 'Worker', { environment: { TABLE: props.table.tableName }, logRetention: logs.RetentionDays.ONE_WEEK });
    worker.addEventSource(new sources.SqsEventSource(this.queue, { batchSize: 5, reportBatchItemFailures: true }));
    props.table.grantReadWriteData(worker);
  }
}

class Orders extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const table = new dynamodb.Table(this, 'Table', { partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST, stream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
      removalPolicy: cdk.RemovalPolicy.DESTROY });
    const intake = new Intake(this, 'Intake', { table });
    const returns = new Intake(this, 'Returns', { table });
    const bucket = new s3.Bucket(this, 'Uploads', { autoDeleteObjects: true, removalPolicy: cdk.RemovalPolicy.DESTROY,
      enforceSSL: true, lifecycleRules: [{ expiration: cdk.Duration.days(30) }] });
    const read = fn(this, 'Read', { environment: { ORDERS_URL: intake.queue.queueUrl, RETURNS_URL: returns.queue.queueUrl } });
    intake.queue.grantSendMessages(read);
    returns.queue.grantSendMessages(read);
    bucket.addEventNotification(s3.EventType.OBJECT_CREATED, new s3n.LambdaDestination(read), { prefix: 'in/', suffix: '.csv' });
    bucket.grantRead(read);
    const api = new apigw.RestApi(this, 'Api', { deployOptions: { stageName: 'v1', metricsEnabled: true, loggingLevel: apigw.MethodLoggingLevel.INFO },
      defaultCorsPreflightOptions: { allowOrigins: apigw.Cors.ALL_ORIGINS } });
    const get = fn(this, 'Get', { environment: { TABLE: table.tableName } });
    api.root.addResource('orders').addResource('{id}').addMethod('GET', new apigw.LambdaIntegration(get));
    const bus = new events.EventBus(this, 'Bus');
    this.bus = bus;
    const notify = fn(this, 'Notify', { environment: { BUS: bus.eventBusName }, deadLetterQueueEnabled: true, retryAttempts: 1 });
    notify.addEventSource(new sources.DynamoEventSource(table, { startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      bisectBatchOnError: true, retryAttempts: 2, filters: [lambda.FilterCriteria.filter({ eventName: lambda.FilterRule.isEqual('INSERT') })] }));
    bus.grantPutEventsTo(notify);
    new events.Rule(this, 'Placed', { eventBus: bus, eventPattern: { source: ['orders'], detailType: ['OrderPlaced'] },
      targets: [new targets.LambdaFunction(fn(this, 'Ship'), { retryAttempts: 2 }), new targets.SqsQueue(new sqs.Queue(this, 'Audit'))] });
    new events.Rule(this, 'Nightly', { schedule: events.Schedule.cron({ minute: '0', hour: '2' }), targets: [new targets.LambdaFunction(get)] });
    const topic = new sns.Topic(this, 'Alarms');
    topic.addSubscription(new subs.EmailSubscription('ops@example.com'));
    new cdk.CfnOutput(this, 'BucketName', { value: bucket.bucketName });
  }
}

class Reports extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const report = fn(this, 'Report', { logGroup: new logs.LogGroup(this, 'ReportLogs', { retention: logs.RetentionDays.ONE_DAY }) });
    new events.Rule(this, 'Shipped', { eventBus: props.bus, eventPattern: { detailType: ['OrderShipped'] }, targets: [new targets.LambdaFunction(report)] });
    new scheduler.Schedule(this, 'Weekly', { schedule: scheduler.ScheduleExpression.cron({ minute: '0', hour: '6', weekDay: 'MON', timeZone: cdk.TimeZone.EUROPE_BERLIN }),
      target: new schedulerTargets.LambdaInvoke(report, { retryAttempts: 3 }) });
    const stream = new kinesis.Stream(this, 'Clicks', { shardCount: 1 });
    report.addEventSource(new sources.KinesisEventSource(stream, { startingPosition: lambda.StartingPosition.LATEST }));
    const http = new apigwv2.HttpApi(this, 'Http', { corsPreflight: { allowOrigins: ['*'] } });
    http.addRoutes({ path: '/reports/{id}', methods: [apigwv2.HttpMethod.GET], integration: new integrations.HttpLambdaIntegration('Of', report) });
    report.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
  }
}

/** A stage is an assembly of its own. */
class Service extends cdk.Stage {
  constructor(scope, id, props) {
    super(scope, id, props);
    const shared = new cdk.Stack(this, 'Shared');
    new Reports(this, 'Reports', { bus: new events.EventBus(shared, 'Bus') });
  }
}

const app = new cdk.App();
const orders = new Orders(app, 'Orders');
new Reports(app, 'Reports', { bus: orders.bus });
new Service(app, 'Beta', { env: { account: '123456789012', region: 'eu-central-1' } });
app.synth();
