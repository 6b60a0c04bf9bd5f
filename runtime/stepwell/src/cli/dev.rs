//! `stepwell dev`: a server for development.

use crate::client::{Client, ENDPOINT_DEFAULT, environment_account, environment_region, read_account};
use crate::exit::{CommandError, Outcome};
use crate::manifest::FILE_NAME;
use crate::output::{self, FAINT, Form, STRONG, paint, say, say_json};
use crate::server::{Deployed, Server, ServerConfig};
use crate::telemetry;
use crate::watch::watch;
use anyhow::{Context as _, anyhow};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use stepwell_auth::{AllowedHost, OpenMode, check_listen};
use stepwell_engine::Scope;
use stepwell_store_redb::OpenError;
use stepwell_types::AccountId;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Names of each kind that are shown; the others are counted.
const NAMES_SHOWN_MAX: usize = 6;

/// Arguments of `dev`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Data folder; the default is $STEPWELL_DATA, or $XDG_DATA_HOME/stepwell/dev.
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    data: Option<PathBuf>,
    /// Keep nothing: a data folder of its own, removed at the end.
    #[arg(long)]
    ephemeral: bool,
    /// Port; 0 for a free one. The default is Step Functions Local's.
    #[arg(long, default_value_t = 8083)]
    port: u16,
    /// Loopback address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// Account of every request; the default is the access key where that is twelve digits, else 000000000000.
    #[arg(long, value_name = "ID", value_parser = read_account)]
    account: Option<AccountId>,
    /// Host to answer for besides loopback names; may be repeated.
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<AllowedHost>,
    /// Deploy what DIR/stepwell.toml names, now and whenever it or a file that it names changes.
    #[arg(long, value_name = "DIR")]
    watch: Option<PathBuf>,
    /// Print JSON: the start's facts as one line, then one for each change of a watched project.
    #[arg(long)]
    json: bool,
}

/// Where data is kept if nobody says.
pub(crate) fn default_folder() -> Result<PathBuf, CommandError> {
    if let Some(named) = std::env::var_os("STEPWELL_DATA").filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
    let data = data
        .ok_or_else(|| CommandError::usage("there is no home folder; say where to keep data with --data"))?;
    Ok(data.join("stepwell").join("dev"))
}

/// Serves until a signal, or until the store stops.
pub(crate) async fn run(args: Args) -> Result<Outcome, CommandError> {
    telemetry::start();
    let form = if args.json { Form::Json } else { Form::Human };
    if let Some(folder) = args.watch.as_deref().filter(|folder| !folder.is_dir()) {
        return Err(CommandError::usage(format!("there is no folder {} to watch", folder.display())));
    }
    let region = environment_region()?;
    let scope = Scope { account: args.account.unwrap_or_else(environment_account), region };
    let listen = SocketAddr::new(args.listen, args.port);
    check_listen(listen).map_err(|error| CommandError::usage(error.to_string()))?;
    let temporary = if args.ephemeral {
        let folder = tempfile::Builder::new().prefix("stepwell-").tempdir();
        Some(folder.context("a temporary folder cannot be made")?)
    } else {
        None
    };
    let folder = match (&temporary, &args.data) {
        (Some(temporary), _) => temporary.path().to_owned(),
        (None, Some(data)) => data.clone(),
        (None, None) => default_folder()?,
    };
    let open = OpenMode { account: args.account, allowed_hosts: args.allow_host.clone() };
    let config = ServerConfig { folder: folder.clone(), listen, open };
    // Heard from here on: a signal during the start is not lost.
    let stop = on_signal()?;
    let server = Server::start(config).await.map_err(with_way_out)?;
    let deployed = server.deployed(&scope).await?;
    let folder = std::path::absolute(&folder).unwrap_or(folder).display().to_string();
    let told = if form == Form::Json {
        say_json(&json!({
            "address": format!("http://{}", server.address),
            "port": server.address.port(),
            "account": scope.account.to_string(),
            "region": scope.region.to_string(),
            "data": folder,
            "functions": deployed.functions,
            "machines": deployed.machines,
            "watch": args.watch,
        }))
    } else {
        greet(&args, server.address, &scope, &folder, &deployed)
    };
    // A server whose start nobody reads serves nevertheless.
    if told.is_err() {
        tracing::info!(address = %server.address, "serving");
    }
    if let Some(reason) = server.refuses_starts() {
        tracing::warn!(%reason, "nothing new will be accepted");
    }
    let watching = args.watch.map(|project| {
        let client = Client::at(&format!("http://{}", server.address), scope.account, scope.region)?;
        Ok::<_, CommandError>(tokio::spawn(watch(project, client, form)))
    });
    let watching = watching.transpose()?;
    let served = server.serve(stop).await;
    watching.inspect(|watching| watching.abort());
    served?;
    drop(temporary);
    Ok(Outcome::Good)
}

/// What keeps a server from starting, with what can be done about it where that is a matter of arguments.
fn with_way_out(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(OpenError::InUse(_)) => {
            anyhow!("{error}; choose another with --data, or one of its own with --ephemeral")
        }
        Some(_) | None => error,
    }
}

/// Says where everything is, and gives two lines to try.
fn greet(
    args: &Args,
    address: SocketAddr,
    scope: &Scope,
    folder: &str,
    deployed: &Deployed,
) -> Result<(), CommandError> {
    let url = format!("http://{address}");
    let Scope { account, region } = scope;
    let by_key = if args.account.is_none() {
        "or the access key, where that is twelve digits"
    } else {
        "for every request"
    };
    let fact = |name: &str, value: &str, more: &str| {
        let more = if more.is_empty() { String::new() } else { format!("  {}", paint(FAINT, more)) };
        say(&format!("  {} {value}{more}", paint(FAINT, &format!("{name:<9}"))))
    };
    say(&paint(STRONG, &format!("Stepwell {} in open development mode", env!("CARGO_PKG_VERSION"))))?;
    fact("address", &url, "loopback only, any credentials pass")?;
    fact("account", &account.to_string(), by_key)?;
    fact("region", &region.to_string(), "or the region that a request is signed for")?;
    fact("data", folder, if args.ephemeral { "removed at the end" } else { "" })?;
    fact("functions", &names(&deployed.functions), "")?;
    fact("machines", &names(&deployed.machines), "")?;
    if let Some(project) = &args.watch {
        fact("watching", &project.join(FILE_NAME).display().to_string(), "and what it names")?;
    }
    let endpoint = if url == ENDPOINT_DEFAULT { String::new() } else { format!("STEPWELL_ENDPOINT={url} ") };
    say("")?;
    say(&format!("  curl -T task.wasm {url}/v1/functions/task"))?;
    say(&format!("  eval \"$({endpoint}stepwell env)\" && aws stepfunctions list-state-machines"))?;
    say("")?;
    output::note("Ctrl-C stops the server");
    Ok(())
}

fn names(names: &[String]) -> String {
    match names {
        [] => "none yet".to_owned(),
        few if few.len() <= NAMES_SHOWN_MAX => few.join(", "),
        many => {
            let shown = many.get(..NAMES_SHOWN_MAX).unwrap_or(many);
            format!("{} and {} more", shown.join(", "), many.len() - shown.len())
        }
    }
}

/// Cancelled by the first SIGTERM or SIGINT; the second ends the process at once, as a crash would.
fn on_signal() -> Result<CancellationToken, CommandError> {
    let hear = |kind| signal(kind).context("signals cannot be heard");
    let mut terminate = hear(SignalKind::terminate())?;
    let mut interrupt = hear(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        for is_first in [true, false] {
            let heard = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if is_first {
                tracing::info!(signal = heard, "stopping; another signal stops at once");
                stopping.cancel();
            }
        }
        std::process::exit(130);
    });
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_counted() {
        let list = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&[]), "none yet");
        assert_eq!(names(&list(2)), "0, 1");
        assert_eq!(names(&list(8)), "0, 1, 2, 3, 4, 5 and 2 more");
    }
}
