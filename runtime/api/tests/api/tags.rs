//! Tags of state machines and of functions.

use crate::support::{Answer, Bench, FUNCTION, MACHINE, PASS, ROLE, function_request};
use serde_json::{Value, json};

pub(crate) async fn list_tags_for_resource(bench: &Bench) {
    let tags = json!([{"key": "team", "value": "a"}, {"key": "empty", "value": ""}]);
    let request = json!({"name": "m", "definition": PASS, "roleArn": ROLE, "tags": tags});
    bench.states("CreateStateMachine", request).await.ok();
    let arn = format!("{MACHINE}:m");
    let answer = bench.states("ListTagsForResource", json!({"resourceArn": arn})).await;
    assert_eq!(answer.ok(), json!({"tags": tags}));
    for absent in [format!("{MACHINE}:absent"), "arn:aws:states:us-east-1:000000000000:activity:a".to_owned()]
    {
        let message = format!("Resource not found: '{absent}'");
        let answer = bench.states("ListTagsForResource", json!({"resourceArn": absent})).await;
        answer.refused(400, "ResourceNotFound", &message);
    }
}

pub(crate) async fn tag_resource(bench: &Bench) {
    let arn = bench.machine("m", PASS, "STANDARD").await;
    let described = bench.states("DescribeStateMachine", json!({"stateMachineArn": arn})).await.ok();
    let tag =
        async |tags: Value| bench.states("TagResource", json!({"resourceArn": arn, "tags": tags})).await;
    let tags = async || bench.states("ListTagsForResource", json!({"resourceArn": arn})).await.ok();
    // Recorded: the same tag twice is one.
    let once = json!({"key": "key1", "value": "value1"});
    assert_eq!(tag(json!([once, once])).await.ok(), json!({}));
    assert_eq!(tags().await, json!({"tags": [once]}));
    tag(json!([{"key": "b", "value": ""}, {"key": "key1", "value": "2"}])).await.ok();
    let expected = json!({"tags": [{"key": "key1", "value": "2"}, {"key": "b", "value": ""}]});
    assert_eq!(tags().await, expected);
    tag(json!([])).await.ok();

    let many = |count: usize| (0..count).map(|at| json!({"key": format!("k{at}")})).collect::<Vec<_>>();
    let message = "Too many tags: a resource may have 50";
    let answer = tag(json!(many(49))).await;
    answer.refused(400, "TooManyTags", message);
    assert_eq!(answer.json()["resourceName"], arn.as_str());
    let request = json!({"name": "n", "definition": PASS, "roleArn": ROLE, "tags": many(51)});
    bench.states("CreateStateMachine", request).await.refused(400, "TooManyTags", message);
    let message = "aws: prefixed tag key names are not allowed for external use: aws:x";
    tag(json!([{"key": "aws:x", "value": ""}])).await.refused(400, "ValidationException", message);
    let message = "1 validation error detected: Value '' at 'tags.1.member.key' failed to satisfy constraint: \
                   Member must have length greater than or equal to 1";
    tag(json!([{"key": "", "value": ""}])).await.refused(400, "ValidationException", message);
    assert_eq!(tags().await, expected, "nothing is taken by half");

    // Recorded: versions have no tags.
    for absent in [format!("{MACHINE}:m:1"), format!("{MACHINE}:absent")] {
        let message = format!("Resource not found: '{absent}'");
        let request = json!({"resourceArn": absent, "tags": []});
        bench.states("TagResource", request).await.refused(400, "ResourceNotFound", &message);
    }
    let key = |at: usize| format!("together{at}");
    let together = (0..6).map(|at| tag(json!([{"key": key(at), "value": ""}])));
    for answer in futures_util::future::join_all(together).await {
        answer.ok();
    }
    let tagged = tags().await.to_string();
    assert!((0..6).all(|at| tagged.contains(&key(at))), "nobody's tag is lost: {tagged}");
    let answer = bench.states("TagResource", json!({"resourceArn": "x", "tags": []})).await;
    answer.refused(400, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'");
    let again = bench.states("DescribeStateMachine", json!({"stateMachineArn": arn})).await.ok();
    assert_eq!(again, described, "tags make no revision");
}

pub(crate) async fn untag_resource(bench: &Bench) {
    let tags = json!([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]);
    let request = json!({"name": "m", "definition": PASS, "roleArn": ROLE, "tags": tags});
    bench.states("CreateStateMachine", request).await.ok();
    let arn = format!("{MACHINE}:m");
    let untag =
        async |keys: Value| bench.states("UntagResource", json!({"resourceArn": arn, "tagKeys": keys})).await;
    let tags = async || bench.states("ListTagsForResource", json!({"resourceArn": arn})).await.ok();
    assert_eq!(untag(json!([])).await.ok(), json!({}));
    untag(json!(["a", "absent", "a"])).await.ok();
    assert_eq!(tags().await, json!({"tags": [{"key": "b", "value": "2"}]}));
    untag(json!(["b"])).await.ok();
    assert_eq!(tags().await, json!({"tags": []}));
    let absent = format!("{MACHINE}:absent");
    let answer = bench.states("UntagResource", json!({"resourceArn": absent, "tagKeys": ["a"]})).await;
    answer.refused(400, "ResourceNotFound", &format!("Resource not found: '{absent}'"));
}

/// A call of Lambda below `/2017-03-31/tags`.
async fn call(bench: &Bench, method: &str, arn: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    bench.request(method, &format!("/2017-03-31/tags/{}", arn.replace(':', "%3A")), &[], body).await
}

async fn tags_of(bench: &Bench, arn: &str) -> Value {
    call(bench, "GET", arn, &Value::Null).await.ok()["Tags"].clone()
}

const QUALIFIED: &str =
    "Tags on function aliases and versions are not supported. Please specify a function ARN.";

pub(crate) async fn list_tags(bench: &Bench) {
    let mut request = function_request("f", "echo");
    request["Tags"] = json!({"team": "a", "empty": ""});
    bench.lambda("POST", "", request.to_string()).await.ok();
    assert_eq!(tags_of(bench, &format!("{FUNCTION}:f")).await, json!({"empty": "", "team": "a"}));
    bench.function("bare", "echo").await.ok();
    assert_eq!(tags_of(bench, &format!("{FUNCTION}:bare")).await, json!({}));
    let refused = async |arn: &str, status: u16, code: &str, message: &str| {
        call(bench, "GET", arn, &Value::Null).await.refused(status, code, message);
    };
    let absent = format!("{FUNCTION}:absent");
    let message = format!("Function not found: {absent}");
    refused(&absent, 404, "ResourceNotFoundException", &message).await;
    refused(&format!("{FUNCTION}:f:1"), 400, "InvalidParameterValueException", QUALIFIED).await;
    let other = "arn:aws:lambda:us-east-1:000000000007:function:f";
    refused(other, 404, "ResourceNotFoundException", &format!("Function not found: {other}")).await;
    let mapping =
        "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-0000-0000-000000000000";
    let message = format!("The resource you requested does not exist: {mapping}");
    refused(mapping, 404, "ResourceNotFoundException", &message).await;
    let answer = call(bench, "GET", "f", &Value::Null).await;
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), (400, "ValidationException"));
}

pub(crate) async fn tag_function(bench: &Bench) {
    bench.function("f", "spin").await.ok();
    let arn = format!("{FUNCTION}:f");
    let tag = async |tags: Value| call(bench, "POST", &arn, &json!({ "Tags": tags })).await;
    let answer = tag(json!({"stepwell:fuel": "1000000", "team": "a"})).await;
    assert_eq!((answer.status, answer.text()), (204, ""));
    let invoked = async |name: &str| {
        let invoked = bench.lambda("POST", &format!("/{name}/invocations"), "{}").await.json();
        format!("{}: {}", invoked["errorType"].as_str().unwrap(), invoked["errorMessage"].as_str().unwrap())
    };
    let stopped = invoked("f").await;
    assert!(stopped.starts_with("Runtime.OutOfFuel: ") && stopped.contains("1000000"), "{stopped}");
    // A version keeps what the tags said when it was published; the tags that are shown are the function's.
    bench.lambda("POST", "/f/versions", "{}").await.ok();
    let before = bench.lambda("GET", "/f/configuration", "").await.ok();
    tag(json!({"stepwell:fuel": "2000000"})).await;
    assert!(invoked("f").await.contains("2000000"));
    assert!(invoked("f:1").await.contains("1000000"));
    let shown = bench.lambda("GET", "/f?Qualifier=1", "").await.ok();
    assert_eq!(shown["Tags"], json!({"stepwell:fuel": "2000000", "team": "a"}));
    let after = bench.lambda("GET", "/f/configuration", "").await.ok();
    assert_eq!(after, before, "tags are no change of code or settings");
    // Other tags say something else now, so that this is another version.
    assert_eq!(bench.lambda("POST", "/f/versions", "{}").await.ok()["Version"], "2");

    let refused = async |tags: Value, message: &str| {
        tag(tags.clone()).await.refused(400, "InvalidParameterValueException", message);
        let mut request = function_request("g", "echo");
        request["Tags"] = tags;
        let created = bench.lambda("POST", "", request.to_string()).await;
        created.refused(400, "InvalidParameterValueException", message);
    };
    refused(json!({"stepwell:fuel": "0"}), "Tag stepwell:fuel needs a positive number, not '0'").await;
    let message = "Tag stepwell:fule is not known; Stepwell reads stepwell:fuel, stepwell:on-crash and \
                   stepwell:grants";
    refused(json!({"stepwell:fule": "1"}), message).await;
    let message = "Tag stepwell:grants: 'files' is not known; there is tcp:IP:PORT";
    refused(json!({"stepwell:grants": "files"}), message).await;
    let many: Value =
        (0..51).map(|at| (format!("k{at}"), json!(""))).collect::<serde_json::Map<_, _>>().into();
    refused(many, "Number of tags exceeds resource tag limit.").await;
    let message = "aws: prefixed tag key names are not allowed for external use: aws:x";
    refused(json!({"aws:x": ""}), message).await;
    refused(json!({"": ""}), "A tag key has 1 to 128 characters, not 0.").await;
    let message = "The value of tag k has 257 characters, of at most 256.";
    refused(json!({"k": "v".repeat(257)}), message).await;
    let message = "An error occurred and the request cannot be processed.";
    tag(json!({})).await.refused(400, "InvalidParameterValueException", message);
    let message = "1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must \
                   not be null";
    call(bench, "POST", &arn, &json!({})).await.refused(400, "ValidationException", message);
    let answer = call(bench, "POST", &format!("{arn}:$LATEST"), &json!({"Tags": {"a": "b"}})).await;
    answer.refused(400, "InvalidParameterValueException", QUALIFIED);
    assert_eq!(tags_of(bench, &arn).await, json!({"stepwell:fuel": "2000000", "team": "a"}));
    let key = |at: usize| format!("together{at}");
    let together =
        (0..6).map(|at| tag([(key(at), json!(""))].into_iter().collect::<serde_json::Map<_, _>>().into()));
    for answer in futures_util::future::join_all(together).await {
        assert_eq!(answer.status, 204, "{}", answer.text());
    }
    let tagged = tags_of(bench, &arn).await.to_string();
    assert!((0..6).all(|at| tagged.contains(&key(at))), "nobody's tag is lost: {tagged}");
}

pub(crate) async fn untag_function(bench: &Bench) {
    let mut request = function_request("f", "spin");
    request["Tags"] = json!({"stepwell:fuel": "1000000", "a b&c": "1", "stays": ""});
    request["Timeout"] = json!(1);
    bench.lambda("POST", "", request.to_string()).await.ok();
    let arn = format!("{FUNCTION}:f");
    let untag = async |query: &str| {
        let uri = format!("/2017-03-31/tags/{arn}{query}");
        bench.request("DELETE", &uri, &[], "").await
    };
    let answer = untag("?tagKeys=a+b%26c&tagKeys=stepwell%3Afuel&tagKeys=absent").await;
    assert_eq!((answer.status, answer.text()), (204, ""));
    assert_eq!(tags_of(bench, &arn).await, json!({"stays": ""}));
    let invoked = bench.lambda("POST", "/f/invocations", "{}").await.json();
    assert_eq!(invoked["errorType"], "Sandbox.Timedout", "{invoked}");
    let message = "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must \
                   not be null";
    untag("").await.refused(400, "ValidationException", message);
}
