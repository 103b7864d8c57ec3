//! Lists in pages with `Link` headers, as GitHub gives them.

use serde_json::Value;

use crate::support::github::http::{Answer, Request};

/// The page of a list that a request asks for.
pub fn page(request: &Request, all: &[Value]) -> Answer {
    let (part, links) = part(request, all.len());
    linked(unchecked(200, &Value::from(all[part].to_vec())), links)
}

/// The same within an object, such as `check_runs` with its `total_count`.
pub fn page_in(request: &Request, name: &str, all: &[Value]) -> Answer {
    let (part, links) = part(request, all.len());
    let body = serde_json::json!({ "total_count": all.len(), name: all[part].to_vec() });
    linked(unchecked(200, &body), links)
}

/// An answer with parts of the emulator's, which lack some of what GitHub promises.
pub fn unchecked(status: u16, body: &Value) -> Answer {
    Answer { checked: false, ..Answer::json(status, body) }
}

fn linked(answer: Answer, links: String) -> Answer {
    if links.is_empty() { answer } else { answer.with("link", &links) }
}

fn part(request: &Request, count: usize) -> (std::ops::Range<usize>, String) {
    let number =
        |name: &str, otherwise: usize| request.query(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (size, page) = (number("per_page", 30).clamp(1, 100), number("page", 1).max(1));
    let last = count.div_ceil(size).max(1);
    let host = request.header("host").unwrap_or("api.github.com");
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("page=")).collect();
    let link = |page: usize, name: &str| {
        let query: Vec<String> = kept.iter().map(|pair| (*pair).to_owned()).chain([format!("page={page}")]).collect();
        format!("<http://{host}{}?{}>; rel=\"{name}\"", request.path(), query.join("&"))
    };
    let mut links = Vec::new();
    if page > 1 {
        links.extend([link(page - 1, "prev"), link(1, "first")]);
    }
    if page < last {
        links.extend([link(page + 1, "next"), link(last, "last")]);
    }
    let start = (page - 1).saturating_mul(size).min(count);
    (start..(start + size).min(count), links.join(", "))
}
