//! The AWS protocols of Step Functions and Lambda, and plain HTTP at /v1, on one port.
//!
//! A request passes `shared`'s guard, is matched to an operation (`service`, `states`, `lambda`, `sts`,
//! `v1`), decoded against the generated tables (`schema`, `generated`), answered by the engine, encoded.
//! Handlers do nothing else: decode, call, encode. What can go wrong becomes a code and a status in `error`.
//!
//! Not here: how anything is done (`stepwell-engine`), who is calling (`stepwell-auth`).
//!
//! INVARIANT: no request, whatever it holds, makes a handler panic or an answer that is not in its protocol's form.

#![forbid(unsafe_code)]

mod aws;
mod body;
mod error;
mod generated;
mod lambda;
mod metrics;
mod operation;
mod query;
pub mod ready;
mod schema;
pub mod serve;
mod service;
mod shared;
mod states;
mod sts;
mod v1;
mod wire;

pub use ready::{Phase, Readiness};
pub use serve::{ServeLimits, serve};
pub use shared::{Api, Ending};

use axum::Router;
use axum::routing::get;

/// The operations that are served, as `service:Operation`.
#[must_use]
pub fn operations() -> Vec<String> {
    let states = states::OPERATIONS.iter().map(|row| format!("states:{}", row.name));
    let lambda = lambda::OPERATIONS.iter().map(|row| format!("lambda:{}", row.name));
    states.chain(lambda).chain(["sts:GetCallerIdentity".to_owned()]).collect()
}

impl Api {
    /// The routes of the one port.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/healthz", get(ready::healthz))
            .route("/readyz", get(ready::readyz))
            .route("/metrics", get(metrics::metrics))
            .nest("/v1", v1::routes())
            // Also what no route has, which `admit` hands to the AWS side.
            .layer(axum::middleware::from_fn_with_state(self.clone(), shared::admit))
            .with_state(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::{Kind, Shape};
    use std::collections::HashSet;

    /// Visits every pattern below a shape.
    fn patterns(shape: &'static Shape, seen: &mut HashSet<*const Shape>, found: &mut HashSet<&'static str>) {
        if !seen.insert(shape) {
            return;
        }
        match &shape.kind {
            Kind::Text { pattern, .. } => {
                found.insert(*pattern);
            }
            Kind::List { member, .. } => patterns(member, seen, found),
            Kind::Map { key, value, .. } => {
                patterns(key, seen, found);
                patterns(value, seen, found);
            }
            Kind::Structure(members) => members.iter().for_each(|member| patterns(member.shape, seen, found)),
            Kind::Integer { .. } | Kind::Float { .. } | Kind::Boolean | Kind::Timestamp | Kind::Blob => {}
        }
    }

    #[test]
    fn every_pattern_of_the_models_compiles() {
        let (mut seen, mut found) = (HashSet::new(), HashSet::new());
        for row in crate::states::OPERATIONS.iter().chain(crate::lambda::OPERATIONS.iter()) {
            patterns(row.input, &mut seen, &mut found);
        }
        assert!(found.len() > 10, "{}", found.len());
        for pattern in found {
            assert!(crate::schema::check::compile(pattern).is_some(), "{pattern}");
        }
    }

    /// Texts that make a backtracking matcher slow, if anything does.
    #[test]
    fn no_pattern_is_slow() {
        let (mut seen, mut found) = (HashSet::new(), HashSet::new());
        for row in crate::states::OPERATIONS.iter().chain(crate::lambda::OPERATIONS.iter()) {
            patterns(row.input, &mut seen, &mut found);
        }
        let begin = std::time::Instant::now();
        for pattern in found {
            for text in ["a", "-", "aws", "a-", "arn:", "1:", "arn:aws:lambda:us-east-1:"] {
                crate::schema::check::matches(pattern, &(text.repeat(4_000 / text.len()) + "\u{0}"));
            }
        }
        assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    }
}
