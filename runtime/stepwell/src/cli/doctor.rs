//! `stepwell doctor`: checks this machine, the data folder, the server and the environment.

use super::default_folder;
use crate::client::{Client, ClientArgs};
use crate::events::bytes;
use crate::exit::{CommandError, Outcome};
use crate::output::{BAD, Form, GOOD, ODD, cut, one_line, paint, say, say_json};
use crate::server;
use serde_json::{Value, json};
use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};
use stepwell_engine::function::{ComponentFault, check_components};
use stepwell_store_redb::OpenError;

/// Characters of a server's answer that are shown.
const ANSWER_CHARS_MAX: usize = 120;
/// Free space below which the folder is no place for a server.
const FREE_BYTES_MIN: u64 = 1 << 30;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Data folder; the default is that of `dev`.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Good,
    Odd,
    Bad,
}

struct Check {
    what: &'static str,
    health: Health,
    finding: String,
}

impl Check {
    fn new(what: &'static str, health: Health, finding: impl Into<String>) -> Self {
        Self { what, health, finding: finding.into() }
    }
}

/// Checks everything; fails if something is broken. What may be so on purpose is only told.
pub(crate) async fn run(args: Args) -> Result<Outcome, CommandError> {
    let folder = args.data.clone().map_or_else(default_folder, Ok)?;
    let mut checks = vec![machine(), free_space(&folder), store(&folder).await];
    checks.push(server(&args.client).await?);
    checks.extend(environment(&args.client.endpoint));
    match args.client.form() {
        Form::Json => {
            let list = checks.iter().map(|check| -> Value {
                let health = match check.health {
                    Health::Good => "good",
                    Health::Odd => "odd",
                    Health::Bad => "bad",
                };
                json!({ "check": check.what, "health": health, "finding": check.finding })
            });
            say_json(&json!({ "checks": list.collect::<Vec<_>>() }))?;
        }
        Form::Human => {
            for Check { what, health, finding } in &checks {
                let mark = match health {
                    Health::Good => paint(GOOD, "ok  "),
                    Health::Odd => paint(ODD, "note"),
                    Health::Bad => paint(BAD, "bad "),
                };
                say(&format!("{mark}  {what:<12} {finding}"))?;
            }
        }
    }
    let is_bad = checks.iter().any(|check| check.health == Health::Bad);
    Ok(if is_bad { Outcome::Failed } else { Outcome::Good })
}

fn machine() -> Check {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let target = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    Check::new(
        "machine",
        Health::Good,
        format!("{target}, {cores} cores, stepwell {}", env!("CARGO_PKG_VERSION")),
    )
}

/// Free space where the folder is, or will be.
fn free_space(folder: &Path) -> Check {
    let existing = folder.ancestors().find(|path| path.exists()).unwrap_or(folder);
    match rustix::fs::statvfs(existing) {
        Err(error) => Check::new("disk", Health::Bad, format!("{}: {error}", existing.display())),
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize);
            let health = if free < FREE_BYTES_MIN { Health::Bad } else { Health::Good };
            Check::new("disk", health, format!("{} free at {}", bytes(free), existing.display()))
        }
    }
}

/// Reads the whole store, unless a server has it open.
async fn store(folder: &Path) -> Check {
    let shown = folder.display();
    let check = |health, finding: String| Check::new("data", health, finding);
    if !server::holds_store(folder) {
        return check(Health::Good, format!("{shown} holds nothing yet"));
    }
    let refused = |error: anyhow::Error| {
        let is_in_use = matches!(error.downcast_ref(), Some(OpenError::InUse(_)));
        check(if is_in_use { Health::Good } else { Health::Bad }, error.to_string())
    };
    // First, since an open may write.
    if let Err(error) = server::verify_store(folder.to_owned()).await {
        return refused(error);
    }
    let store = match server::open_store(folder.to_owned()).await {
        Ok(store) => store,
        Err(error) => return refused(error),
    };
    let report = store.check().await;
    let faults = check_components(&*store).await;
    store.close().await;
    let report = match report {
        Ok(report) => report,
        Err(error) => return check(Health::Bad, format!("{shown}: {error}")),
    };
    match faults.as_deref() {
        Ok([]) => check(
            Health::Good,
            format!(
                "{shown} is whole: {} executions ({} folded), {} commits",
                report.executions, report.folded, report.commits
            ),
        ),
        Ok(faults) => {
            let fault = |ComponentFault { component, function, damage }: &ComponentFault| {
                let file = server::component_file(folder, *component);
                let what = if damage.is_some() { "damaged" } else { "missing" };
                format!("{} is {what}: deploy function {function} again", file.display())
            };
            check(Health::Bad, faults.iter().map(fault).collect::<Vec<_>>().join("; "))
        }
        Err(error) => check(Health::Bad, format!("{shown}: {error}")),
    }
}

async fn server(args: &ClientArgs) -> Result<Check, CommandError> {
    let client = Client::new(args)?;
    let check = |health, finding: String| Check::new("server", health, finding);
    let ready = match client.probe("/readyz").await {
        Ok(ready) => ready,
        Err(CommandError::NoServer { endpoint, reason }) => {
            return Ok(check(
                Health::Odd,
                format!("none at {endpoint} ({reason}); `stepwell dev` starts one"),
            ));
        }
        Err(error) => return Err(error),
    };
    let answer = cut(&one_line(&String::from_utf8_lossy(&ready.body)), ANSWER_CHARS_MAX);
    if !ready.status.is_success() {
        return Ok(check(Health::Bad, format!("{} answers {}: {answer}", client.endpoint(), ready.status)));
    }
    Ok(match client.server_account().await {
        Ok(account) => {
            let region = client.region();
            check(
                Health::Good,
                format!("{} is {answer}, account {account}, region {region}", client.endpoint()),
            )
        }
        Err(error) => check(Health::Bad, format!("{} is no Stepwell server: {error}", client.endpoint())),
    })
}

/// What would keep AWS's tools from reaching this server.
fn environment(endpoint: &str) -> Vec<Check> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut checks = Vec::new();
    let mut odd = |finding: String| checks.push(Check::new("environment", Health::Odd, finding));
    let points_here = |name: &str| {
        variable(name).is_some_and(|url| url.trim_end_matches('/') == endpoint.trim_end_matches('/'))
    };
    let general = points_here("AWS_ENDPOINT_URL");
    for name in ["AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL_LAMBDA"] {
        if !general && !points_here(name) {
            odd(format!(
                "{name} does not point here: aws-cli and SDKs talk to AWS; eval \"$(stepwell env)\" mends it"
            ));
        }
    }
    if let Some(profile) = variable("AWS_PROFILE") {
        odd(format!(
            "AWS_PROFILE={profile} is used before keys of the environment; `stepwell env` unsets it"
        ));
    }
    let is_disabled = variable("AWS_DISABLE_HOST_PREFIX_INJECTION").is_some_and(|value| value == "true");
    if !is_disabled && ("sync-localhost", 0).to_socket_addrs().is_err() {
        odd("SDKs put `sync-` before the host of StartSyncExecution; set AWS_DISABLE_HOST_PREFIX_INJECTION=true".to_owned());
    }
    if checks.is_empty() {
        checks.push(Check::new("environment", Health::Good, "AWS tools are pointed here"));
    }
    checks
}
