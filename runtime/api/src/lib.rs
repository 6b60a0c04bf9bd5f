//! The AWS protocols of Step Functions and Lambda, and plain HTTP at /v1.
