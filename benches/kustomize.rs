//! What a kustomization costs: 50 services as a base, 200 objects with their config maps, and an overlay that touches all of
//! them, from memory. `cargo bench --bench kustomize`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use idp_run::error::Result;
use idp_run::formats::kustomize::{Files, build};

/// Services of the base; each has four objects.
const SERVICES: usize = 50;
/// Builds that are measured.
const TIMES: usize = 200;

struct Memory(HashMap<String, Arc<[u8]>>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>> {
        Ok(self.0.get(path).cloned())
    }
}

fn main() {
    let files = files();
    let began = Instant::now();
    let objects = build("prod", &files).unwrap().len();
    let first = began.elapsed();
    assert_eq!(objects, 4 * SERVICES);
    let once = |_| {
        let began = Instant::now();
        build("prod", &files).unwrap();
        began.elapsed()
    };
    let mut times: Vec<Duration> = (0..TIMES).map(once).collect();
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!("{:<40} {:>9} {:>9} {:>9}  goal", "figure", "first", "median", "95 %");
    let (median, most) = (times[TIMES / 2], times[TIMES * 95 / 100]);
    println!(
        "{objects} objects, base and overlay {:>16.1} ms {:>6.1} ms {:>6.1} ms  20 ms",
        ms(first),
        ms(median),
        ms(most)
    );
}

fn files() -> Memory {
    let mut files = HashMap::new();
    let mut add = |path: &str, text: String| drop(files.insert(path.to_string(), text.into_bytes().into()));
    let (mut resources, mut generators) = (String::new(), String::new());
    for number in 0..SERVICES {
        let name = format!("s{number}");
        add(&format!("base/{name}.yaml"), SERVICE.replace("NAME", &name));
        resources.push_str(&format!("- {name}.yaml\n"));
        generators.push_str(&format!("- {{name: {name}, literals: [a=b, c=d]}}\n"));
    }
    add("base/kustomization.yaml", format!("resources:\n{resources}configMapGenerator:\n{generators}"));
    add("prod/kustomization.yaml", OVERLAY.to_string());
    Memory(files)
}

const OVERLAY: &str = r#"
resources: [../base]
namespace: prod
namePrefix: p-
commonLabels: {env: prod}
commonAnnotations: {owner: team}
images: [{name: ghcr.io/shop/s1, newTag: "2"}, {name: ghcr.io/shop/s2, newTag: "3"}]
replicas: [{name: s3, count: 4}]
patches:
- target: {kind: Deployment}
  patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: any}
    spec: {template: {spec: {containers: [{name: main, securityContext: {runAsNonRoot: true}}]}}}
- target: {kind: Service, name: s1.*}
  patch: |
    - {op: add, path: /metadata/annotations/a, value: b}
"#;

const SERVICE: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, labels: {app: NAME}}
spec:
  replicas: 1
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      serviceAccountName: NAME
      containers:
      - name: main
        image: ghcr.io/shop/NAME:1.0
        ports: [{containerPort: 8080, name: http}]
        env: [{name: A, value: "1"}, {name: B, valueFrom: {configMapKeyRef: {name: NAME, key: a}}}]
        envFrom: [{configMapRef: {name: NAME}}]
        resources: {limits: {cpu: 500m, memory: 256Mi}, requests: {cpu: 100m, memory: 128Mi}}
      volumes: [{name: v, configMap: {name: NAME}}]
---
{apiVersion: v1, kind: Service, metadata: {name: NAME}, spec: {selector: {app: NAME}, ports: [{port: 80, targetPort: http}]}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: NAME}}
"#;
