//! JSONata 2.0.6: exact, bounded, and as Step Functions has it.
