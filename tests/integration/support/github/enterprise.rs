//! The proxy as a GitHub Enterprise Server: REST is below `/api/v3`, GraphQL at `/api/graphql`, and nowhere else.

use super::http::{Answer, Request};

/// Where REST is.
pub const REST: &str = "/api/v3";

/// Where GraphQL is.
const GRAPHQL: &str = "/api/graphql";

/// The request as github.com has it; an error for what no such server knows.
pub fn within(mut request: Request) -> Result<Request, String> {
    request.target = match request.target.strip_prefix(REST) {
        Some(below) if below.starts_with('/') && below.split('?').next() != Some("/graphql") => below.to_owned(),
        _ if request.target == GRAPHQL => "/graphql".to_owned(),
        _ => return Err(format!("{} {}: GitHub Enterprise has REST below {REST}", request.method, request.target)),
    };
    Ok(request)
}

/// The answer with the places that it names as such a server names them.
pub fn without(mut answer: Answer, url: &str) -> Answer {
    for name in ["link", "location"] {
        if let Some(text) = answer.header(name).map(|text| text.replace(&format!("{url}/"), &format!("{url}{REST}/"))) {
            answer = answer.with(name, &text);
        }
    }
    answer
}

#[test]
fn what_is_elsewhere_is_refused() {
    let within = |target: &str| super::enterprise::within(Request::get(target)).map(|request| request.target);
    assert_eq!(within("/api/v3/repos/acme/a?per_page=1"), Ok("/repos/acme/a?per_page=1".to_owned()));
    assert_eq!(within("/api/graphql"), Ok("/graphql".to_owned()));
    for elsewhere in ["/repos/acme/a", "/graphql", "/api/v3/graphql", "/api/v3", "/api/v3x/repos", "/api/repos/acme/a"]
    {
        assert!(within(elsewhere).is_err(), "{elsewhere}");
    }
}
