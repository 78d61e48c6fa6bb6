//! A large object is kept once: what is stored, read whole and read in ranges are views of the bytes that were put.

use aws_sdk_s3::Client;
use bytes::Bytes;

use super::client;
#[cfg(target_os = "linux")]
use super::common::most_memory;

const LARGE: usize = 100_000_000;
const MEGABYTE: u64 = 1_000_000;
/// Set for the process in which the memory is measured.
const MEASURED: &str = "REHEARSAL_MEASURED";

/// What `GetObject` answers, whole or in a range, without a copy of the SDK's own.
async fn get(client: &Client, range: Option<&str>) -> Bytes {
    let get = client.get_object().bucket("uploads").key("large").set_range(range.map(str::to_owned)).send();
    get.await.expect("it was put").body.collect().await.expect("a whole body").into_bytes()
}

async fn put_and_get(client: &Client, body: &Bytes) {
    let put = client.put_object().bucket("uploads").key("large").body(body.clone().into());
    put.send().await.expect("the bucket is there");
    let copy = client.copy_object().bucket("uploads").key("copy").copy_source("uploads/large");
    copy.send().await.expect("it was put");
    let end = body.len() - 1;
    for (range, view) in [
        (None, body.clone()),
        (Some(format!("bytes=10-{end}")), body.slice(10..)),
        (Some("bytes=-7".to_owned()), body.slice(body.len() - 7..)),
    ] {
        let got = get(client, range.as_deref()).await;
        assert_eq!((got.as_ptr(), got.len()), (view.as_ptr(), view.len()), "{range:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_object_is_read_whole_and_in_ranges_without_a_copy() {
    put_and_get(&client().await, &Bytes::from(vec![7; LARGE])).await;
}

/// Measured in a process of its own, beside which no other test takes memory: the most that was ever used, compared
/// with what a small object took.
#[cfg(target_os = "linux")]
#[test]
fn a_large_object_is_stored_once_and_never_copied_on_the_way() {
    if std::env::var_os(MEASURED).is_none() {
        let program = std::env::current_exe().expect("a test is a program");
        let name = "memory::a_large_object_is_stored_once_and_never_copied_on_the_way";
        let measured = std::process::Command::new(program).args(["--exact", name]).env(MEASURED, "1").output();
        let measured = measured.expect("a test can be run");
        let told = String::from_utf8_lossy(&measured.stdout);
        assert!(measured.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let (small, large) = runtime.expect("a runtime without I/O").block_on(async {
        let client = client().await;
        put_and_get(&client, &Bytes::from(vec![7; 1000])).await;
        let small = most_memory();
        put_and_get(&client, &Bytes::from(vec![7; LARGE])).await;
        (small, most_memory())
    });
    let taken = large.saturating_sub(small) / MEGABYTE;
    assert!(taken > 0, "the object itself is seen");
    assert!(taken < 150, "an object of 100 MB took {taken} MB");
}
