//! Templates to stacks: intrinsic functions, a SAM template with everything, CDK's JSON, refusals with
//! their exact messages, and inputs that are not templates at all.

mod apis;
mod cdk;
mod declared;
mod functions;
mod kit;
mod messaging;
mod refused;
mod robust;
mod storage;
mod values;
