//! AWS Security Token Service, as modelled in botocore 1.43.11; written by `cargo xtask codegen`, not by hand.

use super::prelude::*;

pub(crate) static KNOWN_OPERATIONS: &[KnownOperation] = &[
    KnownOperation { name: "AssumeRole", method: "POST", uri: "/" },
    KnownOperation { name: "AssumeRoleWithSAML", method: "POST", uri: "/" },
    KnownOperation { name: "AssumeRoleWithWebIdentity", method: "POST", uri: "/" },
    KnownOperation { name: "AssumeRoot", method: "POST", uri: "/" },
    KnownOperation { name: "DecodeAuthorizationMessage", method: "POST", uri: "/" },
    KnownOperation { name: "GetAccessKeyInfo", method: "POST", uri: "/" },
    KnownOperation { name: "GetCallerIdentity", method: "POST", uri: "/" },
    KnownOperation { name: "GetDelegatedAccessToken", method: "POST", uri: "/" },
    KnownOperation { name: "GetFederationToken", method: "POST", uri: "/" },
    KnownOperation { name: "GetSessionToken", method: "POST", uri: "/" },
    KnownOperation { name: "GetWebIdentityToken", method: "POST", uri: "/" },
];

impl Operation for GetCallerIdentityRequest {
    const NAME: &'static str = "GetCallerIdentity";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &GET_CALLER_IDENTITY_REQUEST;
    type Output = GetCallerIdentityResponse;
}

static GET_CALLER_IDENTITY_REQUEST: Shape = structure("GetCallerIdentityRequest", &[]);

#[derive(Deserialize)]
pub(crate) struct GetCallerIdentityRequest {}
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetCallerIdentityResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arn: Option<Arc<str>>,
}
