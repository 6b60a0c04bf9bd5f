//! Which service a request is meant for, and in which protocol it wants its answer.
//!
//! A request says so in up to three ways: `X-Amz-Target` (JSON protocols), the service in its credential scope, its
//! path. Only Step Functions, Lambda and one call of STS are served; everybody else gets a clear refusal in the
//! form that their SDK can read.

use crate::wire::Protocol;
use http::header::CONTENT_TYPE;
use http::request::Parts;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Step Functions, with what follows `AWSStepFunctions.` in `X-Amz-Target`, if anything does.
    States(Option<String>),
    /// Lambda; the path says what.
    Lambda,
    /// A query protocol without a target: the body's `Action` says what, perhaps of STS.
    Query,
    /// A service that Stepwell is not, by the name that people know.
    Elsewhere(String, Protocol),
    /// Nothing of AWS: a person or a probe.
    Nothing,
}

const TARGET_HEADER: &str = "x-amz-target";
const STATES_PREFIX: &str = "AWSStepFunctions";
/// Characters of a service's name that are repeated to the caller.
const NAME_CHARS_MAX: usize = 60;

impl Target {
    /// Looks at target, scope and path, in this order.
    pub(crate) fn of(request: &Parts, signed_for: Option<&str>) -> Self {
        if let Some(target) = request.headers.get(TARGET_HEADER) {
            let target = String::from_utf8_lossy(target.as_bytes());
            let (prefix, operation) = target.rsplit_once('.').unwrap_or((&target, ""));
            if prefix == STATES_PREFIX {
                return Self::States(Some(operation.to_owned()));
            }
            let service = signed_for.map_or_else(|| name_in_target(prefix), brand);
            return Self::Elsewhere(service, json_version(request));
        }
        match signed_for {
            Some("states") => return Self::States(None),
            Some("lambda") => return Self::Lambda,
            Some("sts") => return Self::Query,
            Some("s3" | "s3express") => return Self::Elsewhere("S3".to_owned(), Protocol::RestXml),
            Some("ec2") => return Self::Elsewhere("EC2".to_owned(), Protocol::Ec2),
            // REST XML, whose errors are those of the query protocol.
            Some(service @ ("route53" | "cloudfront")) => {
                return Self::Elsewhere(brand(service), Protocol::Query);
            }
            Some(service) => {
                let protocol = if is_form(request) { Protocol::Query } else { Protocol::RestJson };
                return Self::Elsewhere(brand(service), protocol);
            }
            None => {}
        }
        if is_lambda_path(request.uri.path()) {
            Self::Lambda
        } else if is_form(request) || request.uri.query().is_some_and(|query| query.contains("Action=")) {
            Self::Query
        } else if content_type(request).is_some_and(|found| found.starts_with("application/x-amz-json")) {
            Self::States(None)
        } else {
            Self::Nothing
        }
    }
}

/// `/2015-03-31/functions…` and whatever other dated paths Lambda has.
fn is_lambda_path(path: &str) -> bool {
    let mut segments = path.trim_start_matches('/').splitn(3, '/');
    let (Some(date), Some(resource)) = (segments.next(), segments.next()) else { return false };
    let dated = date.len() == 10
        && date
            .bytes()
            .enumerate()
            .all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    dated && !resource.is_empty()
}

/// The content type without its parameters, in lower case.
pub(crate) fn content_type(request: &Parts) -> Option<String> {
    let header = String::from_utf8_lossy(request.headers.get(CONTENT_TYPE)?.as_bytes());
    let (essence, _) = header.split_once(';').unwrap_or((&header, ""));
    Some(essence.trim().to_ascii_lowercase())
}

fn is_form(request: &Parts) -> bool {
    content_type(request).is_some_and(|found| found == "application/x-www-form-urlencoded")
}

fn json_version(request: &Parts) -> Protocol {
    match content_type(request).as_deref() {
        Some("application/x-amz-json-1.1") => Protocol::Json11,
        _ => Protocol::Json10,
    }
}

/// The service in `DynamoDB_20120810`, `Logs_20140328`, `AmazonSQS`, `com.amazonaws.x.Service_2010`.
fn name_in_target(prefix: &str) -> String {
    let last = prefix.rsplit('.').next().unwrap_or(prefix);
    let (name, _) = last.split_once('_').unwrap_or((last, ""));
    match name {
        "AWSEvents" => "EventBridge".to_owned(),
        "Logs" => "CloudWatch Logs".to_owned(),
        "TrentService" => "KMS".to_owned(),
        "secretsmanager" => "Secrets Manager".to_owned(),
        "AmazonSSM" => "Systems Manager".to_owned(),
        name => {
            let bare = name.strip_prefix("Amazon").or_else(|| name.strip_prefix("AWS")).unwrap_or(name);
            shown(if bare.is_empty() { "this service" } else { bare })
        }
    }
}

/// The name by which people know a service, from its name in credential scopes.
fn brand(service: &str) -> String {
    let known = match service {
        "apigateway" => "API Gateway",
        "batch" => "Batch",
        "bedrock" => "Bedrock",
        "cloudfront" => "CloudFront",
        "cloudformation" => "CloudFormation",
        "cognito-idp" => "Cognito",
        "dynamodb" => "DynamoDB",
        "elasticfilesystem" => "EFS",
        "elasticmapreduce" => "EMR",
        "events" => "EventBridge",
        "execute-api" => "API Gateway",
        "firehose" => "Data Firehose",
        "glue" => "Glue",
        "kinesis" => "Kinesis",
        "logs" => "CloudWatch Logs",
        "monitoring" => "CloudWatch",
        "pipes" => "EventBridge Pipes",
        "route53" => "Route 53",
        "sagemaker" => "SageMaker",
        "scheduler" => "EventBridge Scheduler",
        "secretsmanager" => "Secrets Manager",
        "ssm" => "Systems Manager",
        "states" => "Step Functions",
        "lambda" => "Lambda",
        "xray" => "X-Ray",
        "" => "this service",
        // Most are abbreviations: SQS, SNS, IAM, KMS, ECS, ECR, RDS.
        other => return shown(&other.to_ascii_uppercase()),
    };
    known.to_owned()
}

/// A name from outside, fit for a message.
fn shown(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, headers: &[(&str, &str)], signed_for: Option<&str>) -> Target {
        let mut request = http::Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Target::of(&request.body(()).unwrap().into_parts().0, signed_for)
    }

    #[track_caller]
    fn check_target(target: &str, signed_for: Option<&str>, expected: Target) {
        assert_eq!(of("/", &[("x-amz-target", target)], signed_for), expected, "{target}");
    }

    fn elsewhere(name: &str, protocol: Protocol) -> Target {
        Target::Elsewhere(name.to_owned(), protocol)
    }

    #[test]
    fn targets() {
        check_target(
            "AWSStepFunctions.ListStateMachines",
            None,
            Target::States(Some("ListStateMachines".into())),
        );
        check_target("AWSStepFunctions.", Some("lambda"), Target::States(Some(String::new())));
        check_target("AWSStepFunctions", None, Target::States(Some(String::new())));
        check_target("AmazonSQS.SendMessage", None, elsewhere("SQS", Protocol::Json10));
        check_target("AmazonSQS.SendMessage", Some("sqs"), elsewhere("SQS", Protocol::Json10));
        check_target("DynamoDB_20120810.GetItem", None, elsewhere("DynamoDB", Protocol::Json10));
        check_target("TrentService.Encrypt", None, elsewhere("KMS", Protocol::Json10));
        check_target("", None, elsewhere("this service", Protocol::Json10));
        check_target("x<script>.y", None, elsewhere("x<script>", Protocol::Json10));
    }

    #[test]
    fn json_versions() {
        let headers = [("x-amz-target", "Logs_20140328.X"), ("content-type", "application/x-amz-json-1.1")];
        assert_eq!(of("/", &headers, None), elsewhere("CloudWatch Logs", Protocol::Json11));
    }

    #[test]
    fn credential_scopes() {
        assert_eq!(of("/", &[], Some("states")), Target::States(None));
        assert_eq!(of("/", &[], Some("lambda")), Target::Lambda);
        assert_eq!(of("/", &[], Some("sts")), Target::Query);
        assert_eq!(of("/bucket/key", &[], Some("s3")), elsewhere("S3", Protocol::RestXml));
        assert_eq!(of("/", &[], Some("ec2")), elsewhere("EC2", Protocol::Ec2));
        assert_eq!(of("/restapis", &[], Some("apigateway")), elsewhere("API Gateway", Protocol::RestJson));
        assert_eq!(
            of("/2013-04-01/hostedzone", &[], Some("route53")),
            elsewhere("Route 53", Protocol::Query)
        );
        assert_eq!(of("/v1/describejobqueues", &[], Some("batch")), elsewhere("Batch", Protocol::RestJson));
        let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        assert_eq!(of("/", &form, Some("sns")), elsewhere("SNS", Protocol::Query));
        assert_eq!(of("/", &form, None), Target::Query);
    }

    #[test]
    fn paths() {
        assert_eq!(of("/2015-03-31/functions/x", &[], None), Target::Lambda);
        assert_eq!(of("/2017-10-31/functions/x/concurrency", &[], None), Target::Lambda);
        assert_eq!(of("/?Action=GetCallerIdentity", &[], None), Target::Query);
        for path in [
            "/",
            "/favicon.ico",
            "/2015-03-31",
            "/2015-03-31/",
            "/20150331/functions",
            "/2015x03-31/functions",
        ] {
            assert_eq!(of(path, &[], None), Target::Nothing, "{path}");
        }
    }
}
