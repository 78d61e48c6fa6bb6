//! `rehearsal clean`: removes what a killed run left in an account.

use std::process::ExitCode;

use clap::Args;

use super::{DIFFERENT, Failed, PlaceArgs, print_text};
use crate::backend::{Cleaned, Kind, Options, Place, check_prefix};
use crate::words::counted;

/// What is to be removed, and where.
#[derive(Args)]
pub struct CleanArgs {
    /// What the names begin with: `rehearsal-`, or the prefix of one run
    #[arg(long, value_name = "PREFIX")]
    prefix: String,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Removes what has the prefix in its name and carries the harness's tag, and tells each.
pub fn clean(args: &CleanArgs) -> Result<ExitCode, Failed> {
    let options = Options {
        endpoint_url: args.place.endpoint_url.clone(),
        account: args.place.account.clone(),
        region: args.place.region.clone(),
        ..Options::default()
    };
    check_prefix(&args.prefix)?;
    if options.account.is_none() {
        return Err("clean needs --account: the account that is to be cleaned\nhelp: what `--backend endpoint` left \
            goes with the emulator's restart"
            .to_owned()
            .into());
    }
    let place = Place::open(Kind::Aws, &options, &|_| {})?;
    let Cleaned { removed, left, failed, not_there } = place.clean(&args.prefix)?;
    removed.iter().for_each(|what| print_text(&format!("removed {what}\n")));
    left.iter().for_each(|what| print_text(&format!("left    {what}: it does not carry the tag `rehearsal`\n")));
    not_there
        .iter()
        .for_each(|what| eprintln!("note: the endpoint lacks a service, so nothing of it is removed: {what}"));
    failed.iter().for_each(|what| print_text(&format!("FAILED  {what}\n")));
    let more = [(left.len(), "left"), (failed.len(), "failed")].map(|(count, what)| match count {
        0 => String::new(),
        count => format!(", {count} {what}"),
    });
    print_text(&format!("{} removed{}\n", counted(removed.len() as u64, "resource"), more.concat()));
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
}
