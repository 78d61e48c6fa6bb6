//! EventBridge Scheduler: schedules and their groups. LocalStack fires none.
//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/Welcome.html>

use aws_sdk_scheduler::operation::create_schedule::builders::CreateScheduleFluentBuilder as Create;
use aws_sdk_scheduler::types::{FlexibleTimeWindow, FlexibleTimeWindowMode, ScheduleState, Target};
use serde_json::json;

use crate::kit::{Aws, Case, Known, case, cases, done, error, error_as, refused, refused_as, seen};

cases![
    a_schedule_is_told_as_it_was_made,
    a_schedule_is_created_once,
    a_schedule_that_is_not_there_is_told,
    a_schedule_is_updated_as_a_whole,
    an_expression_that_is_none_is_refused,
    a_time_zone_that_is_none_is_refused,
    a_group_is_deleted_with_its_schedules,
    the_default_group_is_not_deleted,
    schedules_are_listed_by_group_and_prefix,
];

fn window() -> FlexibleTimeWindow {
    FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().expect("complete")
}

fn target(aws: &Aws) -> Target {
    let role = "arn:aws:iam::123456789012:role/any";
    Target::builder().arn(aws.arn("sqs", "inbox")).role_arn(role).input("{}").build().expect("complete")
}

fn create(aws: &Aws, name: &str, expression: &str) -> Create {
    let create = aws.scheduler().create_schedule().name(aws.name(name)).schedule_expression(expression);
    create.flexible_time_window(window()).target(target(aws))
}

/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html>
fn a_schedule_is_told_as_it_was_made() -> Case {
    case(async |aws| {
        let create = create(&aws, "nightly", "cron(0 3 * * ? *)").schedule_expression_timezone("Europe/Vienna");
        let arn = seen(create.send().await, |made| json!(made.schedule_arn()));
        let told = aws.scheduler().get_schedule().name(aws.name("nightly")).send().await;
        let told = seen(told, |told| {
            json!({
                "expression": told.schedule_expression(),
                "zone": told.schedule_expression_timezone(),
                "state": told.state().map(|state| state.as_str()),
                "group": told.group_name(),
                "target": told.target().map(|target| [target.arn(), target.input().unwrap_or_default()]),
                "window": told.flexible_time_window().map(|window| window.mode().as_str()),
                "retries": told.target().and_then(|target| target.retry_policy()?.maximum_retry_attempts()),
            })
        });
        json!([arn, told])
    })
    .gives(json!([
        "arn:aws:scheduler:us-east-1:ACCOUNT:schedule/default/nightly",
        {
            "expression": "cron(0 3 * * ? *)",
            "zone": "Europe/Vienna",
            "state": "ENABLED",
            "group": "default",
            "target": ["arn:aws:sqs:us-east-1:ACCOUNT:inbox", "{}"],
            "window": "OFF",
            "retries": 185,
        },
    ]))
}

/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>
fn a_schedule_is_created_once() -> Case {
    case(async |aws| {
        let create = create(&aws, "hourly", "rate(1 hour)");
        json!([done(create.clone().send().await), refused(create.send().await)])
    })
    .gives(json!(["done", error(409, "ConflictException", "Schedule hourly already exists.")]))
    .localstack(Known {
        got: json!(["done", error(400, "ConflictException", "Schedule hourly already exists.")]),
        reason: "LocalStack gives all errors of this service the status 400 or 404",
        page: "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
    })
}

/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html>
fn a_schedule_that_is_not_there_is_told() -> Case {
    case(async |aws| {
        let (scheduler, name) = (aws.scheduler(), aws.name("absent"));
        let got = refused(scheduler.get_schedule().name(&name).send().await);
        json!([got, refused_as(scheduler.delete_schedule().name(&name).send().await)])
    })
    .gives(json!([
        error(404, "ResourceNotFoundException", "Schedule absent does not exist."),
        error_as(404, "ResourceNotFoundException"),
    ]))
}

/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html>
fn a_schedule_is_updated_as_a_whole() -> Case {
    case(async |aws| {
        let (scheduler, name) = (aws.scheduler(), aws.name("hourly"));
        let made = create(&aws, "hourly", "rate(1 hour)").description("often").state(ScheduleState::Disabled);
        made.send().await.expect("it is valid");
        let update = scheduler.update_schedule().name(&name).schedule_expression("rate(2 hours)");
        let updated = update.flexible_time_window(window()).target(target(&aws)).send().await;
        let told = scheduler.get_schedule().name(&name).send().await;
        let told = seen(told, |told| {
            json!([told.schedule_expression(), told.description(), told.state().map(|state| state.as_str())])
        });
        json!([done(updated), told])
    })
    .gives(json!(["done", ["rate(2 hours)", null, "ENABLED"]]))
    .localstack(Known {
        got: json!(["done", ["rate(2 hours)", null, null]]),
        reason: "LocalStack leaves a schedule without a state when it is updated without one",
        page: "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html",
    })
}

/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>
fn an_expression_that_is_none_is_refused() -> Case {
    case(async |aws| {
        let mut all = Vec::new();
        for expression in ["sometimes", "rate(0 hours)", "cron(0 3 * * *)", "at(2026-02-30T00:00:00)"] {
            all.push(refused_as(create(&aws, "never", expression).send().await));
        }
        all.into()
    })
    .gives(json!([
        error_as(400, "ValidationException"),
        error_as(400, "ValidationException"),
        error_as(400, "ValidationException"),
        error_as(400, "ValidationException"),
    ]))
    .localstack(Known {
        got: json!([
            error_as(400, "ValidationException"),
            "accepted",
            error_as(400, "ValidationException"),
            error_as(400, "ConflictException"),
        ]),
        reason: "LocalStack looks at the form of an expression only, so that the second one makes a schedule",
        page: "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
    })
}

/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>
fn a_time_zone_that_is_none_is_refused() -> Case {
    case(async |aws| {
        let create = create(&aws, "never", "cron(0 3 * * ? *)").schedule_expression_timezone("Europe/Atlantis");
        refused_as(create.send().await)
    })
    .gives(error_as(400, "ValidationException"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack keeps the time zone unread",
        page: "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
    })
}

/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteScheduleGroup.html>
fn a_group_is_deleted_with_its_schedules() -> Case {
    case(async |aws| {
        let (scheduler, group) = (aws.scheduler(), aws.name("reports"));
        let made = scheduler.create_schedule_group().name(&group).send().await;
        let made = seen(made, |made| json!(made.schedule_group_arn()));
        let again = refused_as(scheduler.create_schedule_group().name(&group).send().await);
        create(&aws, "hourly", "rate(1 hour)").group_name(&group).send().await.expect("it is valid");
        let deleted = done(scheduler.delete_schedule_group().name(&group).send().await);
        let left = scheduler.get_schedule().name(aws.name("hourly")).group_name(&group).send().await;
        json!([made, again, deleted, refused_as(left)])
    })
    .gives(json!([
        "arn:aws:scheduler:us-east-1:ACCOUNT:schedule-group/reports",
        error_as(409, "ConflictException"),
        "done",
        error_as(404, "ResourceNotFoundException"),
    ]))
    .localstack(Known {
        got: json!([
            "arn:aws:scheduler:us-east-1:ACCOUNT:schedule-group/reports",
            "accepted",
            "done",
            error_as(404, "ResourceNotFoundException"),
        ]),
        reason: "LocalStack makes a group again that is there",
        page: "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html",
    })
}

/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteScheduleGroup.html>
fn the_default_group_is_not_deleted() -> Case {
    case(async |aws| refused_as(aws.scheduler().delete_schedule_group().name("default").send().await))
        .gives(error_as(400, "ValidationException"))
        .localstack(Known {
            got: json!("accepted"),
            reason: "LocalStack deletes the default group",
            page: "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteScheduleGroup.html",
        })
}

/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html>
fn schedules_are_listed_by_group_and_prefix() -> Case {
    case(async |aws| {
        let (scheduler, group) = (aws.scheduler(), aws.name("reports"));
        scheduler.create_schedule_group().name(&group).send().await.expect("it is valid");
        for (name, group) in [("daily", "default"), ("hourly", &group), ("nightly", &group)] {
            create(&aws, name, "rate(1 hour)").group_name(group).send().await.expect("it is valid");
        }
        let mut all = Vec::new();
        for list in [
            scheduler.list_schedules().group_name(&group),
            scheduler.list_schedules().group_name(&group).name_prefix("night"),
            scheduler.list_schedules().group_name("default").name_prefix("d"),
        ] {
            all.push(seen(list.send().await, |listed| {
                let mut names: Vec<_> = listed.schedules().iter().filter_map(|schedule| schedule.name()).collect();
                names.sort_unstable();
                json!(names)
            }));
        }
        all.into()
    })
    .gives(json!([["hourly", "nightly"], ["nightly"], ["daily"]]))
}
