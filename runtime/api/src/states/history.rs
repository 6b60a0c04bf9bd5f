//! An execution's history.

use crate::error::ApiError;
use crate::generated::states::{GetExecutionHistoryInput, GetExecutionHistoryOutput};
use crate::operation::Call;
use crate::states::page;
use stepwell_engine::execution::HistoryOrder;
use stepwell_history::{ExecutionData, TimestampFormat};
use stepwell_types::ExecutionArn;

pub(crate) async fn get(
    call: Call,
    input: GetExecutionHistoryInput,
) -> Result<GetExecutionHistoryOutput, ApiError> {
    let arn: ExecutionArn = input.execution_arn.parse()?;
    let order = match input.reverse_order {
        Some(true) => HistoryOrder::NewestFirst,
        None | Some(false) => HistoryOrder::OldestFirst,
    };
    let data = match input.include_execution_data {
        Some(false) => ExecutionData::Omit,
        None | Some(true) => ExecutionData::Include,
    };
    let page = page(input.max_results, input.next_token.as_deref());
    let history = call.engine.execution_history(&call.scope, &arn, order, &page).await?;
    Ok(GetExecutionHistoryOutput {
        events: history
            .events
            .iter()
            .map(|event| event.render(TimestampFormat::EpochSeconds, data))
            .collect(),
        next_token: history.next_token.map(Into::into),
    })
}
