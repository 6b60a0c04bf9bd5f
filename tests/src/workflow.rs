//! The example workflows: their definitions with functions in place, their inputs and results.

use serde_json::Value;

fn read(file: &str) -> String {
    let path = crate::repository().join("guest-examples/workflows").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The functions that a definition names, in the order of their first mention. Each is a component of that name.
#[must_use]
pub fn functions(definition: &str) -> Vec<String> {
    let mut functions: Vec<String> = Vec::new();
    for part in definition.split("${").skip(1) {
        if let Some((name, _)) = part.split_once('}')
            && !functions.iter().any(|known| known == name)
        {
            functions.push(name.to_owned());
        }
    }
    functions
}

/// A workflow's definition as it is kept.
///
/// # Panics
/// If there is none of this name.
#[must_use]
pub fn template(name: &str) -> String {
    read(&format!("{name}.asl.json"))
}

/// A workflow's definition with `${Name}` replaced by the function's ARN.
///
/// # Panics
/// If there is none of this name.
#[must_use]
pub fn definition(name: &str) -> String {
    let mut text = template(name);
    for function in functions(&text) {
        let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{function}");
        text = text.replace(&format!("${{{function}}}"), &arn);
    }
    text
}

/// A file of a workflow: `order.input`, `order.expected`.
///
/// # Panics
/// If there is none of this name.
#[must_use]
pub fn value(name: &str) -> Value {
    serde_json::from_str(&read(&format!("{name}.json"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}
