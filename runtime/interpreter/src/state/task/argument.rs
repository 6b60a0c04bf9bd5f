//! What `lambda:invoke` takes, checked before an attempt is scheduled.

use stepwell_types::Value;

/// Arguments that are texts. Source: AWS, the API's parameters that Step Functions supports.
const TEXTS: &[&str] = &["ClientContext", "FunctionName", "InvocationType", "LogType", "Qualifier"];

/// What is wrong with the arguments, in AWS's words (seen there for a wrong type; for the others as it words them when
/// a definition is created); empty where there is nothing.
pub(super) fn faults(arguments: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if arguments.get("FunctionName").is_none() {
        faults.push("The field 'FunctionName' is required but was missing".to_owned());
    }
    for (name, value) in arguments.as_object().into_iter().flat_map(|fields| fields.iter()) {
        if TEXTS.contains(&&**name) {
            if value.as_str().is_none() {
                faults.push(format!("The value for the field '{name}' must be a STRING"));
            }
        } else if &**name != "Payload" {
            faults.push(format!("The field \"{name}\" is not supported by Step Functions"));
        }
    }
    faults
}
