//! How GitHub fails, in its own words, as <https://docs.github.com/rest> and its answers have it.

use serde_json::json;

use super::http::Answer;

/// The token is wrong or revoked.
pub fn unauthorized() -> Answer {
    Answer::error(401, "Bad credentials")
}

/// The token may not do that; GitHub names what would be needed, such as `administration=write`.
pub fn forbidden(needed: &str) -> Answer {
    Answer::error(403, "Resource not accessible by personal access token").with("x-accepted-github-permissions", needed)
}

/// The organisation wants the token to be authorised for single sign-on.
pub fn single_sign_on() -> Answer {
    let message = "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.";
    Answer::error(403, message)
        .with("x-github-sso", "required; url=https://github.com/orgs/acme/sso?authorization_request=A")
}

/// The hour's requests are used up until then, in seconds since 1970.
pub fn limit_reached(status: u16, until: u64) -> Answer {
    Answer::error(status, "API rate limit exceeded for user ID 1.")
        .with("x-ratelimit-limit", "5000")
        .with("x-ratelimit-remaining", "0")
        .with("x-ratelimit-reset", &until.to_string())
}

/// Too much in a short time; for how many seconds to wait may be said.
pub fn too_fast(status: u16, wait: Option<u64>) -> Answer {
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let answer = Answer::error(status, message);
    wait.map_or(answer.clone(), |seconds| answer.with("retry-after", &seconds.to_string()))
}

/// GraphQL's way to say that a limit is used up: 200, with the error in the body.
pub fn query_limit(wait: Option<u64>) -> Answer {
    let errors = json!([{ "type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1." }]);
    let answer = Answer { checked: false, ..Answer::json(200, &json!({ "data": null, "errors": errors })) };
    wait.map_or(answer.clone(), |seconds| answer.with("retry-after", &seconds.to_string()))
}

/// The repository was renamed: it is at its number.
pub fn moved(url: &str, id: u64) -> Answer {
    let at = format!("{url}/repositories/{id}");
    let body =
        json!({ "message": "Moved Permanently", "url": at, "documentation_url": "https://docs.github.com/rest" });
    Answer::json(301, &body).with("location", &at)
}

/// A merge or a branch that changed meanwhile.
pub fn conflict(message: &str) -> Answer {
    Answer::error(409, message)
}

/// One field is refused.
pub fn invalid(resource: &str, field: &str, message: &str) -> Answer {
    let errors = json!([{ "resource": resource, "field": field, "code": "custom", "message": message }]);
    let url = "https://docs.github.com/rest";
    Answer::json(
        422,
        &json!({ "message": "Validation Failed", "errors": errors, "documentation_url": url, "status": "422" }),
    )
}

/// GitHub itself is in trouble: a page, no JSON.
pub fn unicorn(status: u16) -> Answer {
    Answer::raw(status, "<!DOCTYPE html><title>Unicorn! &middot; GitHub</title>")
}
