//! API destinations: the requests that they get, who is authorized how, and what follows where they refuse.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html>

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::{
    ApiDestinationHttpMethod, ConnectionAuthorizationType as AuthType, ConnectionBodyParameter,
    ConnectionHeaderParameter, ConnectionHttpParameters, ConnectionOAuthHttpMethod, ConnectionQueryStringParameter,
    CreateConnectionApiKeyAuthRequestParameters as ApiKey, CreateConnectionAuthRequestParameters as Auth,
    CreateConnectionBasicAuthRequestParameters as Basic, CreateConnectionOAuthClientRequestParameters as OAuthClient,
    CreateConnectionOAuthRequestParameters as OAuth, HttpParameters, InputTransformer, RetryPolicy,
};
use rehearsal_emulator::protocol::{Reply, Request};
use rehearsal_emulator::{HostRequest, Refused, Sender};
use serde_json::{Value, json};

use crate::common::{config, emulator};
use crate::setup::{Setup, attributes, dead_letter, receive, setup_of, target};

type Answer = Result<Reply, Refused>;

/// What partners were asked, with the virtual time since the start.
type Asked = Arc<Mutex<Vec<(Duration, Request)>>>;

/// An emulator whose partners answer as `answer` says, given how often they have been asked before.
fn partners(answer: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static) -> (Setup, Asked) {
    let (asked, start) = (Asked::default(), tokio::time::Instant::now());
    let log = Arc::clone(&asked);
    let emulator = emulator().with_hosts(Arc::new(move |HostRequest { request, sender }| {
        assert!(matches!(sender, Sender::Service { name: "EventBridge", origin: Some(_) }), "{sender:?}");
        let mut log = log.lock().expect("no test panics while it holds the log");
        let answer = answer(log.len(), &request);
        log.push((start.elapsed(), request));
        Some(Box::pin(std::future::ready(answer)))
    }));
    (setup_of(emulator), asked)
}

fn status(status: u16) -> Answer {
    Ok(Reply::empty().with_status(status))
}

fn basic() -> Auth {
    let basic = Basic::builder().username("shop").password("secret").build().expect("complete");
    Auth::builder().basic_auth_parameters(basic).build()
}

/// The API destination `Partner` over a connection, by its ARN.
async fn destination(events: &Client, endpoint: &str, kind: AuthType, auth: Auth) -> String {
    let connection = events.create_connection().name("Login").authorization_type(kind).auth_parameters(auth);
    let connection = connection.send().await.expect("the connection is created");
    let created = events
        .create_api_destination()
        .name("Partner")
        .connection_arn(connection.connection_arn().expect("it has an ARN"))
        .invocation_endpoint(endpoint)
        .http_method(ApiDestinationHttpMethod::Post)
        .send();
    created.await.expect("the destination is created").api_destination_arn().expect("it has an ARN").to_owned()
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn requests(asked: &Asked) -> Vec<Request> {
    asked.lock().expect("no test panics while it holds the log").iter().map(|(_, request)| request.clone()).collect()
}

fn seconds(asked: &Asked) -> Vec<u64> {
    asked.lock().expect("no test panics while it holds the log").iter().map(|(at, _)| at.as_secs()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_api_destination_gets_the_event_with_basic_authorization() {
    let (setup, asked) = partners(|_, _| status(200));
    let arn = destination(&setup.events, "https://partner.example/hooks", AuthType::Basic, basic()).await;
    setup.rule(target("p", &arn)).await;
    let id = setup.put_event(json!({"total": 5})).await;
    assert!(setup.emulator.outstanding().iter().any(|next| !next.recurring), "the answer is awaited");
    pass(1).await;
    let [request] = &requests(&asked)[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.uri.to_string().as_str()), ("POST", "https://partner.example/hooks"));
    assert_eq!(request.header("authorization"), Some("Basic c2hvcDpzZWNyZXQ="));
    assert_eq!(request.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(request.header("user-agent"), Some("Amazon/EventBridge/ApiDestinations"));
    let body: Value = serde_json::from_slice(&request.body).expect("the body is JSON");
    assert_eq!((&body["id"], &body["detail"]), (&json!(id), &json!({"total": 5})));
    assert!(setup.emulator.outstanding().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_carries_the_parameters_of_target_and_connection() {
    let (setup, asked) = partners(|_, _| status(204));
    let key = ApiKey::builder().api_key_name("x-key").api_key_value("k-1").build().expect("complete");
    let own = ConnectionHttpParameters::builder()
        .header_parameters(ConnectionHeaderParameter::builder().key("x-shop").value("s-1").build())
        .query_string_parameters(ConnectionQueryStringParameter::builder().key("tenant").value("a b").build())
        .body_parameters(ConnectionBodyParameter::builder().key("api").value("v2").is_value_secret(true).build());
    let auth = Auth::builder().api_key_auth_parameters(key).invocation_http_parameters(own.build()).build();
    let arn = destination(&setup.events, "https://partner.example/orders/*/*?fixed=1", AuthType::ApiKey, auth).await;
    let parameters = HttpParameters::builder()
        .path_parameter_values("$.detail.id")
        .path_parameter_values("items")
        .header_parameters("x-total", "$.detail.total")
        .query_string_parameters("tenant", "target's")
        .query_string_parameters("kind", "x");
    let transformer =
        InputTransformer::builder().input_paths_map("t", "$.detail.total").input_template("{\"sum\": <t>}");
    let target = target("p", &arn).http_parameters(parameters.build());
    setup.rule(target.input_transformer(transformer.build().expect("complete"))).await;
    setup.put_event(json!({"id": "o/1", "total": 5})).await;
    pass(1).await;
    let [request] = &requests(&asked)[..] else { panic!("one request") };
    let url = "https://partner.example/orders/o%2F1/items?fixed=1&kind=x&tenant=a+b";
    assert_eq!(request.uri.to_string(), url, "the connection's value goes before the target's");
    let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
    assert_eq!([header("x-key"), header("x-shop"), header("x-total")], ["k-1", "s-1", "5"]);
    assert_eq!(request.body.as_ref(), br#"{"sum":5,"api":"v2"}"#);
    let described = setup.events.describe_connection().name("Login").send().await.expect("it is there");
    assert!(!format!("{described:?}").contains("v2"), "secrets are not told");
}

#[tokio::test(start_paused = true)]
async fn oauth_asks_for_a_token_once_and_again_when_it_is_refused() {
    let (setup, asked) = partners(|count, request| match request.uri.path() {
        "/token" => Ok(Reply::json(&json!({"access_token": format!("t-{count}"), "expires_in": 3600}))),
        _ if count == 3 => status(401),
        _ => status(200),
    });
    let client = OAuthClient::builder().client_id("id").client_secret("secret").build().expect("complete");
    let oauth = OAuth::builder()
        .client_parameters(client)
        .authorization_endpoint("https://login.example/token")
        .http_method(ConnectionOAuthHttpMethod::Post)
        .build()
        .expect("complete");
    let auth = Auth::builder().o_auth_parameters(oauth).build();
    let arn = destination(&setup.events, "https://partner.example/", AuthType::OauthClientCredentials, auth).await;
    setup.rule(target("p", &arn)).await;
    for _ in 0..3 {
        setup.put_event(json!({})).await;
        pass(60).await;
    }
    let told: Vec<_> = requests(&asked)
        .iter()
        .map(|request| {
            let token = request.header("authorization").unwrap_or("no token").to_owned();
            (request.uri.path().to_owned(), token)
        })
        .collect();
    let expected = ["no token", "Bearer t-0", "Bearer t-0", "Bearer t-0", "no token", "Bearer t-4"];
    assert_eq!(told.iter().map(|(_, token)| token.as_str()).collect::<Vec<_>>(), expected);
    let form = String::from_utf8_lossy(&requests(&asked)[0].body).into_owned();
    assert_eq!(form, "grant_type=client_credentials&client_id=id&client_secret=secret");
    pass(3600).await;
    setup.put_event(json!({})).await;
    pass(60).await;
    assert_eq!(requests(&asked)[6].uri.path(), "/token", "a token ends");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_is_asked_again_after_5xx_429_409_and_no_answer() {
    let (setup, asked) = partners(|count, _| match count {
        0 => status(503),
        1 => status(429),
        2 => status(409),
        3 => Err(Refused("down".to_owned())),
        _ => status(200),
    });
    let arn = destination(&setup.events, "https://partner.example/", AuthType::Basic, basic()).await;
    setup.rule(target("p", &arn)).await;
    setup.put_event(json!({})).await;
    pass(60).await;
    assert_eq!(requests(&asked).len(), 5);
    assert!(setup.emulator.outstanding().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_wants_a_pause_gets_it() {
    let (setup, asked) = partners(|count, _| match count {
        0 => Ok(Reply::empty().with_status(503).with_header("retry-after", "300")),
        1 => Ok(Reply::empty().with_status(503).with_header("retry-after", "-1")),
        _ => status(200),
    });
    let arn = destination(&setup.events, "https://partner.example/", AuthType::Basic, basic()).await;
    setup.rule(target("p", &arn)).await;
    setup.put_event(json!({})).await;
    pass(86_400).await;
    assert_eq!(seconds(&asked), [0, 300], "a negative value ends it");
}

#[tokio::test(start_paused = true)]
async fn what_an_endpoint_refuses_for_good_goes_to_the_dead_letter_queue() {
    let (setup, asked) = partners(|_, _| status(404));
    let (sqs, url, queue) = setup.queue("dead").await;
    let arn = destination(&setup.events, "https://partner.example/", AuthType::Basic, basic()).await;
    setup.rule(target("p", &arn).dead_letter_config(dead_letter(&queue))).await;
    setup.put_event(json!({})).await;
    pass(60).await;
    assert_eq!(requests(&asked).len(), 1);
    let [message] = &receive(&sqs, &url).await[..] else { panic!("one dead letter") };
    let attributes = attributes(message);
    let told = |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!((told("ERROR_CODE"), told("RETRY_ATTEMPTS")), (Some("ERROR_FROM_TARGET"), Some("0")));
    assert_eq!(told("TARGET_ARN"), Some(arn.as_str()));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_does_not_answer_within_5_seconds_is_asked_again_until_the_policy_ends() {
    let emulator = emulator().with_hosts(Arc::new(|_| Some(Box::pin(std::future::pending()))));
    let setup = setup_of(emulator);
    let (sqs, url, queue) = setup.queue("dead").await;
    let arn = destination(&setup.events, "https://partner.example/", AuthType::Basic, basic()).await;
    let policy = RetryPolicy::builder().maximum_retry_attempts(1).build();
    setup.rule(target("p", &arn).retry_policy(policy).dead_letter_config(dead_letter(&queue))).await;
    setup.put_event(json!({})).await;
    pass(9).await;
    assert!(receive(&sqs, &url).await.is_empty(), "the second attempt is under way");
    pass(3).await;
    let [message] = &receive(&sqs, &url).await[..] else { panic!("one dead letter") };
    let attributes = attributes(message);
    assert!(attributes.contains(&("ERROR_CODE".to_owned(), "TIMEOUT".to_owned())), "{attributes:?}");
    assert!(attributes.contains(&("EXHAUSTED_RETRY_CONDITION".to_owned(), "MaximumRetryAttempts".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_destination_takes_no_more_than_its_rate() {
    let (setup, asked) = partners(|_, _| status(200));
    let arn = destination(&setup.events, "https://partner.example/", AuthType::Basic, basic()).await;
    let update = setup.events.update_api_destination().name("Partner").invocation_rate_limit_per_second(2);
    update.send().await.expect("it is updated");
    setup.rule(target("p", &arn)).await;
    for _ in 0..5 {
        setup.put_event(json!({})).await;
    }
    pass(10).await;
    assert_eq!(seconds(&asked), [0, 0, 1, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn connections_and_destinations_are_listed_and_deleted() {
    let (setup, _) = partners(|_, _| status(200));
    let events = &setup.events;
    let arn = destination(events, "https://partner.example/", AuthType::Basic, basic()).await;
    let listed = events.list_api_destinations().send().await.expect("listed");
    assert_eq!(listed.api_destinations()[0].api_destination_arn(), Some(arn.as_str()));
    let listed = events.list_connections().name_prefix("Log").send().await.expect("listed");
    assert_eq!(listed.connections()[0].name(), Some("Login"));
    events.delete_api_destination().name("Partner").send().await.expect("deleted");
    events.delete_connection().name("Login").send().await.expect("deleted");
    let gone = events.describe_connection().name("Login").send().await.expect_err("it is gone");
    assert_eq!(gone.into_service_error().code(), Some("ResourceNotFoundException"));
    // What is sent to a destination that is gone is given up.
    setup.rule(target("p", &arn)).await;
    setup.put_event(json!({})).await;
    assert!(setup.emulator.outstanding().is_empty());
    let refused = Client::new(&config(&setup.emulator)).create_api_destination().name("Two").connection_arn("no");
    let refused = refused.invocation_endpoint("https://a.example").http_method(ApiDestinationHttpMethod::Get);
    let refused = refused.send().await.expect_err("there is no such connection").into_service_error();
    assert_eq!(refused.message(), Some("Connection 'no' does not exist."));
}
