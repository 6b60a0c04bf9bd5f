//! JSONPath, payload templates and intrinsic functions as Step Functions has them.
