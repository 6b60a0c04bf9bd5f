//! The bytes of what caused a transition.

use crate::frame::FrameId;
use crate::input::{AttemptId, Input, TimerId};
use crate::limit::SEMANTICS_VERSION;
use crate::start::StartInput;
use crate::token::TokenKey;
use std::sync::Arc;
use stepwell_asl::definition::WorkflowType;
use stepwell_history::encoding::Field;
use stepwell_history::{DecodeError, Reader, Writer};
use stepwell_types::Failure;

impl Field for AttemptId {
    fn encode(&self, writer: &mut Writer) {
        writer.field(&self.0);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.field().map(Self)
    }
}

impl Field for TimerId {
    fn encode(&self, writer: &mut Writer) {
        writer.field(&(self.frame.0, self.serial));
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (frame, serial) = reader.field()?;
        Ok(Self { frame: FrameId(frame), serial })
    }
}

/// A failure, which another crate owns.
struct Fault(Failure);

impl Field for Fault {
    fn encode(&self, writer: &mut Writer) {
        writer.field(&self.0.error);
        writer.field(&self.0.cause);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(Failure { error: reader.field()?, cause: reader.field()? }))
    }
}

impl Field for Input {
    fn encode(&self, writer: &mut Writer) {
        match self {
            Self::TaskStarted { attempt, worker } => {
                writer.byte(0);
                writer.field(attempt);
                writer.field(worker);
            }
            Self::TaskSubmitted { attempt, output } => {
                writer.byte(1);
                writer.field(attempt);
                writer.field(output);
            }
            Self::TaskSucceeded { attempt, output } => {
                writer.byte(2);
                writer.field(attempt);
                writer.field(output);
            }
            Self::TaskFailed { attempt, failure } => {
                writer.byte(3);
                writer.field(attempt);
                writer.field(&Fault(failure.clone()));
            }
            Self::TaskHeartbeat { attempt } => {
                writer.byte(4);
                writer.field(attempt);
            }
            Self::TimerFired { id } => {
                writer.byte(5);
                writer.field(id);
            }
            Self::ChildClosed { attempt, result: Ok(output) } => {
                writer.byte(6);
                writer.field(attempt);
                writer.field(output);
            }
            Self::ChildClosed { attempt, result: Err(failure) } => {
                writer.byte(7);
                writer.field(attempt);
                writer.field(&Fault(failure.clone()));
            }
            Self::StopRequested { failure } => {
                writer.byte(8);
                writer.field(&Fault(failure.clone()));
            }
            Self::RedriveRequested => writer.byte(9),
            Self::Resumed => writer.byte(10),
            Self::GivenUp { failure } => {
                writer.byte(11);
                writer.field(&Fault(failure.clone()));
            }
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.byte()? {
            0 => Self::TaskStarted { attempt: reader.field()?, worker: reader.field()? },
            1 => Self::TaskSubmitted { attempt: reader.field()?, output: reader.field()? },
            2 => Self::TaskSucceeded { attempt: reader.field()?, output: reader.field()? },
            3 => Self::TaskFailed { attempt: reader.field()?, failure: reader.field::<Fault>()?.0 },
            4 => Self::TaskHeartbeat { attempt: reader.field()? },
            5 => Self::TimerFired { id: reader.field()? },
            6 => Self::ChildClosed { attempt: reader.field()?, result: Ok(reader.field()?) },
            7 => Self::ChildClosed { attempt: reader.field()?, result: Err(reader.field::<Fault>()?.0) },
            8 => Self::StopRequested { failure: reader.field::<Fault>()?.0 },
            9 => Self::RedriveRequested,
            10 => Self::Resumed,
            11 => Self::GivenUp { failure: reader.field::<Fault>()?.0 },
            tag => return Err(DecodeError::UnknownTag { what: "input", tag }),
        })
    }
}

impl Field for StartInput {
    fn encode(&self, writer: &mut Writer) {
        writer.number(SEMANTICS_VERSION);
        writer.field(&self.shard);
        writer.field(&self.number);
        writer.text(&self.arn.text());
        writer.text(&self.machine_arn.text());
        writer.field(&self.version_arn);
        writer.field(&self.alias_arn);
        writer.field(&self.role_arn);
        writer.field(&self.input);
        for byte in self.seed.iter().chain(&self.token_key.0) {
            writer.byte(*byte);
        }
        writer.byte(match self.kind {
            WorkflowType::Standard => 0,
            WorkflowType::Express => 1,
        });
        writer.field(&self.deadline);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.number()? > SEMANTICS_VERSION {
            return Err(DecodeError::Range("the version of the semantics"));
        }
        Ok(Self {
            shard: reader.field()?,
            number: reader.field()?,
            arn: reader.str()?.parse().map_err(|_| DecodeError::Range("an execution's ARN"))?,
            machine_arn: reader.str()?.parse().map_err(|_| DecodeError::Range("a state machine's ARN"))?,
            version_arn: reader.field::<Option<Arc<str>>>()?,
            alias_arn: reader.field::<Option<Arc<str>>>()?,
            role_arn: reader.field()?,
            input: reader.field()?,
            seed: secret(reader)?,
            token_key: TokenKey(secret(reader)?),
            kind: match reader.byte()? {
                0 => WorkflowType::Standard,
                1 => WorkflowType::Express,
                tag => return Err(DecodeError::UnknownTag { what: "workflow type", tag }),
            },
            deadline: reader.field()?,
        })
    }
}

fn secret(reader: &mut Reader<'_>) -> Result<[u8; 32], DecodeError> {
    let mut secret = [0; 32];
    for byte in &mut secret {
        *byte = reader.byte()?;
    }
    Ok(secret)
}
