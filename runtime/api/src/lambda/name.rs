//! How a caller may name a function: `name`, `name:qualifier`, `account:function:name`, or a whole ARN, each with a
//! qualifier beside it.

use crate::error::ApiError;
use crate::generated::lambda::LambdaError;
use stepwell_engine::Scope;
use stepwell_types::{FunctionArn, FunctionQualifier};

/// The function that a name means for this caller.
///
/// # Errors
/// `InvalidParameterValueException` for a name that means none, or two qualifiers that differ.
pub(crate) fn resolve(scope: &Scope, name: &str, qualifier: Option<&str>) -> Result<FunctionArn, ApiError> {
    let invalid = || {
        let message = format!("Invalid function name or qualifier: {name}");
        ApiError::lambda(LambdaError::InvalidParameterValueException, message)
    };
    let mut arn: FunctionArn = if name.starts_with("arn:") {
        name.parse().map_err(|_| invalid())?
    } else {
        partial(scope, name).ok_or_else(invalid)?
    };
    if let Some(qualifier) = qualifier {
        let qualifier: FunctionQualifier = qualifier.parse().map_err(|_| invalid())?;
        if arn.qualifier.as_ref().is_some_and(|named| *named != qualifier) {
            return Err(ApiError::lambda(
                LambdaError::InvalidParameterValueException,
                "The derived qualifier from the function name does not match the specified qualifier.",
            ));
        }
        arn.qualifier = Some(qualifier);
    }
    Ok(arn)
}

fn partial(scope: &Scope, text: &str) -> Option<FunctionArn> {
    let (mut account, mut region) = (scope.account, scope.region.clone());
    let mut rest = text;
    if let Some((owner, name)) = text.split_once(":function:") {
        rest = name;
        match owner.split_once(':') {
            None => account = owner.parse().ok()?,
            Some((named_region, owner)) => {
                region = named_region.parse().ok()?;
                account = owner.parse().ok()?;
            }
        }
    } else if let Some(name) = text.strip_prefix("function:") {
        rest = name;
    }
    let (name, qualifier) = match rest.split_once(':') {
        None => (rest, None),
        Some((name, qualifier)) => (name, Some(qualifier.parse().ok()?)),
    };
    Some(FunctionArn { region, account, name: FunctionArn::check_name(name).ok()?, qualifier })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_types::Region;

    #[track_caller]
    fn check(name: &str, qualifier: Option<&str>, expected: &str) {
        let scope = Scope { account: "000000000042".parse().unwrap(), region: Region::default() };
        let found =
            resolve(&scope, name, qualifier).map_or_else(|error| error.message, |arn| arn.to_string());
        assert_eq!(found, expected);
    }

    #[test]
    fn names() {
        const ARN: &str = "arn:aws:lambda:us-east-1:000000000042:function:pack";
        for name in [
            "pack",
            "function:pack",
            "000000000042:function:pack",
            "us-east-1:000000000042:function:pack",
            "arn:aws:lambda:us-east-1:000000000042:function:pack",
        ] {
            check(name, None, ARN);
            check(name, Some("3"), &format!("{ARN}:3"));
            check(&format!("{name}:$LATEST"), None, &format!("{ARN}:$LATEST"));
            check(&format!("{name}:live"), Some("live"), &format!("{ARN}:live"));
        }
        check("000000000007:function:pack", None, "arn:aws:lambda:us-east-1:000000000007:function:pack");
    }

    #[test]
    fn no_names() {
        for bad in ["", "a b", "a:", "a:b:c", "arn:aws:states:x", "42:function:pack", ":function:a"] {
            check(bad, None, &format!("Invalid function name or qualifier: {bad}"));
        }
        check(
            "pack:1",
            Some("2"),
            "The derived qualifier from the function name does not match the specified qualifier.",
        );
    }
}
