//! The demo: example workflows through the real AWS APIs on a server of its own, which is killed in the middle.
//!
//! Everything that it needs is in this binary, so that it runs from any folder.

mod child;
mod workflows;

use crate::client::Client;
use crate::deployment::{Kind, deploy_all};
use crate::exit::{CommandError, Outcome};
use crate::manifest::Manifest;
use crate::output::{BAD, FAINT, Form, GOOD, Progress, STRONG, Style, paint, say, say_json};
use crate::runs;
use anyhow::{Context as _, anyhow};
use child::Child;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use stepwell_types::ExecutionArn;
use tempfile::TempDir;
use workflows::{RUNS, Run};

/// Lines of each execution's event table.
const EVENT_ROWS_MAX: usize = 80;
/// The kill comes when the longest execution has come this far.
const KILL_AFTER_EVENTS: u64 = 400;
/// How long anything may take before the demo has failed.
const STEP_MAX: Duration = Duration::from_secs(180);
/// How often something that is waited for is looked at.
const POLL: Duration = Duration::from_millis(20);

/// A demo under way. Dropped, it takes its server and its folder with it.
pub(crate) struct Demo {
    child: Option<Child>,
    folder: TempDir,
    is_kept: bool,
    form: Form,
    begun: Instant,
    failures: Vec<String>,
}

/// One execution of the demo.
struct Started {
    run: &'static Run,
    arn: ExecutionArn,
    /// Its events when the server was killed.
    before: Vec<Value>,
}

impl Demo {
    /// Makes the folder.
    pub(crate) fn begin(form: Form) -> Result<Self, CommandError> {
        let folder = tempfile::Builder::new().prefix("stepwell-demo-").tempdir();
        let folder = folder.context("a temporary folder cannot be made")?;
        Ok(Self { child: None, folder, is_kept: false, form, begun: Instant::now(), failures: Vec::new() })
    }

    /// Leaves the folder where it is at the end.
    pub(crate) fn keep_folder(&mut self) {
        self.is_kept = true;
        self.folder.disable_cleanup(true);
    }

    /// The whole of it.
    pub(crate) async fn run(&mut self) -> Result<Outcome, CommandError> {
        let mut client = self.start_server().await?;
        let server = client.endpoint().to_owned();
        self.tell(&format!("a server on {server}, data in {}", self.folder.path().display()))?;

        let manifest = Manifest::parse("the demo's stepwell.toml", workflows::MANIFEST)?;
        let deployed = deploy_all(&client, &manifest, &workflows::FILES).await?;
        let count = |kind: Kind| deployed.iter().filter(|deployed| deployed.kind == kind).count();
        self.tell(&format!(
            "uploaded {} components and created {} state machines through the Lambda and Step Functions APIs",
            count(Kind::Function),
            count(Kind::Machine)
        ))?;

        let mut started = Vec::new();
        let (longest, others) = RUNS.split_last().context("the demo has no runs")?;
        for run in others {
            started.push(start(&client, run).await?);
        }
        self.tell(&format!("started {} executions", started.len()))?;
        let token = self.approval_token(&client, &started).await?;
        self.kill_in_the_middle(&client, &mut started, longest).await?;

        let down = Instant::now();
        client = self.start_server().await?;
        let took = down.elapsed().as_millis();
        self.tell(&format!(
            "started it again on the same folder: back after {took} ms, on {}",
            client.endpoint()
        ))?;
        client.states("SendTaskHeartbeat", &json!({ "taskToken": token })).await?;
        let decision = json!({ "taskToken": token, "output": workflows::DECISION });
        client.states("SendTaskSuccess", &decision).await?;
        self.tell("answered the approval with the task token from before the crash")?;

        let ended = self.wait_for_all(&client, &started).await?;
        self.tell(&format!("all {} executions have ended", ended.len()))?;
        for (started, execution) in started.iter().zip(&ended) {
            match self.form {
                Form::Human => {
                    say("")?;
                    say(&paint(STRONG, started.run.title))?;
                    runs::show(&client, &started.arn, execution, EVENT_ROWS_MAX).await?;
                }
                Form::Json => say_json(&runs::whole(&client, &started.arn, execution.clone()).await?)?,
            }
            self.check(&client, started, execution).await?;
        }
        self.run_express(&client).await?;
        self.conclude()
    }

    /// Says where things are, and how to look at them.
    pub(crate) fn say_where(&self, stays: bool) -> Result<(), CommandError> {
        let folder = self.folder.path().display();
        if self.form == Form::Json {
            say_json(&json!({ "dataFolder": folder.to_string(), "isKept": self.is_kept }))
        } else if stays && let Some(child) = &self.child {
            let server = child.endpoint();
            say(&format!("\nserver       {server}"))?;
            say(&format!("data folder  {folder}"))?;
            say(&format!(
                "look around  eval \"$(STEPWELL_ENDPOINT={server} stepwell env)\"; stepwell exec ls; aws stepfunctions list-state-machines"
            ))
        } else if self.is_kept {
            say(&format!("data folder  {folder}; `stepwell dev --data {folder}` serves it"))
        } else {
            say(&format!("data folder  {folder}, now removed (--keep keeps it)"))
        }
    }

    /// Stops the server in order.
    pub(crate) async fn end(mut self) -> Result<(), CommandError> {
        match self.child.take() {
            Some(child) => Ok(child.stop().await?),
            None => Ok(()),
        }
    }

    async fn start_server(&mut self) -> Result<Client, CommandError> {
        let child = Child::start(self.folder.path()).await?;
        let client = child.client()?;
        self.child = Some(child);
        Ok(client)
    }

    /// Says what was done, and when.
    fn tell(&self, what: &str) -> Result<(), CommandError> {
        let seconds = self.begun.elapsed().as_secs_f64();
        match self.form {
            Form::Human => say(&format!("{} {what}", paint(FAINT, &format!("{seconds:>6.2} s")))),
            Form::Json => say_json(&json!({ "seconds": seconds, "step": what })),
        }
    }

    /// Says whether something is as it should be.
    fn judge(&self, style: Style, what: &str) -> Result<(), CommandError> {
        match self.form {
            Form::Human => say(&paint(style, what)),
            Form::Json => self.tell(what),
        }
    }

    fn fail(&mut self, what: String) {
        self.failures.push(what);
    }

    /// Waits until the approval's question was asked, and reads its token where a person would: from the history.
    async fn approval_token(&self, client: &Client, started: &[Started]) -> Result<String, CommandError> {
        let approval = started.iter().find(|started| started.run.machine == "approval");
        let approval = approval.context("the demo has no approval")?;
        let give_up = Instant::now() + STEP_MAX;
        while Instant::now() < give_up {
            let events = runs::history(client, &approval.arn).await?;
            let kind = |event: &&Value, kind: &str| event.get("type").and_then(Value::as_str) == Some(kind);
            if events.iter().any(|event| kind(&event, "TaskSubmitted")) {
                let scheduled = events.iter().find(|event| kind(event, "TaskScheduled"));
                let parameters =
                    scheduled.and_then(|event| event.pointer("/taskScheduledEventDetails/parameters"));
                let parameters: Value = parameters
                    .and_then(Value::as_str)
                    .and_then(|text| serde_json::from_str(text).ok())
                    .unwrap_or_default();
                let token = parameters.pointer("/Payload/token").and_then(Value::as_str);
                let token = token.context("the approval's history has no task token")?.to_owned();
                self.tell("the approval waits for its answer")?;
                return Ok(token);
            }
            tokio::time::sleep(POLL).await;
        }
        Err(anyhow!("the approval did not ask its question").into())
    }

    /// Kills the server as a crash would, while executions run.
    async fn kill_in_the_middle(
        &mut self,
        client: &Client,
        started: &mut Vec<Started>,
        longest: &'static Run,
    ) -> Result<(), CommandError> {
        let mut running = Vec::new();
        for started in started.iter_mut() {
            running.extend(look(client, started).await?);
        }
        // The long one ends within a second: it starts last, and nothing else is read between its look and the kill.
        let mut longest = start(client, longest).await?;
        let give_up = Instant::now() + STEP_MAX;
        while runs::last_event(client, &longest.arn).await? < KILL_AFTER_EVENTS {
            if Instant::now() > give_up {
                return Err(anyhow!("the {} run makes no progress", longest.run.name).into());
            }
            tokio::time::sleep(POLL).await;
        }
        running.extend(look(client, &mut longest).await?);
        started.push(longest);
        let child = self.child.take().context("the demo has no server")?;
        child.kill().await?;
        self.tell(&format!(
            "killed the server with SIGKILL while {} ran: {}",
            running.len(),
            running.join(", ")
        ))?;
        if running.is_empty() {
            self.fail("nothing was running any more when the server was killed".to_owned());
        }
        Ok(())
    }

    async fn wait_for_all(&self, client: &Client, started: &[Started]) -> Result<Vec<Value>, CommandError> {
        let progress = Progress::bar("executions", started.len() as u64);
        let give_up = Instant::now() + STEP_MAX;
        let mut ended = Vec::new();
        for started in started {
            progress.tell(started.run.name);
            let mut execution = runs::wait(client, &started.arn).await?;
            while runs::status(&execution) == "RUNNING" {
                if Instant::now() > give_up {
                    return Err(anyhow!("{} did not end within {} s", started.arn, STEP_MAX.as_secs()).into());
                }
                execution = runs::wait(client, &started.arn).await?;
            }
            ended.push(execution);
            progress.step();
        }
        Ok(ended)
    }

    /// Holds an execution's result against the expected one, and its history against what it was before the crash.
    async fn check(
        &mut self,
        client: &Client,
        started: &Started,
        execution: &Value,
    ) -> Result<(), CommandError> {
        let Started { run, arn, before } = started;
        let mut wrong = Vec::new();
        if runs::status(execution) != "SUCCEEDED" || execution.get("output") != Some(&parse(run.expected)?) {
            wrong.push("its result is not the expected one");
        }
        let events = runs::history(client, arn).await?;
        let ids = events.iter().map(|event| event.get("id").and_then(Value::as_u64));
        if !ids.eq((1..=events.len() as u64).map(Some)) {
            wrong.push("its history has gaps");
        }
        if !events.starts_with(before) {
            wrong.push("its history from before the crash was changed");
        }
        if wrong.is_empty() {
            let what =
                "as expected: the result, a history without gaps, and the same events as before the crash";
            return self.judge(GOOD, what);
        }
        let wrong = format!("{}: {}", run.name, wrong.join("; "));
        self.judge(BAD, &wrong)?;
        self.fail(wrong);
        Ok(())
    }

    /// The order once more, in memory and within one call.
    async fn run_express(&mut self, client: &Client) -> Result<(), CommandError> {
        let machine = runs::find_machine(client, "order-express").await?;
        let input = json!({ "stateMachineArn": machine.to_string(), "input": workflows::ORDER_INPUT });
        let begun = Instant::now();
        let execution = client.states("StartSyncExecution", &input).await?;
        let output = execution.get("output").and_then(Value::as_str).map(parse).transpose()?;
        let is_expected = output == Some(parse(workflows::ORDER_EXPECTED)?);
        let took = begun.elapsed().as_secs_f64();
        match self.form {
            Form::Human => {
                say("")?;
                say(&paint(STRONG, "The order once more, as a synchronous Express execution"))?;
                say(&format!("{} in {took:.3} s", runs::status(&execution)))?;
            }
            Form::Json => say_json(&execution)?,
        }
        if is_expected {
            return self.judge(GOOD, "as expected: the same result");
        }
        self.judge(BAD, &execution.to_string())?;
        self.fail("order-express: its result is not the expected one".to_owned());
        Ok(())
    }

    fn conclude(&self) -> Result<Outcome, CommandError> {
        let (outcome, style, what) = if self.failures.is_empty() {
            (Outcome::Good, GOOD, "all is as it should be".to_owned())
        } else {
            (Outcome::Failed, BAD, format!("not as it should be: {}", self.failures.join("; ")))
        };
        match self.form {
            Form::Human => {
                say("")?;
                self.tell(&paint(style, &what))?;
            }
            Form::Json => {
                let is_good = outcome == Outcome::Good;
                say_json(&json!({ "isGood": is_good, "failures": self.failures }))?;
            }
        }
        Ok(outcome)
    }
}

/// Keeps the beginning of an execution's history, to be compared after the crash, and says how far it is if it runs.
async fn look(client: &Client, started: &mut Started) -> Result<Option<String>, CommandError> {
    // One page: while a long history is read, the execution would end.
    started.before = runs::first_events(client, &started.arn).await?;
    let is_running = runs::status(&runs::describe(client, &started.arn).await?) == "RUNNING";
    let last = runs::last_event(client, &started.arn).await?;
    Ok(is_running.then(|| format!("{} at event {last}", started.run.name)))
}

async fn start(client: &Client, run: &'static Run) -> Result<Started, CommandError> {
    let machine = runs::find_machine(client, run.machine).await?;
    let input = json!({ "stateMachineArn": machine.to_string(), "name": run.name, "input": run.input });
    let started = client.states("StartExecution", &input).await?;
    let arn = started.get("executionArn").and_then(Value::as_str).unwrap_or_default();
    let arn = arn.parse().map_err(anyhow::Error::from)?;
    Ok(Started { run, arn, before: Vec::new() })
}

fn parse(text: &str) -> Result<Value, CommandError> {
    Ok(serde_json::from_str(text).context("an expected result is no JSON")?)
}
