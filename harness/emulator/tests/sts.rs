//! STS through the SDK.

mod common;

use common::{config, emulator};

#[tokio::test(start_paused = true)]
async fn the_callers_identity_is_the_account_that_it_signs_for() {
    let sts = aws_sdk_sts::Client::new(&config(&emulator()));
    let identity = sts.get_caller_identity().send().await.expect("it is answered");
    assert_eq!(identity.account(), Some("123456789012"));
    assert_eq!(identity.arn(), Some("arn:aws:iam::123456789012:root"));
}

#[tokio::test(start_paused = true)]
async fn a_missing_operation_is_named() {
    let sts = aws_sdk_sts::Client::new(&config(&emulator()));
    let error = sts.get_session_token().send().await.expect_err("it is not simulated");
    let text = format!("{error:?}");
    assert!(text.contains("STS's operation GetSessionToken is not simulated"), "{text}");
}
