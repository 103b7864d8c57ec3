//! What an ApplicationSet costs: 100 services by 100 clusters, a matrix with Go's templates, from parameters to checked
//! Applications, and the difference of two such renderings. `cargo bench --bench applicationset`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use idp_run::formats::applicationset::{Answer, Answers, Cluster, Policy, Settings, Source, differences, render};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

/// Services with a folder each, and clusters in two environments.
struct Platform {
    services: usize,
    clusters: usize,
}

impl Answers for Platform {
    fn directories(&self, _: Source<'_>) -> Answer<Vec<String>> {
        Ok((0..self.services).map(|number| format!("services/service-{number}/k8s")).collect())
    }

    fn clusters(&self) -> Answer<Vec<Cluster>> {
        let cluster = |number: usize| Cluster {
            name: format!("cluster-{number}"),
            server: format!("https://cluster-{number}.example.com"),
            labels: BTreeMap::from([
                ("env".to_owned(), if number.is_multiple_of(2) { "dev" } else { "prod" }.to_owned()),
                ("region".to_owned(), "eu-1".to_owned()),
            ]),
            ..Cluster::default()
        };
        Ok((0..self.clusters).map(cluster).collect())
    }

    fn has_project(&self, _: &str) -> Answer<bool> {
        Ok(true)
    }
}

fn set() -> Value {
    let git = json!({ "git": {
        "repoURL": "https://git.example.com/acme/services", "revision": "HEAD",
        "directories": [{ "path": "services/*/k8s" }],
    } });
    let clusters = json!({ "clusters": {
        "selector": { "matchExpressions": [{ "key": "env", "operator": "Exists" }] },
        "values": { "tier": "{{ if eq .metadata.labels.env \"prod\" }}gold{{ else }}tin{{ end }}" },
    } });
    json!({
        "metadata": { "name": "services", "namespace": "argocd" },
        "spec": {
            "goTemplate": true,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [{ "matrix": { "generators": [git, clusters] } }],
            "template": {
                "metadata": {
                    "name": "{{ index .path.segments 1 }}-{{ .name }}",
                    "labels": { "env": "{{ .metadata.labels.env }}", "tier": "{{ .values.tier }}" },
                    "annotations": { "region": "{{ .metadata.labels.region | upper }}" },
                },
                "spec": {
                    "project": "services",
                    "source": {
                        "repoURL": "https://git.example.com/acme/services",
                        "path": "{{ .path.path }}",
                        "targetRevision": "HEAD",
                        "kustomize": { "namePrefix": "{{ .metadata.labels.env | trunc 4 }}-" },
                    },
                    "destination": { "name": "{{ .name }}", "namespace": "{{ index .path.segments 1 }}" },
                    "syncPolicy": {
                        "automated": { "prune": true, "selfHeal": true }, "syncOptions": ["CreateNamespace=true"],
                    },
                },
            },
        },
    })
}

/// The greatest resident size so far, in MB.
fn resident() -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let kilobytes = getrusage(UsageWho::RUSAGE_SELF).unwrap().max_rss() as f64;
    kilobytes / 1024.0
}

/// The median of some runs.
fn median(times: usize, mut act: impl FnMut()) -> Duration {
    let mut walls: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            act();
            start.elapsed()
        })
        .collect();
    walls.sort();
    walls[times / 2]
}

fn main() {
    let set = set();
    let before = resident();
    let platform = Platform { services: 100, clusters: 100 };
    let rendering = render(&set, &platform, &Settings::default());
    assert_eq!(
        (rendering.applications.len(), rendering.problems.len()),
        (10_000, 0),
        "{:?}",
        rendering.problems.first()
    );
    println!("{:<52} {:>9.0} MB  goal 100 MB", "10,000 Applications, resident", resident() - before);
    let wall = median(5, || drop(render(&set, &platform, &Settings::default())));
    println!("{:<52} {:>9.0} ms  goal 1,000 ms", "10,000 Applications", wall.as_secs_f64() * 1e3);

    let fewer = Platform { services: 99, clusters: 100 };
    let then = render(&set, &fewer, &Settings::default());
    let now: Vec<&Value> = rendering.applications.iter().map(|made| &made.application).collect();
    let then: Vec<&Value> = then.applications.iter().map(|made| &made.application).collect();
    let wall = median(5, || assert_eq!(differences(&then, &now, &Policy::of(&set)).added.len(), 100));
    println!("{:<52} {:>9.1} ms", "their difference to 9,900", wall.as_secs_f64() * 1e3);

    let small = Platform { services: 10, clusters: 4 };
    let wall = median(5, || {
        for _ in 0..50 {
            let (before, after) =
                (render(&set, &small, &Settings::default()), render(&set, &small, &Settings::default()));
            assert_eq!(before.applications.len(), after.applications.len());
        }
    });
    println!(
        "{:<52} {:>9.0} ms  goal 300 ms",
        "50 sets of 40 Applications, before and after",
        wall.as_secs_f64() * 1e3
    );
}
