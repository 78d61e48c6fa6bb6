//! The end of an invocation's log, as `Invoke` hands it out.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#lambda-Invoke-request-LogType>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::invoke::{Function, Invoked};
use crate::shared::Shared;

/// How much of the log is handed out.
const TAIL: usize = 4 * 1024;

/// The last 4 KB of the log, in base64: what the handler logged between the lines of Lambda's platform. How much
/// memory was used is not known, and not said.
pub fn tail(shared: &Shared, function: &Function, request_id: &str, invoked: &Invoked) -> String {
    let (lines, duration) = shared.recorder.log_of(invoked.event);
    let milliseconds = duration.as_secs_f64() * 1000.0;
    let mut log = format!("START RequestId: {request_id} Version: {}\n", function.version);
    for (level, message) in lines {
        log += &format!("{level} {message}\n");
    }
    log += &format!(
        "END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {milliseconds:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\n",
        milliseconds.ceil(),
        function.settings.memory_size
    );
    let start = log.len().saturating_sub(TAIL);
    STANDARD.encode(&log.as_bytes()[start..])
}
