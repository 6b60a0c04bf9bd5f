//! STS, services that are not served, and what is no call of AWS at all.

use crate::support::Bench;
use serde_json::json;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");

fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=000000000042/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, \
         Signature=00"
    )
}

pub(crate) async fn get_caller_identity(bench: &Bench) {
    let signature = signed("sts");
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let headers = [("authorization", signature.as_str()), FORM];
    let answer = bench.request("POST", "/", &headers, body).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/xml;charset=UTF-8"));
    let id = answer.header("x-amzn-requestid");
    assert_eq!(
        answer.text(),
        format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::000000000042:root</Arn><UserId>000000000042</UserId><Account>000000000042</Account>\
             </GetCallerIdentityResult><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\
             </GetCallerIdentityResponse>"
        )
    );
    let answer = bench.request("POST", "/", &[FORM, ("accept", "application/json")], body).await;
    let result = &answer.json()["GetCallerIdentityResponse"]["GetCallerIdentityResult"];
    assert_eq!(result["Account"], "000000000000");
    let answer = bench.request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", &[], "").await;
    assert!(answer.text().contains("<Account>000000000000</Account>"), "{}", answer.text());

    let other = bench.request("POST", "/", &headers, "Action=AssumeRole").await;
    assert!(
        other.text().contains("<Message>Stepwell does not serve AssumeRole of STS</Message>"),
        "{}",
        other.text()
    );
    let unknown = bench.request("POST", "/", &headers, "Action=Nothing").await;
    assert!(unknown.text().contains("<Code>InvalidAction</Code>"), "{}", unknown.text());
    let none = bench.request("POST", "/", &headers, "x=1").await;
    assert!(none.text().contains("<Code>InvalidAction</Code>"), "{}", none.text());
}

/// `status content-type body-fragment` of a call to another service.
#[track_caller]
fn hold(answer: &crate::support::Answer, content_type: &str, fragment: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (501, content_type));
    assert!(answer.text().contains(fragment), "{}", answer.text());
}

#[tokio::test]
async fn other_services_are_refused_in_their_own_form() {
    let bench = Bench::new().await;
    let call = async |service: &str, method: &str, uri: &str, headers: &[(&str, &str)]| {
        let signature = signed(service);
        let mut all = vec![("authorization", signature.as_str())];
        all.extend_from_slice(headers);
        bench.request(method, uri, &all, "").await
    };
    let json10 = [("x-amz-target", "AmazonSQS.SendMessage"), ("content-type", "application/x-amz-json-1.0")];
    hold(
        &call("sqs", "POST", "/", &json10).await,
        "application/x-amz-json-1.0",
        r#"{"__type":"NotImplemented","message":"Stepwell does not serve SQS"}"#,
    );
    let json11 =
        [("x-amz-target", "Logs_20140328.PutLogEvents"), ("content-type", "application/x-amz-json-1.1")];
    hold(
        &call("logs", "POST", "/", &json11).await,
        "application/x-amz-json-1.1",
        "does not serve CloudWatch Logs",
    );
    hold(
        &call("sns", "POST", "/", &[FORM]).await,
        "text/xml;charset=UTF-8",
        "<Code>NotImplemented</Code><Message>Stepwell does not serve SNS</Message>",
    );
    hold(&call("ec2", "POST", "/", &[FORM]).await, "text/xml;charset=UTF-8", "<Response><Errors><Error>");
    hold(
        &call("s3", "GET", "/bucket/key", &[]).await,
        "application/xml",
        "<Error><Code>NotImplemented</Code><Message>Stepwell does not serve S3</Message>",
    );
    hold(
        &call("apigateway", "GET", "/restapis", &[]).await,
        "application/json",
        "does not serve API Gateway",
    );
    // REST XML, and a path below our own.
    hold(
        &call("route53", "GET", "/2013-04-01/hostedzone", &[]).await,
        "text/xml;charset=UTF-8",
        "<ErrorResponse><Error><Type>Receiver</Type><Code>NotImplemented</Code><Message>Stepwell does not serve Route 53",
    );
    hold(
        &call("batch", "POST", "/v1/describejobqueues", &[]).await,
        "application/json",
        "does not serve Batch",
    );
}

#[tokio::test]
async fn operations_that_are_not_served_say_so() {
    let bench = Bench::new().await;
    let unknown = "UnknownOperationException";
    bench.states("CreateActivity", json!({})).await.refused(
        400,
        unknown,
        "Stepwell does not serve CreateActivity of Step Functions yet",
    );
    bench.states("Nothing", json!({})).await.refused(400, unknown, "Step Functions has no such operation");
    bench.states("", json!({})).await.refused(400, unknown, "Step Functions has no such operation");
    bench.lambda("GET", "/f/policy", "").await.refused(
        404,
        unknown,
        "Stepwell does not serve GetPolicy of Lambda yet",
    );
    bench.request("GET", "/2015-03-31/event-source-mappings", &[], "").await.refused(
        404,
        unknown,
        "Stepwell does not serve ListEventSourceMappings of Lambda yet",
    );
    bench.lambda("PATCH", "/f", "").await.refused(
        404,
        unknown,
        "Lambda has no operation with this method and path",
    );
}

#[tokio::test]
async fn what_is_no_call_of_aws() {
    let bench = Bench::new().await;
    assert!(bench.request("GET", "/", &[], "").await.text().contains("/v1"));
    assert_eq!(bench.request("HEAD", "/", &[], "").await.status, 200);
    assert_eq!(bench.request("POST", "/", &[], "{}").await.status, 403);
    assert_eq!(
        bench.request("GET", "/favicon.ico", &[], "").await.header("content-type"),
        "application/problem+json"
    );
    let options = bench.request("OPTIONS", "/", &[], "").await;
    assert_eq!((options.status, options.headers.contains_key("access-control-allow-origin")), (204, false));
    assert_eq!(bench.request("GET", "/healthz", &[], "").await.text(), "ok\n");
    assert_eq!(bench.request("GET", "/readyz", &[], "").await.status, 503);
    let metrics = bench.request("GET", "/metrics", &[], "").await;
    assert!(metrics.text().contains("stepwell_http_responses_total{class=\"5xx\"} 1"), "{}", metrics.text());
}
