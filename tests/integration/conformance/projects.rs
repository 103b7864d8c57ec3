//! Cases of Argo CD's AppProjects: is a source or destination permitted, and is a project's own account one.

use idp_run::formats::appproject::{self, Destination};
use serde_json::{Value, json};

use super::{cases, conclude};

/// A destination with the names that YAML has for its fields; the cases have those of Go.
fn destination(of_go: &Value) -> Value {
    json!({ "server": of_go["Server"], "name": of_go["Name"], "namespace": of_go["Namespace"] })
}

fn is_permitted(case: &Value) -> Result<(), String> {
    if !case["projSources"].is_null() {
        let project = json!({ "spec": { "sourceRepos": case["projSources"] } });
        return appproject::is_source_permitted(&project, case["appSource"].as_str().unwrap_or_default());
    }
    let destinations: Vec<Value> = case["projDest"].as_array().into_iter().flatten().map(destination).collect();
    let project = json!({ "spec": { "destinations": destinations } });
    let text = |field: &str| case["appDest"][field].as_str().unwrap_or_default();
    let asked = Destination { server: text("Server"), name: text("Name"), namespace: text("Namespace") };
    appproject::is_destination_permitted(&project, asked)
}

fn met(case: &Value) -> Result<(), String> {
    let Some(expected) = case["expectedErrMsg"].as_str() else {
        let result = is_permitted(case);
        return if result.is_ok() == (case["isPermitted"] == true) { Ok(()) } else { Err(format!("{result:?}")) };
    };
    let account = ["server", "namespace", "defaultServiceAccount"].map(|field| (field.to_owned(), case[field].clone()));
    let account: serde_json::Map<String, Value> = account.into_iter().collect();
    let faults = appproject::faults(&json!({ "spec": { "destinationServiceAccounts": [account] } }));
    let fits = match faults.first() {
        Some(fault) => fault.message == expected,
        None => expected.is_empty(),
    };
    if fits { Ok(()) } else { Err(format!("{faults:?}")) }
}

#[test]
fn projects() {
    let Some(cases) = cases("appproject_permissions.jsonl") else { return };
    let (mut count, mut failed) = (0, Vec::new());
    for (number, line) in cases.iter().enumerate() {
        match met(&line["case"]) {
            Ok(()) => count += 1,
            Err(found) => failed.push(format!("line {} {} {found}", number + 1, line["test"])),
        }
    }
    conclude("appproject_permissions", count, &failed, &[]);
}
