//! `codegen`: the AWS request and answer types of `runtime/api`, out of the service models that botocore brings.
//!
//! Shapes written by hand drift from AWS's; these do not. Which operations are served is one table, [`SERVICES`]:
//! to serve one more, add its name there, run this, and follow the checklist for API operations.

mod emit;
mod model;

use anyhow::{Context as _, Result, bail};
use model::Models;
use std::path::{Path, PathBuf};

/// Writes runtime/api/src/generated from botocore's service models.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// botocore's folder `data`; by default that of the botocore which python3 imports.
    #[arg(long)]
    models: Option<PathBuf>,
    /// Only compare what is there with what would be written.
    #[arg(long)]
    check: bool,
}

/// One service and what of it is generated.
pub(crate) struct Service {
    /// The module's name.
    pub(crate) module: &'static str,
    /// First line of the module's documentation.
    pub(crate) title: &'static str,
    /// Folder of the model.
    pub(crate) model: &'static str,
    /// Version of the model.
    pub(crate) version: &'static str,
    /// The operations that are served.
    pub(crate) operations: &'static [&'static str],
    /// Errors that the service answers beside those that the model lists for the served operations.
    pub(crate) errors: &'static [&'static str],
    /// Shapes that are checked and then passed on as JSON, without a type of their own.
    pub(crate) documents: &'static [&'static str],
    /// Where Stepwell deliberately differs from the model.
    pub(crate) overrides: &'static [(&'static str, Override)],
}

/// How a shape differs from the model.
#[derive(Clone, Copy)]
pub(crate) enum Override {
    /// Any text, whatever values or pattern the model names.
    AnyText,
    /// Another upper bound than the model's.
    Max(i64),
}

/// Everything that is generated.
const SERVICES: &[Service] = &[
    Service {
        module: "states",
        title: "AWS Step Functions",
        model: "stepfunctions",
        version: "2016-11-23",
        operations: &[
            "CreateStateMachine",
            "UpdateStateMachine",
            "DescribeStateMachine",
            "DescribeStateMachineForExecution",
            "DeleteStateMachine",
            "ListStateMachines",
            "ListStateMachineVersions",
            "ListStateMachineAliases",
            "ListTagsForResource",
            "TagResource",
            "UntagResource",
            "StartExecution",
            "StartSyncExecution",
            "StopExecution",
            "DescribeExecution",
            "ListExecutions",
            "GetExecutionHistory",
            "SendTaskSuccess",
            "SendTaskFailure",
            "SendTaskHeartbeat",
        ],
        errors: &["ValidationException"],
        documents: &[
            "EncryptionConfiguration",
            "HistoryEvent",
            "LoggingConfiguration",
            "TracingConfiguration",
            "VariableReferences",
        ],
        overrides: &[],
    },
    Service {
        module: "lambda",
        title: "AWS Lambda",
        model: "lambda",
        version: "2015-03-31",
        operations: &[
            "CreateFunction",
            "GetFunction",
            "GetFunctionConfiguration",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
            "DeleteFunction",
            "ListFunctions",
            "PublishVersion",
            "ListVersionsByFunction",
            "ListTags",
            "TagResource",
            "UntagResource",
            "Invoke",
        ],
        errors: &[],
        documents: &[
            "ArchitecturesList",
            "CapacityProviderConfig",
            "Concurrency",
            "DeadLetterConfig",
            "DurableConfig",
            "EnvironmentError",
            "EphemeralStorage",
            "FileSystemConfigList",
            "FunctionScalingConfig",
            "ImageConfig",
            "ImageConfigResponse",
            "LayerList",
            "LayersReferenceList",
            "LoggingConfig",
            "RuntimeVersionConfig",
            "SnapStart",
            "SnapStartResponse",
            "TagsError",
            "TenancyConfig",
            "TracingConfig",
            "TracingConfigResponse",
            "VpcConfig",
            "VpcConfigResponse",
        ],
        overrides: &[
            // A component needs neither; both are kept and shown.
            ("Runtime", Override::AnyText),
            // AWS says `Creating`, too, which its model lacks.
            ("LastUpdateStatusReasonCode", Override::AnyText),
            ("Handler", Override::AnyText),
            // The model's bounds are those of other kinds of functions; these are documented for zip functions.
            ("MemorySize", Override::Max(10_240)),
            ("Timeout", Override::Max(900)),
        ],
    },
    Service {
        module: "sts",
        title: "AWS Security Token Service",
        model: "sts",
        version: "2011-06-15",
        operations: &["GetCallerIdentity"],
        errors: &[],
        documents: &[],
        overrides: &[],
    },
];

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let models = model::load(arguments.models.as_deref(), SERVICES)?
        .context("no botocore found: `pip install botocore`, or give its folder with --models")?;
    for (path, text) in generate(&models)? {
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        if arguments.check {
            bail!("{} is not what botocore {} gives", path.display(), models.version);
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Each file and its text.
fn generate(models: &Models) -> Result<Vec<(PathBuf, String)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/api/src/generated");
    SERVICES
        .iter()
        .map(|service| {
            let text = emit::module(service, models).with_context(|| service.title.to_owned())?;
            Ok((folder.join(format!("{}.rs", service.module)), text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds the committed files against the models, where the very botocore is there that they were made from.
    #[test]
    fn generated_files_are_current() {
        let models = model::load(None, SERVICES).unwrap();
        let current = generated_from();
        match models {
            Some(models) if models.version == current => {
                for (path, text) in generate(&models).unwrap() {
                    let committed = std::fs::read_to_string(&path).unwrap();
                    assert!(committed == text, "{}: run `cargo xtask codegen`", path.display());
                }
            }
            _ if std::env::var("STEPWELL_REQUIRE").is_ok_and(|needs| needs.contains("botocore")) => {
                panic!("needs botocore {current}");
            }
            _ => {
                #[expect(clippy::print_stdout, reason = "tells that nothing was compared")]
                {
                    println!("skipped: needs botocore {current}");
                }
            }
        }
    }

    /// The version that the committed files name.
    fn generated_from() -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/api/src/generated/states.rs");
        let text = std::fs::read_to_string(path).unwrap();
        let (_, rest) = text.split_once("botocore ").unwrap();
        rest.split_once(';').unwrap().0.to_owned()
    }
}
