//! From a function over types or texts to the one that the component exports.

use crate::{Result, TaskError};
use alloc::string::String;
use core::any::type_name;
use serde::{Serialize, de::DeserializeOwned};

/// The name of the failure where an event does not fit the handler's type.
const INVALID_EVENT: &str = "Task.InvalidEvent";
/// The name of the failure where a result has no JSON form.
const INVALID_OUTPUT: &str = "Task.InvalidOutput";

/// Make a function over typed JSON the task of this component.
///
/// `handler!(f)` takes any `fn(E) -> Result<T, X>` where `E` is read from JSON, `T` is written as JSON, and `X` becomes a
/// [`TaskError`]. An event that does not fit `E` fails with `Task.InvalidEvent`; a result that has no JSON form (a map
/// whose keys are no texts, say) with `Task.InvalidOutput`. Once in a crate.
#[macro_export]
macro_rules! handler {
    ($handler:path) => {
        $crate::__export_handler!(|event| $crate::private::json(event, $handler));
    };
}

/// Make a function over texts the task of this component.
///
/// `raw_handler!(f)` takes any `fn(String) -> Result<String, X>`. The event is a JSON text; the result has to be one, and
/// goes out untouched. Once in a crate.
#[macro_export]
macro_rules! raw_handler {
    ($handler:path) => {
        $crate::__export_handler!(|event| $crate::private::raw(event, $handler));
    };
}

/// The component's export, and the section that tells tools its world.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_handler {
    (|$event:ident| $body:expr) => {
        // Items have no hygiene: any plain name here would hide a handler of that name from `$body`.
        const _: () = {
            // Not only for wasm: a native build should find the same type errors.
            #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "only a component exports it"))]
            fn __stepwell_run($event: $crate::private::String) -> $crate::Result<$crate::private::String> {
                $body
            }

            #[cfg(target_arch = "wasm32")]
            #[used]
            #[unsafe(link_section = "component-type:stepwell:task/function")]
            static __STEPWELL_WORLD: [u8; $crate::abi::WORLD.len()] = *$crate::abi::WORLD;

            #[cfg(target_arch = "wasm32")]
            #[unsafe(export_name = "handle")]
            unsafe extern "C" fn __stepwell_handle(
                event: *mut u8,
                length: usize,
            ) -> *mut $crate::abi::Return {
                // SAFETY: only the host calls this, with an event that it lowered through `cabi_realloc`.
                unsafe { $crate::abi::handle(__stepwell_run, event, length) }
            }

            #[cfg(target_arch = "wasm32")]
            #[unsafe(export_name = "cabi_post_handle")]
            unsafe extern "C" fn __stepwell_post_handle(returned: *mut $crate::abi::Return) {
                // SAFETY: only the host calls this, once, with what `handle` returned.
                unsafe { $crate::abi::post_handle(returned) }
            }
        };
    };
}

/// Run a handler over typed JSON.
///
/// # Errors
/// Those of the handler; `Task.InvalidEvent` and `Task.InvalidOutput`.
pub fn json<E, T, X>(event: String, handler: impl FnOnce(E) -> Result<T, X>) -> Result<String>
where
    E: DeserializeOwned,
    T: Serialize,
    X: Into<TaskError>,
{
    let event = serde_json::from_str(&event).map_err(|error| {
        TaskError::new(INVALID_EVENT, format_args!("the event does not fit `{}`: {error}", short::<E>()))
    })?;
    let output = handler(event).map_err(Into::into)?;
    serde_json::to_string(&output).map_err(|error| {
        TaskError::new(INVALID_OUTPUT, format_args!("`{}` has no JSON form: {error}", short::<T>()))
    })
}

/// Run a handler over texts.
///
/// # Errors
/// Those of the handler.
pub fn raw<X: Into<TaskError>>(
    event: String,
    handler: impl FnOnce(String) -> Result<String, X>,
) -> Result<String> {
    handler(event).map_err(Into::into)
}

/// A type's name without its path, for messages.
fn short<T>() -> &'static str {
    let name = type_name::<T>();
    let path = name.split('<').next().unwrap_or(name).len();
    match name[..path].rfind("::") {
        Some(colons) => &name[colons + 2..],
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{collections::BTreeMap, string::ToString, vec::Vec};
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Order {
        quantity: u32,
    }

    #[track_caller]
    fn check(event: &str, want: Result<&str>) {
        let double = |order: Order| -> Result<u32> { Ok(order.quantity * 2) };
        assert_eq!(json(event.to_string(), double), want.map(ToString::to_string));
    }

    #[test]
    fn types_in_and_out() {
        check(r#"{"quantity": 3, "note": null}"#, Ok("6"));
    }
    #[test]
    fn event_of_another_shape() {
        let cause = "the event does not fit `Order`: missing field `quantity` at line 1 column 2";
        check("{}", Err(TaskError::new("Task.InvalidEvent", cause)));
    }
    #[test]
    fn output_without_json_form() {
        let failed =
            json(String::from("1"), |key: u8| -> Result<_> { Ok(BTreeMap::from([(Vec::from([key]), key)])) });
        let cause = "`BTreeMap<alloc::vec::Vec<u8>, u8>` has no JSON form: key must be a string";
        assert_eq!(failed, Err(TaskError::new("Task.InvalidOutput", cause)));
    }
    #[test]
    fn texts_pass_untouched() {
        let event = "{ \"a\" : 1.0 }";
        assert_eq!(raw(event.to_string(), |event| -> Result<_> { Ok(event) }).as_deref(), Ok(event));
    }
}
