//! Batch calls that may succeed in part: SQS `SendMessageBatch` (`Failed`), DynamoDB `BatchWriteItem`
//! (`UnprocessedItems`), EventBridge `PutEvents` (`FailedEntryCount`). All three answer 200 and leave the
//! rest to the caller.

use std::time::Duration;

use lambda_runtime::Error;

/// Calls per batch before the rest counts as failed.
pub const ATTEMPTS: u32 = 5;

/// Gives `entries` to `call`, which answers with those left undone, until none are left.
///
/// Waits 100 ms, then twice as long each time, as AWS advises for all three calls.
///
/// # Errors
/// The call's own error, or how many entries were still left after [`ATTEMPTS`] calls.
pub async fn until_done<T, F, R>(mut entries: Vec<T>, mut call: F) -> Result<(), Error>
where
    F: FnMut(Vec<T>) -> R,
    R: Future<Output = Result<Vec<T>, Error>>,
{
    let total = entries.len();
    for attempt in 1..=ATTEMPTS {
        entries = call(entries).await?;
        if entries.is_empty() {
            return Ok(());
        }
        tracing::warn!(attempt, undone = entries.len(), total, "a batch call succeeded in part");
        if attempt < ATTEMPTS {
            tokio::time::sleep(Duration::from_millis(50) * 2u32.pow(attempt)).await;
        }
    }
    Err(format!("{} of {total} entries were still refused after {ATTEMPTS} attempts", entries.len()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_the_undone_entries_are_tried_again_up_to_a_bound() {
        // (entries, how many each call completes, calls made, error)
        let cases = [
            (vec![1, 2, 3], 3, 1, None),
            (vec![1, 2, 3], 2, 2, None),
            (vec![1, 2, 3, 4, 5], 1, 5, None),
            (vec![1, 2, 3, 4, 5, 6], 1, 5, Some("1 of 6 entries were still refused after 5 attempts")),
        ];
        for (entries, completes, expected_calls, expected_error) in cases {
            let mut calls = 0;
            let result = until_done(entries, |mut rest: Vec<u8>| {
                calls += 1;
                rest.drain(..completes.min(rest.len()));
                async move { Ok(rest) }
            })
            .await;
            assert_eq!(result.err().map(|error| error.to_string()).as_deref(), expected_error);
            assert_eq!(calls, expected_calls);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_of_the_call_ends_it() {
        let result = until_done(vec![1], |_| async { Err::<Vec<u8>, Error>("no such queue".into()) }).await;
        assert_eq!(result.expect_err("the call failed").to_string(), "no such queue");
    }
}
