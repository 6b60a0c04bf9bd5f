//! Lines for the function's log.

use crate::host;

/// How much a line matters, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// What happens in good order.
    Info,
    /// What somebody should look at some time.
    Warn,
    /// What went wrong.
    Error,
}

/// Append one line to the function's log. Never fails; the host drops what is past the invocation's log limit.
///
/// The macros [`trace!`](crate::trace), [`debug!`](crate::debug), [`info!`](crate::info), [`warn!`](crate::warn) and
/// [`error!`](crate::error) format first.
pub fn log(level: Level, message: &str) {
    host::log(level, message);
}

macro_rules! level_macro {
    ($dollar:tt $name:ident $level:ident $doc:literal) => {
        #[doc = $doc]
        #[macro_export]
        macro_rules! $name {
            ($dollar($argument:tt)+) => {
                $crate::log($crate::Level::$level, &$crate::private::format!($dollar($argument)+))
            };
        }
    };
}

level_macro!($ trace Trace "Log every step; takes what `format!` takes.");
level_macro!($ debug Debug "Log for whoever looks for a fault; takes what `format!` takes.");
level_macro!($ info Info "Log what happens in good order; takes what `format!` takes.");
level_macro!($ warn Warn "Log what somebody should look at some time; takes what `format!` takes.");
level_macro!($ error Error "Log what went wrong; takes what `format!` takes.");
