//! Who is calling: account, region and principal of a request, and whether it may speak to this server at all.
//!
//! Two questions, in this order:
//!
//! 1. [`Authenticator::admit`]: may this request be answered? In open mode no credentials are checked, so a web
//!    page that a developer happens to visit must not be able to drive the server: see [`guard`].
//! 2. [`Authenticator::authenticate`]: on whose behalf? The answer is a [`CallContext`], which every later step
//!    carries.
//!
//! Not here: what a principal may do, and the check of a signature. The second has its one place in
//! [`Authenticator::authenticate`]; until it stands there, only open mode exists, and only on loopback
//! ([`check_listen`]).

#![forbid(unsafe_code)]

mod context;
pub mod guard;
pub mod sigv4;

pub use context::{CallContext, Principal, RequestId};
pub use guard::{AdmitError, AllowedHost, ListenError, check_listen};

use http::request::Parts;
use sigv4::CredentialScope;
use stepwell_types::{AccountId, Region};

/// Open development mode: any credentials pass, and none are needed.
///
/// By default the account follows the access key and only loopback names are answered.
#[derive(Clone, Debug, Default)]
pub struct OpenMode {
    /// The account of every request; `None` takes it from the access key.
    pub account: Option<AccountId>,
    /// Hosts that are answered besides loopback and `localhost`.
    pub allowed_hosts: Vec<AllowedHost>,
}

/// Decides who a request comes from.
#[derive(Clone, Debug)]
pub struct Authenticator {
    open: OpenMode,
}

impl Authenticator {
    /// An authenticator in open development mode.
    #[must_use]
    pub fn open(open: OpenMode) -> Self {
        Self { open }
    }

    /// Whether this request may be answered, judged by its `Host` and `Origin`.
    ///
    /// # Errors
    /// [`AdmitError`]; the answer is 403, whatever else the request says.
    pub fn admit(&self, request: &Parts) -> Result<(), AdmitError> {
        guard::admit(&self.open.allowed_hosts, request)
    }

    /// Who is calling, from the credential scope of the request's signature.
    ///
    /// The account is the configured one, else the access key if that is twelve digits, else `000000000000`. The
    /// region is the scope's, else `us-east-1`. A header that is no signature, or a damaged one, counts as none:
    /// open mode refuses nobody for their credentials.
    #[must_use]
    pub fn authenticate(&self, request: &Parts, request_id: RequestId) -> Caller {
        let scope = CredentialScope::of(request);
        let key_account = scope.as_ref().and_then(|scope| scope.access_key.parse().ok());
        let context = CallContext {
            account: self.open.account.or(key_account).unwrap_or(AccountId::DEFAULT),
            region: scope.as_ref().and_then(|scope| Region::new(&scope.region).ok()).unwrap_or_default(),
            principal: scope
                .as_ref()
                .map_or(Principal::Anonymous, |scope| Principal::AccessKey(scope.access_key.as_str().into())),
            request_id,
        };
        Caller { context, service: scope.map(|scope| scope.service) }
    }
}

/// A caller, and the service that the signature was made for.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Account, region, principal, request id.
    pub context: CallContext,
    /// The service name in the credential scope (`states`, `lambda`, …); lower case, not checked against any list.
    pub service: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&str, &str)], uri: &str) -> Parts {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// `account region principal service` of an `Authorization` header.
    #[track_caller]
    fn check(configured: Option<&str>, authorization: &str, expected: &str) {
        let account = configured.map(|account| account.parse().unwrap());
        let authenticator = Authenticator::open(OpenMode { account, allowed_hosts: Vec::new() });
        let head = head(&[("authorization", authorization)], "/");
        let Caller { context, service } = authenticator.authenticate(&head, RequestId::new());
        let principal = match &context.principal {
            Principal::Anonymous => "-",
            Principal::AccessKey(key) => key,
        };
        let service = service.as_deref().unwrap_or("-");
        assert_eq!(format!("{} {} {principal} {service}", context.account, context.region), expected);
    }

    fn signed(key: &str, scope: &str) -> String {
        format!("AWS4-HMAC-SHA256 Credential={key}/20260101/{scope}, SignedHeaders=host, Signature=00")
    }

    #[test]
    fn an_unsigned_request_is_anonymous() {
        check(None, "", "000000000000 us-east-1 - -");
        check(Some("000000000042"), "", "000000000042 us-east-1 - -");
        check(None, "Basic dXNlcjpwYXNz", "000000000000 us-east-1 - -");
    }

    #[test]
    fn the_scope_names_region_and_service() {
        let header = signed("AKIDEXAMPLE", "eu-central-1/states/aws4_request");
        check(None, &header, "000000000000 eu-central-1 AKIDEXAMPLE states");
    }

    #[test]
    fn twelve_digits_are_an_account() {
        let header = signed("000000000042", "us-east-1/lambda/aws4_request");
        check(None, &header, "000000000042 us-east-1 000000000042 lambda");
        check(Some("000000000007"), &header, "000000000007 us-east-1 000000000042 lambda");
        let header = signed("0000000000042", "us-east-1/lambda/aws4_request");
        check(None, &header, "000000000000 us-east-1 0000000000042 lambda");
    }

    #[test]
    fn a_region_that_is_none_becomes_the_default() {
        check(None, &signed("AK", "US_EAST/states/aws4_request"), "000000000000 us-east-1 AK states");
    }
}
