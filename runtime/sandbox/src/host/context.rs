//! `stepwell:task/context`: what this invocation is.

use super::Guest;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentNamedList, Lift, Linker, LinkerInstance, Lower};

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    let mut context = linker.instance("stepwell:task/context@0.1.0")?;
    answer(&mut context, "invocation-id", |guest| guest.request.invocation_id.to_string())?;
    answer(&mut context, "execution-arn", |guest| guest.request.execution_arn.as_deref().map(str::to_owned))?;
    answer(&mut context, "attempt", |guest| guest.request.attempt)?;
    answer(&mut context, "deadline-unix-ms", |guest| {
        let deadline = guest.started_at.after(guest.request.limits.timeout);
        u64::try_from(deadline.as_millis()).unwrap_or(0)
    })?;
    answer(&mut context, "idempotency-key", |guest| guest.request.idempotency_key.to_string())?;
    answer(&mut context, "function-name", |guest| guest.request.function.name.to_string())?;
    answer(&mut context, "function-version", |guest| guest.request.function.version.to_string())?;
    answer(&mut context, "memory-limit-bytes", |guest| guest.request.limits.memory_bytes)
}

fn answer<R>(
    instance: &mut LinkerInstance<'_, Guest>,
    name: &str,
    read: impl Fn(&Guest) -> R + Send + Sync + 'static,
) -> wasmtime::Result<()>
where
    (R,): ComponentNamedList + Lift + Lower + 'static,
{
    instance.func_wrap(name, move |mut store: StoreContextMut<'_, Guest>, (): ()| {
        store.data_mut().host_calls += 1;
        Ok((read(store.data()),))
    })
}
