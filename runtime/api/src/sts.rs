//! STS, as far as every tool calls it before it does anything else: who am I?

use crate::error::ApiError;
use crate::generated::sts::{GetCallerIdentityResponse, KNOWN_OPERATIONS};
use crate::wire::{Protocol, xml_text};
use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::ACCEPT;
use http::request::Parts;
use serde_json::json;
use stepwell_auth::{CallContext, Principal};

/// Version of the API and name space of its answers.
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Whether this is an action of STS.
pub(crate) fn knows(action: &str) -> bool {
    KNOWN_OPERATIONS.iter().any(|known| known.name == action)
}

/// Answers an action: `GetCallerIdentity`, and nothing else yet.
pub(crate) fn call(context: &CallContext, request: &Parts, action: &str) -> Result<Response, ApiError> {
    match action {
        "GetCallerIdentity" => Ok(caller_identity(context, wants_json(request))),
        known if knows(known) => Err(ApiError::not_served(&format!("{known} of STS"))),
        _ => Err(ApiError::invalid_action("Could not find this operation for version 2011-06-15")),
    }
}

fn wants_json(request: &Parts) -> Form {
    let accepts =
        |value: &http::HeaderValue| value.to_str().is_ok_and(|value| value.contains("application/json"));
    if request.headers.get_all(ACCEPT).iter().any(accepts) { Form::Json } else { Form::Xml }
}

enum Form {
    Json,
    Xml,
}

fn caller_identity(context: &CallContext, form: Form) -> Response {
    let identity = identity(context);
    let request_id = context.request_id;
    match form {
        Form::Json => {
            let body = json!({
                "GetCallerIdentityResponse": {
                    "GetCallerIdentityResult": identity,
                    "ResponseMetadata": { "RequestId": request_id.to_string() },
                }
            });
            Protocol::RestJson.answer(StatusCode::OK, Body::from(body.to_string()), request_id)
        }
        Form::Xml => {
            let text = |value: &Option<std::sync::Arc<str>>| xml_text(value.as_deref().unwrap_or_default());
            let body = format!(
                "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult><Arn>{}</Arn>\
                 <UserId>{}</UserId><Account>{}</Account></GetCallerIdentityResult><ResponseMetadata>\
                 <RequestId>{request_id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>",
                text(&identity.arn),
                text(&identity.user_id),
                text(&identity.account),
            );
            Protocol::Query.answer(StatusCode::OK, Body::from(body), request_id)
        }
    }
}

/// Open mode knows no users: everybody is their account's root.
fn identity(context: &CallContext) -> GetCallerIdentityResponse {
    let account = context.account;
    let user_id = match &context.principal {
        Principal::Anonymous => account.to_string().into(),
        Principal::AccessKey(key) => key.clone(),
    };
    GetCallerIdentityResponse {
        user_id: Some(user_id),
        account: Some(account.to_string().into()),
        arn: Some(format!("arn:aws:iam::{account}:root").into()),
    }
}
