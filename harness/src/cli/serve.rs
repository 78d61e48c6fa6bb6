//! `rehearsal serve`: the embedded AWS on a port.

use std::io::{IsTerminal, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::task::LocalSet;

use super::{Failed, INVALID, UNAVAILABLE, print_text};
use crate::app::App;
use crate::backend::Embedded;
use crate::diagnostic::nearest;
use crate::run::Apps;
use crate::serve::{DEFAULT_ACCOUNT, DEFAULT_PORT, Front, Served, Server, Tell};
use crate::stack::Stack;
use crate::template::{self, Naming, Template, Values};
use crate::words::shown;

pub const EXAMPLES: &str = "\
Examples:
  rehearsal serve                             an empty AWS on port 4566
  rehearsal serve --app scenarios/csv/template.yaml
                                              with the template's resources, delivering to its functions

Then, with any credentials and region:
  aws --endpoint-url http://localhost:4566 s3 mb s3://photos
  AWS_ENDPOINT_URL=http://localhost:4566 terraform apply";

/// Where to listen, and what for.
#[derive(Args)]
pub struct ServeArgs {
    /// The port; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = DEFAULT_PORT)]
    port: u16,
    /// The address to listen on; 0.0.0.0 lets other machines in, without any check of who they are
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,
    /// The account of access keys that are no account's number
    #[arg(long, value_name = "ID", default_value = DEFAULT_ACCOUNT, value_parser = account)]
    account: String,
    /// Make the resources of a template that functions are bound to, and deliver to them
    #[arg(long, value_name = "TEMPLATE")]
    app: Option<PathBuf>,
    /// A parameter of the template
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::parameter, requires = "app")]
    parameter: Vec<(String, String)>,
    /// Do not tell each request
    #[arg(long)]
    quiet: bool,
}

fn account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(text.to_owned()) } else { Err("an account's id is twelve digits".to_owned()) }
}

/// Serves until Ctrl-C, or until the process is asked to end.
pub fn serve(apps: &Apps, args: &ServeArgs) -> Result<ExitCode, Failed> {
    let app = args.app.as_deref().map(|template| load(apps, template, args)).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime does not start: {error}"))?;
    LocalSet::new().block_on(&runtime, async {
        let address = SocketAddr::new(args.host, args.port);
        let server = Server::bind(address).await.map_err(|error| in_use(address, &error))?;
        let tell: Tell = if args.quiet { Arc::new(|_: &str| {}) } else { Arc::new(|line: &str| tell(line)) };
        let served = Served::new(&args.account);
        let domains = app.as_ref().map_or(&[][..], |(stack, _)| &stack.domains);
        let front = Front::new(served.emulator(), &args.account).with_domains(domains);
        let clock = served.clock();
        print_text(&format!("AWS is at http://{}; Ctrl-C ends it, and all that is in it\n", server.address));
        match app {
            None => {
                let end = end();
                tokio::select! {
                    served = server.run(front, clock, tell, end) => served.map_err(|error| error.to_string())?,
                    () = served.drive() => {}
                }
            }
            Some((stack, app)) => {
                print_text(&resources(&stack));
                let provisioned = served.with_app(stack, app, Arc::clone(&tell)).await;
                let _at_work = provisioned.map_err(|error| error.to_string())?;
                server.run(front, clock, tell, end()).await.map_err(|error| error.to_string())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn end() {
    tokio::select! {
        () = interrupted() => {}
        () = asked_to_end() => {}
    }
}

async fn interrupted() {
    // Where the signal cannot be waited for, it ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut asked) => _ = asked.recv().await,
        Err(_) => std::future::pending::<()>().await,
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    std::future::pending::<()>().await;
}

fn tell(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn in_use(address: SocketAddr, error: &std::io::Error) -> Failed {
    let help = if error.kind() == std::io::ErrorKind::AddrInUse {
        "\nhelp: something listens there already, LocalStack perhaps; choose another with --port"
    } else {
        ""
    };
    Failed { message: format!("{address}: {error}{help}"), code: UNAVAILABLE }
}

/// The template's stack and the app that is bound to it.
fn load<'a>(apps: &'a Apps, template: &Path, args: &ServeArgs) -> Result<(Stack, &'a App), Failed> {
    let files = Template::all_at(template).map_err(|error| format!("{}: {error}", shown(template)))?;
    let naming = Naming { account: args.account.clone(), ..Embedded::naming("app") };
    let values = Values::of_options(args.parameter.iter().cloned().collect());
    let stack = template::load_all(&files, &values, &naming).map_err(|diagnostics| {
        let styled = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Failed { message: format!("the template does not load\n\n{}", diagnostics.render(styled)), code: INVALID }
    })?;
    let app = apps.of(template).ok_or_else(|| {
        let bound: Vec<String> = apps.templates().map(shown).collect();
        let near = nearest(&shown(template), bound.iter().map(String::as_str));
        let help = near.map_or(format!("bound are {}", bound.join(", ")), |near| format!("did you mean `{near}`?"));
        Failed::from(format!("no app is bound to {}\nhelp: {help}", shown(template)))
    })?;
    Ok((stack, app))
}

/// What is there, by logical id, as clients have to call it.
fn resources(stack: &Stack) -> String {
    let mut lines = Vec::new();
    let mut add = |kind: &str, id: &str, name: &str| lines.push(format!("  {kind:<9} {id:<24} {name}\n"));
    stack.buckets.iter().for_each(|bucket| add("bucket", &bucket.logical_id, &bucket.name));
    stack.queues.iter().for_each(|queue| add("queue", &queue.logical_id, &queue.name));
    stack.topics.iter().for_each(|topic| add("topic", &topic.logical_id, &topic.arn));
    stack.tables.iter().for_each(|table| add("table", &table.logical_id, &table.name));
    stack.buses.iter().for_each(|bus| add("bus", &bus.logical_id, &bus.name));
    for (api, stage) in stack.apis.iter().flat_map(|api| api.stages.iter().map(move |stage| (api, stage))) {
        let stage = if stage.name == "$default" { "" } else { &stage.name };
        add("api", &api.logical_id, &format!("/_aws/execute-api/{}/{stage}", api.id));
    }
    stack.domains.iter().for_each(|domain| add("domain", &domain.name, "by the header Host"));
    stack.functions.iter().for_each(|function| add("function", &function.logical_id, &function.name));
    lines.concat()
}
