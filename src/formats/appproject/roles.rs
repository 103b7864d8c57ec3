//! Roles of a project: what their policies let those do who have them.

use serde_json::Value;

use super::glob;

/// A policy of a role: `p, proj:PROJECT:ROLE, RESOURCE, ACTION, OBJECT, EFFECT`.
struct Policy<'p> {
    resource: &'p str,
    action: &'p str,
    object: &'p str,
    effect: &'p str,
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn parsed(line: &str) -> Option<(&str, Policy<'_>)> {
    let parts: Vec<&str> = line.split(',').map(str::trim).collect();
    match parts.as_slice() {
        ["p", subject, resource, action, object, effect] => {
            Some((*subject, Policy { resource, action, object, effect }))
        }
        _ => None,
    }
}

/// Whether a role of a project may do something with an object, such as `sync` with `PROJECT/APPLICATION`: a policy
/// allows it, and none denies it. Each may see the project itself.
///
/// # Errors
/// Why not.
pub fn is_role_permitted(
    project: &Value,
    role: &str,
    resource: &str,
    action: &str,
    object: &str,
) -> Result<(), String> {
    let named = text(&project["metadata"], "name");
    let roles = project["spec"]["roles"].as_array().into_iter().flatten();
    let found = roles.into_iter().find(|found| text(found, "name") == role);
    let found = found.ok_or_else(|| format!("role '{role}' does not exist in project '{named}'"))?;
    if resource == "projects" && action == "get" && object == named {
        return Ok(());
    }
    let subject = format!("proj:{named}:{role}");
    let fits = |pattern: &str, value: &str| glob::matches(pattern, value, None);
    let mut allowing = None;
    for line in found["policies"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let Some((_, policy)) = parsed(line).filter(|(own, _)| *own == subject) else { continue };
        if fits(policy.resource, resource) && fits(policy.action, action) && fits(policy.object, object) {
            match policy.effect {
                "deny" => return Err(format!("its policy '{line}' denies it")),
                _ => allowing = allowing.or(Some(line)),
            }
        }
    }
    allowing.map(|_| ()).ok_or_else(|| format!("no policy of role '{role}' allows it"))
}

/// Resources that a project's policies may speak of.
const RESOURCES: [&str; 6] = ["applications", "applicationsets", "logs", "exec", "clusters", "repositories"];
/// What they may let do.
const ACTIONS: [&str; 8] = ["get", "create", "update", "delete", "sync", "override", "rollback", "*"];

/// What is wrong with a policy, in the words of Argo CD.
pub fn fault(project: &str, role: &str, line: &str) -> Option<String> {
    let wrong = |why: String| Some(format!("invalid policy rule '{line}': {why}"));
    let Some((subject, policy)) = parsed(line) else {
        return wrong("must be of the form: 'p, sub, res, act, obj, eft'".to_owned());
    };
    let own = format!("proj:{project}:{role}");
    if subject != own {
        return wrong(format!("policy subject must be: '{own}', not '{subject}'"));
    }
    if !RESOURCES.contains(&policy.resource) {
        return wrong(format!(
            "project resource must be: 'applications', 'applicationsets', 'repositories', 'exec', 'logs' or \
             'clusters', not '{}'",
            policy.resource
        ));
    }
    let part = |prefix: &str| policy.action.contains(prefix);
    if !ACTIONS.contains(&policy.action) && !["action/", "update/", "delete/"].iter().any(|prefix| part(prefix)) {
        return wrong(format!("invalid action '{}'", policy.action));
    }
    let names: Option<Vec<&str>> = policy
        .object
        .strip_prefix(project)
        .and_then(|rest| rest.strip_prefix('/'))
        .map(|rest| rest.split('/').collect());
    let is_name =
        |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "*_-.".contains(c));
    if !names.is_some_and(|names| names.len() <= 2 && names.iter().all(is_name)) {
        return wrong(format!(
            "object must be of form '{project}/*', '{project}[/<NAMESPACE>]/<APPNAME>' or '{project}/<APPNAME>', not \
             '{}'",
            policy.object
        ));
    }
    if !matches!(policy.effect, "allow" | "deny") {
        return wrong("effect must be: 'allow' or 'deny'".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_that_denies_wins() {
        let project = json!({ "metadata": { "name": "pay" }, "spec": { "roles": [{ "name": "ci", "policies": [
            "p, proj:pay:ci, applications, sync, pay/*, allow",
            "p, proj:pay:ci, applications, *, pay/prod-*, deny",
        ] }] } });
        let may = |action: &str, object: &str| is_role_permitted(&project, "ci", "applications", action, object);
        assert_eq!(may("sync", "pay/dev-api"), Ok(()));
        assert!(may("sync", "pay/prod-api").unwrap_err().contains("denies it"));
        assert_eq!(may("delete", "pay/dev-api").unwrap_err(), "no policy of role 'ci' allows it");
        assert_eq!(is_role_permitted(&project, "ci", "projects", "get", "pay"), Ok(()));
        let gone = is_role_permitted(&project, "gone", "applications", "get", "pay/x");
        assert_eq!(gone.unwrap_err(), "role 'gone' does not exist in project 'pay'");
    }

    #[test]
    fn what_is_wrong_with_a_policy() {
        let wrong = |line: &str| fault("pay", "ci", line).unwrap_or_default();
        assert_eq!(wrong("p, proj:pay:ci, applications, sync, pay/*, allow"), "");
        assert!(wrong("p, proj:pay:ci, applications, sync, pay/*").contains("must be of the form"));
        assert!(wrong("p, proj:pay:other, applications, sync, pay/*, allow").contains("policy subject must be"));
        assert!(wrong("p, proj:pay:ci, secrets, sync, pay/*, allow").contains("project resource must be"));
        assert!(wrong("p, proj:pay:ci, applications, fly, pay/*, allow").contains("invalid action 'fly'"));
        assert!(wrong("p, proj:pay:ci, applications, sync, other/*, allow").contains("object must be of form"));
        assert!(wrong("p, proj:pay:ci, applications, sync, pay/*, maybe").contains("effect must be"));
    }
}
