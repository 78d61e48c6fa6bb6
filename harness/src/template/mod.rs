//! stub until merged
pub struct Naming { pub account: String, pub region: String, pub stack_name: String, pub suffix: String, pub queue_url_base: String }
