//! How often APIs may be called: throttling, API keys and usage plans.

/// A token bucket: how fast it fills up, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throttle {
    /// Requests per second.
    pub rate: f64,
    pub burst: u32,
}

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub logical_id: String,
    pub id: String,
    /// What clients send as `x-api-key`.
    pub value: String,
    pub enabled: bool,
}

/// Which keys may call which stages, and how often.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsagePlan {
    pub id: String,
    pub stages: Vec<PlanStage>,
    pub throttle: Option<Throttle>,
    pub quota: Option<Quota>,
    /// The ids of its keys.
    pub keys: Vec<String>,
}

/// A stage that a usage plan is for.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanStage {
    /// The API's id.
    pub api: String,
    pub stage: String,
    /// By `path/method`, such as `/orders/GET`.
    pub throttles: Vec<(String, Throttle)>,
}

/// How many requests a key has in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub limit: u32,
    /// What is taken off in the first period.
    pub offset: u32,
    pub period: Period,
}

/// The period of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Day,
    Week,
    Month,
}
