//! Amazon Resource Names: one type, one parser and one printer for each kind.

use crate::name::{AccountId, Name, Region};
use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

/// A text that is no ARN of the wanted kind; displays as AWS words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// It does not begin like an ARN.
    #[error("Invalid Arn: 'Invalid ARN prefix: {0}'")]
    Prefix(String),
    /// It is an ARN, but not of this kind or not well formed.
    #[error("Invalid Arn: 'Resource type not valid in this context: {0}'")]
    ResourceType(String),
    /// A part of it is missing or holds a character that is not allowed.
    #[error("Invalid Arn: '{0}'")]
    Malformed(String),
}

/// `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`, with `:VERSION` or `:ALIAS`, or with `/LABEL` for the
/// machine that a Distributed Map's children run.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateMachineArn {
    /// Region.
    pub region: Region,
    /// Account.
    pub account: AccountId,
    /// The machine's name.
    pub name: Name,
    /// Version or alias, if it names one.
    pub qualifier: Option<MachineQualifier>,
    /// The Distributed Map's label, if it names one.
    pub label: Option<Name>,
}

/// What follows a state machine's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MachineQualifier {
    /// A published version, from 1.
    Version(u64),
    /// An alias: letters, digits, `_`, `-`, `.`, and not digits alone.
    Alias(Name),
}

/// An execution's ARN: `…:execution:MACHINE:NAME`, or `…:express:MACHINE:NAME:ID` for an Express one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExecutionArn {
    /// Region.
    pub region: Region,
    /// Account.
    pub account: AccountId,
    /// The machine's name.
    pub machine: Name,
    /// The Distributed Map's label, for a child execution of a Map Run.
    pub label: Option<Name>,
    /// The execution's name.
    pub name: Name,
    /// Standard or Express.
    pub kind: ExecutionKind,
}

/// Which of the two workflow types an execution's ARN belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExecutionKind {
    /// Durable; the name is unique within the machine.
    Standard,
    /// In memory; names repeat, so an id follows.
    Express(Name),
}

/// `arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:ID`
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MapRunArn {
    /// Region.
    pub region: Region,
    /// Account.
    pub account: AccountId,
    /// The machine's name.
    pub machine: Name,
    /// The Map state's label.
    pub label: Name,
    /// The run's id.
    pub id: Name,
}

/// `arn:aws:states:REGION:ACCOUNT:activity:NAME`
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActivityArn {
    /// Region.
    pub region: Region,
    /// Account.
    pub account: AccountId,
    /// The activity's name.
    pub name: Name,
}

/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, with `:$LATEST`, `:VERSION` or `:ALIAS`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionArn {
    /// Region.
    pub region: Region,
    /// Account.
    pub account: AccountId,
    /// The function's name: 1 to 64 letters, digits, `-` and `_`.
    pub name: Arc<str>,
    /// What follows the name, if anything.
    pub qualifier: Option<FunctionQualifier>,
}

/// What follows a function's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FunctionQualifier {
    /// `$LATEST`: the unpublished code.
    Latest,
    /// A published version, from 1.
    Version(u64),
    /// An alias: 1 to 128 letters, digits, `-` and `_`, and not digits alone.
    Alias(Arc<str>),
}

impl FunctionArn {
    /// Checks a function's name.
    ///
    /// # Errors
    /// [`ArnError::Malformed`] for a text that AWS refuses.
    pub fn check_name(text: &str) -> Result<Arc<str>, ArnError> {
        if (1..=64).contains(&text.len()) && text.bytes().all(is_function_char) {
            Ok(Arc::from(text))
        } else {
            Err(ArnError::Malformed(text.to_owned()))
        }
    }
}

fn is_function_char(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}

impl FromStr for FunctionQualifier {
    type Err = ArnError;
    fn from_str(text: &str) -> Result<Self, ArnError> {
        if text == "$LATEST" {
            Ok(Self::Latest)
        } else if let Some(version) = positive(text) {
            Ok(Self::Version(version))
        } else if (1..=128).contains(&text.len())
            && text.bytes().all(is_function_char)
            && !text.bytes().all(|b| b.is_ascii_digit())
        {
            Ok(Self::Alias(Arc::from(text)))
        } else {
            Err(ArnError::Malformed(text.to_owned()))
        }
    }
}

impl fmt::Display for FunctionQualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("$LATEST"),
            Self::Version(version) => write!(f, "{version}"),
            Self::Alias(alias) => f.write_str(alias),
        }
    }
}

impl StateMachineArn {
    /// The same machine without version, alias or label.
    #[must_use]
    pub fn unqualified(&self) -> Self {
        Self { qualifier: None, label: None, ..self.clone() }
    }
}

/// The six parts of `arn:aws:SERVICE:REGION:ACCOUNT:REST`.
struct Parts<'a> {
    region: Region,
    account: AccountId,
    kind: &'a str,
    rest: &'a str,
}

/// Splits an ARN of a service into region, account, resource type and the rest.
fn split<'a>(text: &'a str, service: &str) -> Result<Parts<'a>, ArnError> {
    let malformed = || ArnError::Malformed(text.to_owned());
    let rest = text.strip_prefix("arn:").ok_or_else(|| ArnError::Prefix(text.to_owned()))?;
    let mut parts = rest.splitn(6, ':');
    let mut next = || parts.next().ok_or_else(malformed);
    let (partition, found_service, region, account, kind) = (next()?, next()?, next()?, next()?, next()?);
    let rest = parts.next().ok_or_else(malformed)?;
    if partition != "aws" {
        return Err(malformed());
    }
    if found_service != service {
        return Err(ArnError::ResourceType(found_service.to_owned()));
    }
    let region = Region::new(region).map_err(|_| malformed())?;
    let account = account.parse().map_err(|_| malformed())?;
    Ok(Parts { region, account, kind, rest })
}

fn positive(text: &str) -> Option<u64> {
    text.parse().ok().filter(|n| *n > 0 && text.bytes().all(|b| b.is_ascii_digit()))
}

fn name(text: &str, arn: &str) -> Result<Name, ArnError> {
    Name::new(text).map_err(|_| ArnError::Malformed(arn.to_owned()))
}

/// `NAME` or `NAME/LABEL`.
fn name_and_label(text: &str, arn: &str) -> Result<(Name, Option<Name>), ArnError> {
    match text.split_once('/') {
        None => Ok((name(text, arn)?, None)),
        Some((machine, label)) => Ok((name(machine, arn)?, Some(name(label, arn)?))),
    }
}

impl FromStr for StateMachineArn {
    type Err = ArnError;
    fn from_str(text: &str) -> Result<Self, ArnError> {
        let Parts { region, account, kind, rest } = split(text, "states")?;
        if kind != "stateMachine" {
            return Err(ArnError::ResourceType(kind.to_owned()));
        }
        let (machine, qualifier) = match rest.split_once(':') {
            None => (rest, None),
            Some((machine, qualifier)) => {
                let qualifier = match positive(qualifier) {
                    Some(version) => MachineQualifier::Version(version),
                    None if !qualifier.is_empty() && qualifier.bytes().all(|b| b.is_ascii_digit()) => {
                        return Err(ArnError::Malformed(text.to_owned()));
                    }
                    None => MachineQualifier::Alias(name(qualifier, text)?),
                };
                (machine, Some(qualifier))
            }
        };
        let (name, label) = name_and_label(machine, text)?;
        Ok(Self { region, account, name, qualifier, label })
    }
}

impl fmt::Display for StateMachineArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        head(f, &self.region, self.account, ":stateMachine:", &self.name, self.label.as_ref())?;
        match &self.qualifier {
            None => Ok(()),
            Some(MachineQualifier::Version(version)) => write!(f, ":{version}"),
            Some(MachineQualifier::Alias(alias)) => write!(f, ":{alias}"),
        }
    }
}

/// `arn:aws:states:REGION:ACCOUNT`, the kind between its colons, `NAME` or `NAME/LABEL`. Written piece by piece: each
/// execution prints such ARNs several times, and a format string takes four times as long.
fn head(
    f: &mut fmt::Formatter<'_>,
    region: &Region,
    account: AccountId,
    kind: &str,
    name: &Name,
    label: Option<&Name>,
) -> fmt::Result {
    f.write_str("arn:aws:states:")?;
    f.write_str(region.as_str())?;
    f.write_str(":")?;
    fmt::Display::fmt(&account, f)?;
    f.write_str(kind)?;
    f.write_str(name.as_str())?;
    if let Some(label) = label {
        f.write_str("/")?;
        f.write_str(label.as_str())?;
    }
    Ok(())
}

/// Bytes that nearly every ARN fits in.
const PRINTED_BYTES: usize = 192;

fn printed(arn: &impl fmt::Display) -> Arc<str> {
    let mut text = String::with_capacity(PRINTED_BYTES);
    // A `String` takes everything.
    let _ = write!(text, "{arn}");
    text.into()
}

impl StateMachineArn {
    /// The ARN as text, to be shared.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        printed(self)
    }
}

impl ExecutionArn {
    /// The ARN as text, to be shared.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        printed(self)
    }
}

impl FromStr for ExecutionArn {
    type Err = ArnError;
    fn from_str(text: &str) -> Result<Self, ArnError> {
        let malformed = || ArnError::Malformed(text.to_owned());
        let Parts { region, account, kind, rest } = split(text, "states")?;
        if !matches!(kind, "execution" | "express") {
            return Err(ArnError::ResourceType(kind.to_owned()));
        }
        let (machine, rest) = rest.split_once(':').ok_or_else(malformed)?;
        let (machine, label) = name_and_label(machine, text)?;
        let (execution, kind) = match kind {
            "execution" => (rest, ExecutionKind::Standard),
            _ => {
                let (execution, id) = rest.split_once(':').ok_or_else(malformed)?;
                (execution, ExecutionKind::Express(name(id, text)?))
            }
        };
        Ok(Self { region, account, machine, label, name: name(execution, text)?, kind })
    }
}

impl fmt::Display for ExecutionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ExecutionKind::Standard => ":execution:",
            ExecutionKind::Express(_) => ":express:",
        };
        head(f, &self.region, self.account, kind, &self.machine, self.label.as_ref())?;
        f.write_str(":")?;
        f.write_str(self.name.as_str())?;
        if let ExecutionKind::Express(id) = &self.kind {
            f.write_str(":")?;
            f.write_str(id.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for MapRunArn {
    type Err = ArnError;
    fn from_str(text: &str) -> Result<Self, ArnError> {
        let malformed = || ArnError::Malformed(text.to_owned());
        let Parts { region, account, kind, rest } = split(text, "states")?;
        if kind != "mapRun" {
            return Err(ArnError::ResourceType(kind.to_owned()));
        }
        let (machine, id) = rest.split_once(':').ok_or_else(malformed)?;
        let (machine, label) = name_and_label(machine, text)?;
        Ok(Self { region, account, machine, label: label.ok_or_else(malformed)?, id: name(id, text)? })
    }
}

impl fmt::Display for MapRunArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, account, machine, label, id } = self;
        write!(f, "arn:aws:states:{region}:{account}:mapRun:{machine}/{label}:{id}")
    }
}

impl FromStr for ActivityArn {
    type Err = ArnError;
    fn from_str(text: &str) -> Result<Self, ArnError> {
        let Parts { region, account, kind, rest } = split(text, "states")?;
        if kind != "activity" {
            return Err(ArnError::ResourceType(kind.to_owned()));
        }
        Ok(Self { region, account, name: name(rest, text)? })
    }
}

impl fmt::Display for ActivityArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:aws:states:{}:{}:activity:{}", self.region, self.account, self.name)
    }
}

impl FromStr for FunctionArn {
    type Err = ArnError;
    fn from_str(text: &str) -> Result<Self, ArnError> {
        let malformed = || ArnError::Malformed(text.to_owned());
        let Parts { region, account, kind, rest } = split(text, "lambda")?;
        if kind != "function" {
            return Err(ArnError::ResourceType(kind.to_owned()));
        }
        let (name, qualifier) = match rest.split_once(':') {
            None => (rest, None),
            Some((name, qualifier)) => (name, Some(qualifier.parse().map_err(|_| malformed())?)),
        };
        Ok(Self { region, account, name: Self::check_name(name).map_err(|_| malformed())?, qualifier })
    }
}

impl fmt::Display for FunctionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name)?;
        self.qualifier.as_ref().map_or(Ok(()), |qualifier| write!(f, ":{qualifier}"))
    }
}

macro_rules! debug_as_text {
    ($($type:ident),*) => { $(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )* };
}
debug_as_text!(StateMachineArn, ExecutionArn, MapRunArn, ActivityArn, FunctionArn);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: FromStr<Err = ArnError> + fmt::Display>(text: &str) {
        match text.parse::<T>() {
            Ok(arn) => assert_eq!(arn.to_string(), text),
            Err(error) => panic!("{text}: {error}"),
        }
    }

    #[track_caller]
    fn check_error<T: FromStr<Err = ArnError> + fmt::Debug>(text: &str, message: &str) {
        assert_eq!(text.parse::<T>().unwrap_err().to_string(), message);
    }

    #[test]
    fn round_trips() {
        check::<StateMachineArn>("arn:aws:states:us-east-1:000000000042:stateMachine:Order");
        check::<StateMachineArn>("arn:aws:states:us-east-1:000000000042:stateMachine:Order:7");
        check::<StateMachineArn>("arn:aws:states:us-east-1:000000000042:stateMachine:Order:prod");
        check::<StateMachineArn>("arn:aws:states:us-east-1:000000000042:stateMachine:Order/Lines");
        check::<ExecutionArn>("arn:aws:states:us-east-1:000000000042:execution:Order:run-1");
        check::<ExecutionArn>("arn:aws:states:us-east-1:000000000042:execution:Order/Lines:run-1");
        check::<ExecutionArn>("arn:aws:states:us-east-1:000000000042:express:Order:run-1:3f2a");
        check::<MapRunArn>("arn:aws:states:us-east-1:000000000042:mapRun:Order/Lines:3f2a");
        check::<ActivityArn>("arn:aws:states:us-east-1:000000000042:activity:pack");
        check::<FunctionArn>("arn:aws:lambda:us-east-1:000000000042:function:pack");
        check::<FunctionArn>("arn:aws:lambda:us-east-1:000000000042:function:pack:$LATEST");
        check::<FunctionArn>("arn:aws:lambda:us-east-1:000000000042:function:pack:3");
        check::<FunctionArn>("arn:aws:lambda:us-east-1:000000000042:function:pack:live");
    }

    #[test]
    fn errors_are_worded_as_on_aws() {
        check_error::<StateMachineArn>(
            "not_a_valid_arn",
            "Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'",
        );
        check_error::<StateMachineArn>(
            "arn:aws:states:us-east-1:000000000042:activity:x",
            "Invalid Arn: 'Resource type not valid in this context: activity'",
        );
        check_error::<ExecutionArn>(
            "arn:aws:states:us-east-1:000000000042:stateMachine:x",
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'",
        );
        for bad in [
            "arn:",
            "arn:aws:states",
            "arn:aws:states:us-east-1:42:stateMachine:x",
            "arn:aws:states:us-east-1:000000000042:stateMachine:",
            "arn:aws:states:us-east-1:000000000042:stateMachine:x:0",
            "arn:aws:states:us-east-1:000000000042:stateMachine:x:1:2",
            "arn:aws:states:us-east-1:000000000042:stateMachine:x:99999999999999999999",
        ] {
            check_error::<StateMachineArn>(bad, &format!("Invalid Arn: '{bad}'"));
        }
        for bad in ["function:a b", "function:", "function:a:b:c", "function:a:0", "function:a:"] {
            assert!(
                format!("arn:aws:lambda:us-east-1:000000000042:{bad}").parse::<FunctionArn>().is_err(),
                "{bad}"
            );
        }
        assert!("arn:aws:states:us-east-1:000000000042:express:Order:run".parse::<ExecutionArn>().is_err());
    }
}
