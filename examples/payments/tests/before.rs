//! What the worked example says of the handler as it was: the scenario fails, and why.

#[allow(dead_code, reason = "its main is not called")]
#[path = "../before/main.rs"]
mod before;

use std::collections::BTreeMap;
use std::path::Path;

use aws_lambda_events::event::sqs::SqsEvent;
use aws_sdk_dynamodb::Client;
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};
use rehearsal::run::{Settings, run};
use rehearsal::{App, Apps};

type State = (Client, String);

fn state(config: &SdkConfig, environment: &BTreeMap<String, String>) -> Result<State, Error> {
    Ok((Client::new(config), environment["BALANCES_TABLE"].clone()))
}

async fn handler((dynamodb, table): &State, event: LambdaEvent<SqsEvent>) -> Result<(), Error> {
    before::handler(dynamodb, table, event).await
}

#[test]
fn the_handler_as_it_was_counts_a_payment_three_times_and_loses_another() {
    let apps =
        Apps::new(env!("CARGO_MANIFEST_DIR")).app("template.yaml", App::new().function("AddPayment", state, handler));
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/one-bad-message.yaml");
    let outcome = run(&scenario, &apps, Settings::embedded(1)).result.expect("it runs");
    let failures: Vec<&str> = outcome.failures.iter().map(|failure| failure.diagnostic.message.as_str()).collect();
    assert_eq!(
        failures,
        [
            "queue Unreadable holds 2 messages more than expected",
            "pattern 1 matches 0 items of table Balances, expected exactly 1",
        ]
    );
}
