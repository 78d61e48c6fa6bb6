//! SDK clients of an emulated AWS.
#![allow(dead_code, reason = "each test binary uses its own part")]

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use rehearsal_emulator::{Clock, Emulator, Ids};

/// The time that every test starts at.
pub const START: &str = "2026-01-01T00:00:00Z";

/// An empty emulated AWS with one seed.
pub fn emulator() -> Emulator {
    let clock = Clock::starting_at(START.parse().expect("START is a timestamp"));
    Emulator::new(clock, Ids::seeded(1))
}

/// A client configuration for an emulator, signed for the account 123456789012 in us-east-1.
pub fn config(emulator: &Emulator) -> SdkConfig {
    let credentials = Credentials::new("123456789012", "secret", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(emulator.clone())
        .sleep_impl(TokioSleep::new())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

/// The most memory that this process has had, in bytes.
#[cfg(target_os = "linux")]
pub fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells of each process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak of the resident set");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number of kilobytes") * 1024
}
