//! Message move tasks, and which queues may be dead-letter queues of which.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use aws_sdk_sqs::types::{ListMessageMoveTasksResultEntry, QueueAttributeName};
use rstest::rstest;
use tokio::time::advance;

use crate::setup::{SECOND, Setup, arn, bodies, code, create, queue, redrive_policy, setup};

/// A queue `work` whose messages go to `dead` after one receive, with `count` of them there.
async fn dead_letters(count: usize) -> (Setup, String) {
    let setup = setup(&[]).await;
    let dead = create(&setup.sqs, "dead", &[]).await;
    let set = setup.sqs.set_queue_attributes().queue_url(&setup.url);
    set.attributes(QueueAttributeName::RedrivePolicy, redrive_policy("dead", 1)).send().await.expect("valid");
    for number in 1..=count {
        setup.send(&number.to_string()).await;
        setup.receive_one().await;
    }
    advance(30 * SECOND).await;
    assert!(setup.receive().await.is_empty());
    (setup, dead)
}

impl Setup {
    async fn tasks(&self) -> Vec<ListMessageMoveTasksResultEntry> {
        let list = self.sqs.list_message_move_tasks().source_arn(arn("dead")).max_results(10);
        list.send().await.expect("valid").results.unwrap_or_default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_moves_as_many_messages_a_second_as_it_is_told() {
    let (setup, _) = dead_letters(5).await;
    let start = setup.sqs.start_message_move_task().source_arn(arn("dead")).max_number_of_messages_per_second(2);
    let handle = start.send().await.expect("valid").task_handle;
    for (seconds, moved, status) in [(0, 2, "RUNNING"), (1, 4, "RUNNING"), (2, 5, "COMPLETED")] {
        let task = setup.tasks().await.remove(0);
        assert_eq!((task.approximate_number_of_messages_moved(), task.status()), (moved, Some(status)), "{seconds} s");
        assert_eq!(task.approximate_number_of_messages_to_move(), Some(5));
        assert_eq!(task.max_number_of_messages_per_second(), Some(2));
        assert_eq!(task.task_handle(), handle.as_deref().filter(|_| status == "RUNNING"));
        advance(SECOND).await;
    }
    assert_eq!(bodies(&setup.receive().await), ["1", "2", "3", "4", "5"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_gets_what_a_task_moves_and_the_owner_sees_the_task() {
    let (setup, _) = dead_letters(2).await;
    let start = setup.sqs.start_message_move_task().source_arn(arn("dead")).max_number_of_messages_per_second(1);
    start.send().await.expect("valid");
    let emulator = setup.emulator.clone();
    let drive = tokio::spawn(async move { emulator.drive().await });
    assert_eq!(bodies(&setup.receive().await), ["1"]);
    let outstanding = setup.emulator.outstanding().remove(0);
    assert_eq!((outstanding.what.as_str(), outstanding.recurring), ("the redrive of queue dead", false));
    let poll = setup.sqs.receive_message().queue_url(&setup.url).wait_time_seconds(20).send();
    assert_eq!(bodies(poll.await.expect("valid").messages()), ["2"]);
    assert!(setup.emulator.outstanding().is_empty());
    drive.abort();
}

#[tokio::test(start_paused = true)]
async fn a_running_task_is_the_only_one_of_its_queue_and_can_be_cancelled() {
    let (setup, _) = dead_letters(3).await;
    let start =
        || setup.sqs.start_message_move_task().source_arn(arn("dead")).max_number_of_messages_per_second(1).send();
    let handle = start().await.expect("valid").task_handle;
    let error = start().await.expect_err("refused").into_service_error();
    let expected = "There is already a task running. Only one active task is allowed for a source queue arn at a \
                    given time.";
    assert_eq!(error.meta().message(), Some(expected));
    advance(SECOND).await;
    let cancel = || setup.sqs.cancel_message_move_task().set_task_handle(handle.clone()).send();
    assert_eq!(cancel().await.expect("it is running").approximate_number_of_messages_moved(), 2);
    advance(10 * SECOND).await;
    assert_eq!(setup.tasks().await[0].status(), Some("CANCELLED"));
    assert_eq!(setup.receive().await.len(), 2, "what was moved stays moved");
    assert!(cancel().await.expect_err("it is over").into_service_error().is_unsupported_operation());
    let unknown = setup.sqs.cancel_message_move_task().task_handle("nobody").send().await;
    assert!(unknown.expect_err("refused").into_service_error().is_resource_not_found_exception());
    start().await.expect("the other one is over");
}

#[tokio::test(start_paused = true)]
async fn a_task_with_a_destination_moves_everything_there_and_one_without_only_what_came_from_a_queue() {
    let (setup, dead) = dead_letters(1).await;
    let other = create(&setup.sqs, "other", &[]).await;
    let send = || setup.sqs.send_message().queue_url(&dead).message_body("sent here").send();
    send().await.expect("valid");
    setup.sqs.start_message_move_task().source_arn(arn("dead")).send().await.expect("valid");
    let task = setup.tasks().await.remove(0);
    assert_eq!((task.status(), task.failure_reason()), (Some("FAILED"), Some("CouldNotDetermineMessageSource")));
    assert_eq!(bodies(&setup.receive().await), ["1"]);
    let start = setup.sqs.start_message_move_task().source_arn(arn("dead")).destination_arn(arn("other"));
    start.send().await.expect("valid");
    assert_eq!(bodies(&setup.receive_from(&other).await), ["sent here"]);
    assert_eq!(setup.tasks().await[0].destination_arn(), Some(arn("other").as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_queue_is_deleted_fails() {
    let (setup, dead) = dead_letters(2).await;
    let start = setup.sqs.start_message_move_task().source_arn(arn("dead")).max_number_of_messages_per_second(1);
    start.send().await.expect("valid");
    setup.sqs.delete_queue().queue_url(&dead).send().await.expect("it is there");
    advance(SECOND).await;
    create(&setup.sqs, "unrelated", &[]).await;
    advance(60 * SECOND).await;
    create(&setup.sqs, "dead", &[]).await;
    let task = setup.tasks().await.remove(0);
    assert_eq!(
        (task.status(), task.failure_reason()),
        (Some("FAILED"), Some("AWS.SimpleQueueService.NonExistentQueue"))
    );
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_fifo_queue_go_back_in_order_with_their_groups() {
    let setup = queue("work.fifo", &[("FifoQueue", "true"), ("ContentBasedDeduplication", "true")]).await;
    let dead = create(&setup.sqs, "dead.fifo", &[("FifoQueue", "true")]).await;
    let set = setup.sqs.set_queue_attributes().queue_url(&setup.url);
    set.attributes(QueueAttributeName::RedrivePolicy, redrive_policy("dead.fifo", 1)).send().await.expect("valid");
    for body in ["1", "2"] {
        let send = setup.sqs.send_message().queue_url(&setup.url).message_body(body).message_group_id("a");
        send.send().await.expect("valid");
    }
    assert_eq!(setup.receive().await.len(), 2);
    advance(30 * SECOND).await;
    assert!(setup.receive().await.is_empty());
    let depth = setup.emulator.queues().into_iter().find(|depth| depth.url == dead);
    assert_eq!(depth.map(|depth| depth.visible), Some(2));
    let start = setup.sqs.start_message_move_task().source_arn(arn("dead.fifo"));
    start.send().await.expect("valid");
    assert_eq!(bodies(&setup.receive().await), ["1", "2"]);
}

#[rstest]
#[case::no_source("", None, None, "MissingParameter")]
#[case::not_an_arn("dead", None, None, "InvalidParameterValue")]
#[case::absent(&arn("absent"), None, None, "ResourceNotFoundException")]
#[case::not_a_dead_letter_queue(&arn("work"), None, None, "InvalidParameterValue")]
#[case::absent_destination(&arn("dead"), Some(&arn("absent")), None, "ResourceNotFoundException")]
#[case::other_type(&arn("dead"), Some(&arn("other.fifo")), None, "InvalidParameterValue")]
#[case::too_fast(&arn("dead"), None, Some(501), "InvalidParameterValue")]
#[tokio::test(start_paused = true)]
async fn a_task_that_breaks_a_rule_is_refused(
    #[case] source: &str,
    #[case] destination: Option<&String>,
    #[case] rate: Option<i32>,
    #[case] expected: &str,
) {
    let (setup, _) = dead_letters(0).await;
    create(&setup.sqs, "other.fifo", &[("FifoQueue", "true")]).await;
    let start = setup.sqs.start_message_move_task().source_arn(source).set_destination_arn(destination.cloned());
    assert_eq!(code(start.set_max_number_of_messages_per_second(rate).send().await), expected);
}

// Redrive allow policies

#[rstest]
#[case::all(r#"{"redrivePermission":"allowAll"}"#, true)]
#[case::none(r#"{"redrivePermission":"denyAll"}"#, false)]
#[case::this_queue(
    r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:123456789012:work"]}"#,
    true
)]
#[case::another_queue(
    r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:123456789012:other"]}"#,
    false
)]
#[tokio::test(start_paused = true)]
async fn a_redrive_allow_policy_tells_which_queues_may_use_a_dead_letter_queue(
    #[case] policy: &str,
    #[case] allowed: bool,
) {
    let setup = setup(&[]).await;
    create(&setup.sqs, "dead", &[("RedriveAllowPolicy", policy)]).await;
    let set = setup.sqs.set_queue_attributes().queue_url(&setup.url);
    let set = set.attributes(QueueAttributeName::RedrivePolicy, redrive_policy("dead", 1)).send().await;
    let create = setup.sqs.create_queue().queue_name("third");
    let create = create.attributes(QueueAttributeName::RedrivePolicy, redrive_policy("dead", 1)).send().await;
    assert_eq!(set.is_ok(), allowed);
    assert_eq!(create.is_ok(), policy.contains("allowAll"));
    if !allowed {
        assert_eq!(code(set), "InvalidParameterValue");
    }
}

#[rstest]
#[case("nonsense")]
#[case("{}")]
#[case(r#"{"redrivePermission":"some"}"#)]
#[case(r#"{"redrivePermission":"byQueue"}"#)]
#[case(r#"{"redrivePermission":"byQueue","sourceQueueArns":[]}"#)]
#[case(r#"{"redrivePermission":"denyAll","sourceQueueArns":["arn:aws:sqs:us-east-1:123456789012:work"]}"#)]
#[tokio::test(start_paused = true)]
async fn a_redrive_allow_policy_that_says_nothing_is_refused(#[case] policy: &str) {
    let setup = setup(&[]).await;
    let create = setup.sqs.create_queue().queue_name("dead");
    let create = create.attributes(QueueAttributeName::RedriveAllowPolicy, policy).send().await;
    assert_eq!(code(create), "InvalidParameterValue");
}

#[tokio::test(start_paused = true)]
async fn the_sources_of_a_dead_letter_queue_are_listed_page_by_page() {
    let setup = setup(&[]).await;
    for name in ["a", "b", "c"] {
        create(&setup.sqs, name, &[("RedrivePolicy", &redrive_policy("work", 1))]).await;
    }
    let list = || setup.sqs.list_dead_letter_source_queues().queue_url(&setup.url).max_results(2);
    let first = list().send().await.expect("valid");
    let second = list().set_next_token(first.next_token.clone()).send().await.expect("valid");
    let names = [first.queue_urls(), second.queue_urls()].concat();
    assert_eq!(names.iter().map(|url| &url[url.len() - 1..]).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!((first.queue_urls().len(), second.next_token()), (2, None));
}
