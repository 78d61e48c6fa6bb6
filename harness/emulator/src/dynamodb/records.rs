//! Records of a stream. Of a write that leaves its item as it was the engine makes a record, and AWS makes none,
//! so it is left out where the record shows it: in a stream with both images.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>

use std::borrow::Cow;

use dynoxide::DynoxideError;
use serde_json::Value;

type Answer = Result<Option<Value>, DynoxideError>;

/// The next page of records. A page of which nothing is left is passed over, for an empty one says that there
/// are no more for now.
pub(super) fn get(body: &str, ask: impl Fn(&str) -> Answer) -> Answer {
    let mut body = Cow::from(body);
    loop {
        let mut answer = ask(&body)?;
        let Some(Value::Array(records)) = answer.as_mut().and_then(|answer| answer.get_mut("Records")) else {
            return Ok(answer);
        };
        let there_were = records.len();
        records.retain(|record| !changes_nothing(record));
        if !records.is_empty() || there_were == 0 {
            return Ok(answer);
        }
        let (Some(answer), Ok(mut next)) = (&answer, serde_json::from_str::<Value>(&body)) else {
            return Ok(answer);
        };
        next["ShardIterator"] = answer["NextShardIterator"].clone();
        body = next.to_string().into();
    }
}

fn changes_nothing(record: &Value) -> bool {
    let images = &record["dynamodb"];
    images.get("NewImage").is_some_and(|new| images.get("OldImage") == Some(new))
}
