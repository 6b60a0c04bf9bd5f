//! `guest-examples/workflows/`, within this binary: definitions, components, inputs, expected outputs.

use crate::manifest::Files;

macro_rules! path {
    ($file:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../guest-examples/workflows/", $file)
    };
}

macro_rules! text {
    ($file:literal) => {
        include_str!(path!($file))
    };
}

macro_rules! file {
    ($file:literal) => {
        ($file, include_bytes!(path!($file)) as &[u8])
    };
}

/// What is deployed.
pub(super) const MANIFEST: &str = text!("stepwell.toml");

/// The answer to the approval.
pub(super) const DECISION: &str = text!("approval.decision.json");

/// The order's input.
pub(super) const ORDER_INPUT: &str = text!("order.input.json");

/// What becomes of the order.
pub(super) const ORDER_EXPECTED: &str = text!("order.expected.json");

/// The files that the manifest names.
pub(super) const FILES: Files = Files::Embedded(&[
    file!("order.asl.json"),
    file!("approval.asl.json"),
    file!("etl.asl.json"),
    file!("../built/validate-order.wasm"),
    file!("../built/reserve-stock.wasm"),
    file!("../built/charge-payment.wasm"),
    file!("../built/refund-payment.wasm"),
    file!("../built/ship-order.wasm"),
    file!("../built/issue-invoice.wasm"),
    file!("../built/notify-customer.wasm"),
    file!("../built/request-approval.wasm"),
    file!("../built/settle-approval.wasm"),
    file!("../built/extract-records.wasm"),
    file!("../built/transform-record.wasm"),
    file!("../built/aggregate-records.wasm"),
]);

/// An execution of the demo.
pub(super) struct Run {
    /// What it shows.
    pub(super) title: &'static str,
    /// The execution's name.
    pub(super) name: &'static str,
    /// The state machine's name.
    pub(super) machine: &'static str,
    /// Its input.
    pub(super) input: &'static str,
    /// Its output, if all is as it should be.
    pub(super) expected: &'static str,
}

/// The executions of the demo, started in this order.
pub(super) const RUNS: &[Run] = &[
    Run {
        title: "An order: its payment fails twice and is retried, its lines are reserved side by side",
        name: "order",
        machine: "order",
        input: ORDER_INPUT,
        expected: ORDER_EXPECTED,
    },
    Run {
        title: "An order whose payment is declined: caught, and what was reserved is given back",
        name: "order-declined",
        machine: "order",
        input: text!("order-declined.input.json"),
        expected: text!("order-declined.expected.json"),
    },
    Run {
        title: "An order that cannot be shipped: caught in a Parallel state, and refunded",
        name: "order-unshippable",
        machine: "order",
        input: text!("order-unshippable.input.json"),
        expected: text!("order-unshippable.expected.json"),
    },
    Run {
        title: "An approval: waits for a person, who answers with a task token",
        name: "approval",
        machine: "approval",
        input: text!("approval.input.json"),
        expected: text!("approval.expected.json"),
    },
    Run {
        title: "An ETL run: 1,000 records, each in a sandbox of its own",
        name: "etl",
        machine: "etl",
        input: text!("etl.input.json"),
        expected: text!("etl.expected.json"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    #[test]
    fn every_file_of_the_manifest_is_embedded() {
        let manifest = Manifest::parse("t", MANIFEST).unwrap();
        for function in manifest.functions.values() {
            assert!(FILES.read(&function.wasm).unwrap().starts_with(b"\0asm"), "{}", function.wasm);
        }
        for machine in manifest.machines.values() {
            assert!(FILES.read_text(&machine.file).unwrap().contains("StartAt"), "{}", machine.file);
        }
        for run in RUNS {
            assert!(manifest.machines.contains_key(run.machine), "{}", run.machine);
        }
    }
}
