//! What AWS answers, results and errors, held against every backend: one test per case and backend.
//!
//! A case is a few calls through the AWS SDK and what AWS's documentation says that they come to, the same for
//! all backends. Where the documentation gives an error's code and not its wording, the case looks at status and
//! code only, or has the wording that AWS is known to give. Where a backend is known to differ, the case says how
//! and why ([`kit::Known`]), so that the difference going away is noticed too.
//!
//! LocalStack is started in a container, once. `REHEARSAL_CONFORMANCE_URL` names another emulator to play its cases
//! on, where each difference from AWS fails.

mod dynamodb;
mod eventbridge;
mod kinesis;
mod kit;
mod s3;
mod scheduler;
mod sns;
mod sqs;
