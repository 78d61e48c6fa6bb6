//! Ctrl-C: where a run has made things outside this process, it ends in order and removes them first.

use std::sync::LazyLock;

use tokio::sync::watch;

/// Whether the person wants the run to end.
static REQUESTED: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// What a shell expects of a program that Ctrl-C ended: 128 and the number of SIGINT.
pub const EXIT_CODE: u8 = 130;

/// From now on, the first Ctrl-C is a request and a second one ends the process.
pub fn listen() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                eprintln!("\ninterrupted: removing what the run has made; Ctrl-C again to leave it");
                REQUESTED.send_replace(true);
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(i32::from(EXIT_CODE));
            }
        });
    });
}

/// Whether Ctrl-C was pressed.
pub fn is_requested() -> bool {
    *REQUESTED.borrow()
}

/// Returns when Ctrl-C is pressed.
pub async fn requested() {
    let mut requested = REQUESTED.subscribe();
    // The sender is never dropped.
    let _ = requested.wait_for(|requested| *requested).await;
}
