//! STS: `GetCallerIdentity`.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use crate::protocol::{AwsError, Reply, Service, query, xml};
use crate::world::Call;

pub(crate) fn answer(call: &Call<'_>) -> Result<Reply, AwsError> {
    if call.operation() != "GetCallerIdentity" {
        return Err(AwsError::not_simulated(Service::Sts, call.operation()));
    }
    let account = &call.identity.account;
    let result = [
        xml::element("Arn", &format!("arn:aws:iam::{account}:root")),
        xml::element("UserId", account),
        xml::element("Account", account),
    ];
    Ok(query::reply("GetCallerIdentity", &result.concat(), call.request_id))
}
