//! Which names AWS takes, asked of the emulated services where they tell, so that a template and a call are held to the
//! same.

use rehearsal_emulator::validate;

/// Letters of names that are checked here, how many there may be, and where AWS says so.
struct Rule {
    types: &'static [&'static str],
    /// What there may be beside ASCII letters and digits.
    others: &'static str,
    length: std::ops::RangeInclusive<usize>,
}

const RULES: &[Rule] = &[
    // <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
    Rule { types: &["AWS::Lambda::Function", "AWS::Serverless::Function"], others: "-_", length: 1..=64 },
    // <https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html>
    Rule { types: &["AWS::Lambda::Alias"], others: "-_", length: 1..=128 },
    // <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html>
    Rule { types: &["AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"], others: "_.-", length: 3..=255 },
    // <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html>
    Rule { types: &["AWS::Events::EventBus"], others: "/._-", length: 1..=256 },
    // <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
    Rule {
        types: &["AWS::Events::Rule", "AWS::Events::Connection", "AWS::Events::ApiDestination", "AWS::Pipes::Pipe"],
        others: "._-",
        length: 1..=64,
    },
    // <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html>
    Rule { types: &["AWS::Events::Archive"], others: "._-", length: 1..=48 },
];

/// Why AWS does not take a name for a resource of a type.
pub fn check(type_name: &str, name: &str) -> Result<(), String> {
    match type_name {
        "AWS::S3::Bucket" => validate::bucket_name(name),
        "AWS::SQS::Queue" => validate::queue_name(name),
        "AWS::SNS::Topic" => validate::topic_name(name),
        "AWS::Kinesis::Stream" => validate::stream_name(name),
        "AWS::Scheduler::Schedule" | "AWS::Scheduler::ScheduleGroup" => validate::schedule_name(name),
        _ => RULES.iter().find(|rule| rule.types.contains(&type_name)).map_or(Ok(()), |rule| rule.check(name)),
    }
}

impl Rule {
    fn check(&self, name: &str) -> Result<(), String> {
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || self.others.contains(letter);
        if self.length.contains(&name.len()) && name.chars().all(allowed) {
            return Ok(());
        }
        let (least, most) = (self.length.start(), self.length.end());
        let others: Vec<String> = self.others.chars().map(|other| format!("`{other}`")).collect();
        Err(format!("a name has {least} to {most} ASCII letters, digits and {}", others.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_are_those_that_the_services_take() {
        for (type_name, good, bad) in [
            ("AWS::S3::Bucket", "my-bucket", "My_Bucket"),
            ("AWS::SQS::Queue", "Orders_1.fifo", "Orders.1"),
            ("AWS::SNS::Topic", "Alarms.fifo", "Alarms!"),
            ("AWS::Kinesis::Stream", "clicks.v1", "clicks/v1"),
            ("AWS::Scheduler::Schedule", "nightly.1", "every night"),
            ("AWS::Lambda::Function", "store-1_a", "store.1"),
            ("AWS::DynamoDB::Table", "a.b", "ab"),
            ("AWS::Events::EventBus", "partner/orders", "orders bus"),
            ("AWS::Events::Rule", "placed.v1", "placed/v1"),
        ] {
            assert_eq!(check(type_name, good), Ok(()), "{type_name}");
            assert!(check(type_name, bad).is_err(), "{type_name}: {bad}");
        }
        assert_eq!(check("AWS::IAM::Role", "anything, really"), Ok(()));
    }
}
