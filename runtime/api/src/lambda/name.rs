//! How a caller may name a function: `name`, `name:qualifier`, `account:function:name`, or a whole ARN, each with a
//! qualifier beside it.

use crate::error::ApiError;
use crate::generated::lambda::LambdaError;
use stepwell_engine::Scope;
use stepwell_types::{FunctionArn, FunctionQualifier};

/// Characters of a function's name. Source: AWS Lambda, `CreateFunction`.
const NAME_CHARS_MAX: usize = 64;

/// The function that a name means for this caller.
///
/// # Errors
/// `InvalidParameterValueException` for a name that means none, or two qualifiers that differ;
/// `ResourceNotFoundException` for a function of another region, whether or not it exists.
pub(crate) fn resolve(scope: &Scope, name: &str, qualifier: Option<&str>) -> Result<FunctionArn, ApiError> {
    let refuse = |message: String| ApiError::lambda(LambdaError::InvalidParameterValueException, message);
    let invalid = || refuse(format!("Invalid function name or qualifier: {name}"));
    let Parts { region, account, name: bare, qualifier: named } = Parts::of(name).ok_or_else(invalid)?;
    if bare.len() > NAME_CHARS_MAX {
        return Err(refuse(format!(
            "1 validation error detected: Value '{bare}' at 'functionName' failed to satisfy constraint: Member must have \
             length less than or equal to {NAME_CHARS_MAX}"
        )));
    }
    let region = region.map_or_else(|| Ok(scope.region.clone()), str::parse).map_err(|_| invalid())?;
    let account = account.map_or(Ok(scope.account), str::parse).map_err(|_| invalid())?;
    let parse = |qualifier: &str| qualifier.parse::<FunctionQualifier>().map_err(|_| invalid());
    let (named, qualifier) = (named.map(parse).transpose()?, qualifier.map(parse).transpose()?);
    if region != scope.region {
        let message =
            format!("Functions from '{region}' are not reachable in this region ('{}')", scope.region);
        return Err(ApiError::lambda(LambdaError::ResourceNotFoundException, message));
    }
    if let (Some(named), Some(qualifier)) = (&named, &qualifier)
        && named != qualifier
    {
        return Err(refuse(
            "The derived qualifier from the function name does not match the specified qualifier.".to_owned(),
        ));
    }
    let name = FunctionArn::check_name(bare).map_err(|_| invalid())?;
    Ok(FunctionArn { region, account, name, qualifier: qualifier.or(named) })
}

/// What a text names, not checked.
struct Parts<'a> {
    region: Option<&'a str>,
    account: Option<&'a str>,
    name: &'a str,
    qualifier: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix("arn:aws:lambda:").unwrap_or(text);
        let (region, account, rest) = match text.split_once(":function:") {
            Some((owner, rest)) => match owner.split_once(':') {
                None => (None, Some(owner), rest),
                Some((region, account)) => (Some(region), Some(account), rest),
            },
            None => (None, None, text.strip_prefix("function:").unwrap_or(text)),
        };
        let (name, qualifier) = match rest.split_once(':') {
            None => (rest, None),
            Some((name, qualifier)) => (name, Some(qualifier)),
        };
        Some(Self { region, account, name, qualifier }).filter(|parts| !parts.name.is_empty())
    }
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
        let longest = "n".repeat(64);
        check(&longest, None, &format!("arn:aws:lambda:us-east-1:000000000042:function:{longest}"));
        let alias = "a".repeat(128);
        check(&format!("pack:{alias}"), None, &format!("{ARN}:{alias}"));
    }

    #[test]
    fn no_names() {
        for bad in ["", "a b", "a:", "a:b:c", "arn:aws:states:x", "42:function:pack", ":function:a"] {
            check(bad, None, &format!("Invalid function name or qualifier: {bad}"));
        }
        let long = "n".repeat(65);
        check(
            &format!("function:{long}:3"),
            None,
            &format!(
                "1 validation error detected: Value '{long}' at 'functionName' failed to satisfy constraint: Member must \
                 have length less than or equal to 64"
            ),
        );
        check(
            "arn:aws:lambda:eu-west-1:000000000042:function:pack",
            None,
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
        );
        check(
            "pack:1",
            Some("2"),
            "The derived qualifier from the function name does not match the specified qualifier.",
        );
    }
}
