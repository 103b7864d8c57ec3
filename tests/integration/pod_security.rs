//! The pack `pod-security` says of pods what upstream's evaluator says of them: at both levels, at every version, in its
//! words (tests/policies/pod-security/README.md). And what it says beside that: places, help, fixes, wrong parameters.

use std::collections::{BTreeMap, BTreeSet};

use idp_run::library::Library;
use idp_run::primitives::manifest::Manifest;
use idp_run::script::{Extras, Given, Pack, Progress, as_params};
use serde_json::{Value, json};

use crate::support::Workspace;

const LEVELS: [&str; 2] = ["baseline", "restricted"];

/// The newest minor version of the records; one more is asked for, and `latest`.
const NEWEST: u64 = 36;

struct Records {
    words: Vec<String>,
    pods: Vec<Value>,
}

impl Records {
    fn read() -> Records {
        let packed = include_bytes!("../policies/pod-security/pods.jsonl.gz");
        let bytes = miniz_oxide::inflate::decompress_to_vec(&packed[10..packed.len() - 8]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let mut lines = text.lines();
        let words = serde_json::from_str(lines.next().unwrap()).unwrap();
        Records { words, pods: lines.map(|line| serde_json::from_str(line).unwrap()).collect() }
    }

    /// What upstream says of a pod.
    fn said(&self, pod: &Value, level: &str, minor: u64) -> Vec<&str> {
        let stretches = pod[level].as_array().unwrap();
        let stretch = stretches.iter().rev().find(|stretch| stretch[0].as_u64().unwrap() <= minor).unwrap();
        let numbers = stretch[1].as_array().unwrap().iter();
        numbers.map(|number| self.words[usize::try_from(number.as_u64().unwrap()).unwrap()].as_str()).collect()
    }
}

/// Which control a message is about: what stands before the details, in the singular.
fn control(message: &str) -> String {
    message.split(" (").next().unwrap().replace("profiles", "profile")
}

/// Names, values and types in a message.
fn quoted(message: &str) -> BTreeSet<&str> {
    message.split('"').skip(1).step_by(2).collect()
}

/// Why two verdicts aren't the same, if they aren't.
fn difference(there: &[&str], here: &[String]) -> Option<String> {
    let mut by_control: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    here.iter().for_each(|message| by_control.entry(control(message)).or_default().push(message));
    let controls: BTreeMap<String, &str> = there.iter().map(|word| (control(word), *word)).collect();
    let same = by_control.keys().eq(controls.keys())
        && by_control.iter().all(|(control, messages)| match messages.as_slice() {
            [message] => controls[control] == *message,
            // Upstream says in one sentence what is here a finding for each field.
            messages => {
                let named: BTreeSet<&str> = messages.iter().flat_map(|message| quoted(message)).collect();
                quoted(controls[control]).is_subset(&named)
            }
        });
    (!same).then(|| format!("\n   there {there:?}\n   here  {here:?}"))
}

/// The messages of the pack by the name of the object.
fn messages(ws: &Workspace, file: &str, level: &str, version: &str) -> BTreeMap<String, Vec<String>> {
    let (level, version) = (format!("level={level}"), format!("version={version}"));
    let said =
        ws.idp(&["audit", file, "--with", "pod-security", "--output", "json", "--param", &level, "--param", &version]);
    assert!(matches!(said.status.code(), Some(0 | 3)), "{said}");
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in said.stdout.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        if event["type"] == "finding" {
            assert_eq!(event["level"], "deny", "{line}");
            assert!(event["policy"].as_str().unwrap().starts_with("pod-security/"), "{line}");
            let name = event["object"]["name"].as_str().unwrap().to_owned();
            found.entry(name).or_default().push(event["message"].as_str().unwrap().to_owned());
        }
    }
    found
}

/// Everything with `IDP_POD_SECURITY=all`; else upstream's own pods at the versions that they were made for, and each pod
/// made at random at one of the versions.
#[test]
fn verdicts_are_those_of_upstream() {
    let records = Records::read();
    let everything = std::env::var("IDP_POD_SECURITY").is_ok_and(|value| value == "all");
    let ws = Workspace::of(&[]);
    let (mut all, mut right, mut wrong, mut files) = (0, 0, Vec::new(), 0);
    for (at, level) in LEVELS.iter().enumerate() {
        for minor in 0..=NEWEST + 2 {
            // Beyond what is known, the newest rules count.
            let version = if minor == NEWEST + 2 { "latest".to_owned() } else { format!("1.{minor}") };
            let folder = format!("{level}/v{version}/");
            let asked: Vec<&Value> = records
                .pods
                .iter()
                .enumerate()
                .filter(|(number, pod)| match pod["files"].as_array() {
                    _ if everything => true,
                    Some(files) => files.iter().any(|file| file.as_str().unwrap().starts_with(&folder)),
                    None => (*number as u64 + at as u64) % (NEWEST + 3) == minor,
                })
                .map(|(_, pod)| pod)
                .collect();
            let mut text = String::new();
            for pod in &asked {
                let mut object = pod["object"].clone();
                object["metadata"]["name"] = pod["id"].clone();
                text += &format!("--- {object}\n");
                let own = pod["files"].as_array().into_iter().flatten();
                files += own.filter(|file| file.as_str().unwrap().starts_with(&folder)).count();
            }
            ws.write("pods.yaml", &text);
            let mut found = messages(&ws, "pods.yaml", level, &version);
            for pod in asked {
                all += 1;
                let id = pod["id"].as_str().unwrap();
                let here = found.remove(id).unwrap_or_default();
                match difference(&records.said(pod, level, minor), &here) {
                    None => right += 1,
                    Some(difference) => wrong.push(format!("{id} {level} {version}: {}{difference}", pod["object"])),
                }
            }
            assert!(found.is_empty(), "findings of nobody: {found:?}");
        }
    }
    println!("pod-security: {right} of {all}, {files} of them pods of upstream at the version they were made for");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(files == 4241 && all > 12_000, "{files} of {all}");
}

const BROKEN: &str = "\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: report
spec:
  schedule: '@daily'
  jobTemplate:
    spec:
      template:
        metadata:
          annotations:
            container.apparmor.security.beta.kubernetes.io/report: unconfined
        spec:
          hostPID: true
          securityContext:
            seLinuxOptions: { role: r }
            sysctls: [{ name: kernel.msgmax, value: '1' }]
          volumes:
            - name: scratch
            - name: data
              hostPath: { path: / }
          initContainers:
            - name: init
              image: a:1
              restartPolicy: Always
              startupProbe: { tcpSocket: { port: 80, host: other } }
              securityContext:
                allowPrivilegeEscalation: false
                runAsUser: 0
                capabilities: { drop: [ALL], add: [NET_BIND_SERVICE, CHOWN] }
          containers:
            - name: report
              image: a:1
              ports: [{ containerPort: 80, hostPort: 80 }]
              securityContext:
                privileged: true
                procMount: Unmasked
                windowsOptions: { hostProcess: true }
";

fn findings_of(text: &str, level: &str, version: &str) -> Vec<String> {
    let ws = Workspace::of(&[("pod.yaml", text)]);
    let (level, version) = (format!("level={level}"), format!("version={version}"));
    let with =
        ["audit", "pod.yaml", "--with", "pod-security", "--output", "json", "--param", &level, "--param", &version];
    let said = ws.idp(&with);
    let events = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = events.filter(|event| event["type"] == "finding").map(|event| {
        assert!(!text(&event["help"]).is_empty(), "{event}");
        let rule = text(&event["policy"]).replace("pod-security/", "");
        format!("{}:{} {} {rule} {}", event["line"], event["column"], text(&event["severity"]), text(&event["path"]))
    });
    found.collect()
}

#[test]
fn findings_stand_at_the_fields_that_were_written() {
    let found = findings_of(BROKEN, "restricted", "latest");
    let spec = "spec.jobTemplate.spec.template.spec";
    let expected = [
        "12:68 high app-armor spec.jobTemplate.spec.template.metadata.annotations[\"container.apparmor.security.beta.kubernetes.io/report\"]".to_owned(),
        format!("14:20 critical host-namespaces {spec}.hostPID"),
        format!("15:11 high seccomp {spec}.securityContext.seccompProfile.type"),
        format!("15:11 high run-as-non-root {spec}.securityContext.runAsNonRoot"),
        format!("16:37 high se-linux {spec}.securityContext.seLinuxOptions.role"),
        format!("17:31 high sysctls {spec}.securityContext.sysctls[0].name"),
        format!("21:25 high volume-types {spec}.volumes[1].hostPath"),
        format!("26:60 high host-probes {spec}.initContainers[0].startupProbe.tcpSocket.host"),
        format!("29:28 high run-as-user {spec}.initContainers[0].securityContext.runAsUser"),
        format!("30:70 high capabilities {spec}.initContainers[0].securityContext.capabilities.add[1]"),
        format!("34:54 high host-ports {spec}.containers[0].ports[0].hostPort"),
        format!("35:15 high capabilities {spec}.containers[0].securityContext.capabilities.drop"),
        format!("35:15 high privilege-escalation {spec}.containers[0].securityContext.allowPrivilegeEscalation"),
        format!("36:29 critical privileged {spec}.containers[0].securityContext.privileged"),
        format!("37:28 high proc-mount {spec}.containers[0].securityContext.procMount"),
        format!("38:48 critical host-process {spec}.containers[0].securityContext.windowsOptions.hostProcess"),
    ];
    assert_eq!(found, expected);
    let volume = findings_of(BROKEN, "baseline", "1.0");
    let hosts = format!("21:25 critical host-path-volumes {spec}.volumes[1].hostPath");
    assert!(volume.contains(&hosts) && volume.len() == 9, "{volume:#?}");
}

#[test]
fn other_levels_and_versions_are_refused_with_the_choices() {
    let ws = Workspace::of(&[("pod.yaml", BROKEN)]);
    let refused = |param: &str| {
        let said = ws.idp(&["audit", "pod.yaml", "--with", "pod-security", "--param", param]);
        assert_eq!(said.status.code(), Some(2), "{said}");
        said.stderr
    };
    assert!(refused("level=privileged").contains("baseline, restricted"));
    for version in ["2.0", "1.", "1.029", "v1.29.3", "newest", "1.x"] {
        let said = refused(&format!("version={version}"));
        assert!(said.contains(version) && said.contains("latest, 1.0, 1.1"), "{said}");
    }
    let latest = findings_of(BROKEN, "restricted", "latest");
    for version in ["v1.36", "1.36", "1.99"] {
        assert_eq!(findings_of(BROKEN, "restricted", version), latest);
    }
}

/// What the fixes of the pack change, as `path = value`.
fn mended(text: &str, level: &str) -> Vec<String> {
    let (text, level) = (text.to_owned(), level.to_owned());
    // Scripts want more stack than a test has.
    let work = move || {
        let folder = std::env::temp_dir();
        let library = Library::new(&folder);
        let script = library.pack("pod-security", &folder).unwrap();
        let progress = Progress::new(64 << 20);
        let Ok(pack) = Pack::load(script, &library, progress.clone(), Extras::default()) else { panic!("it loads") };
        let given = Given { pairs: vec![("level".into(), level)], ..Given::default() };
        let params = as_params(&pack.values(&given).unwrap());
        let Ok(seat) = pack.seat(progress) else { panic!("it has a seat") };
        let mut object = Manifest::parse("pod.yaml", &text).unwrap();
        for rule in 0..pack.rules().len() {
            let pod = object.pod().unwrap();
            match seat.fix(rule, pod, &params) {
                Ok(Some(changed)) => object = changed.whole(),
                Ok(None) => {}
                Err(_) => panic!("{} failed", pack.rules()[rule].id),
            }
        }
        let edits = object.edits().iter();
        edits.map(|edit| format!("{} = {}", edit.path, edit.to.clone().unwrap_or(json!(null)))).collect::<Vec<_>>()
    };
    std::thread::Builder::new().stack_size(256 << 20).spawn(work).unwrap().join().unwrap()
}

#[test]
fn fixes_say_what_nobody_said() {
    let pod = |kind: &str, context: &str, container: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{{kind}securityContext: {{{context}}}, containers: [{{name: c, image: 'a:1', securityContext: {{{container}}}}}]}}\n"
        )
    };
    let own = "spec.containers[0].securityContext";
    let escalation = format!("{own}.allowPrivilegeEscalation = false");
    let drop = format!("{own}.capabilities.drop = [\"ALL\"]");
    let seccomp = "spec.securityContext.seccompProfile.type = \"RuntimeDefault\"".to_owned();
    let user = "spec.securityContext.runAsNonRoot = true".to_owned();
    // Nothing says that it isn't root: it may need its capabilities, and may not start as another user.
    assert_eq!(mended(&pod("", "", ""), "restricted"), [seccomp.clone(), escalation.clone()]);
    assert_eq!(
        mended(&pod("", "runAsNonRoot: true", ""), "restricted"),
        [drop.clone(), seccomp.clone(), escalation.clone()]
    );
    assert_eq!(
        mended(&pod("", "runAsUser: 1000", "capabilities: {drop: [NET_RAW]}"), "restricted"),
        [format!("{own}.capabilities.drop = [\"NET_RAW\",\"ALL\"]"), seccomp.clone(), escalation.clone(), user]
    );
    // What somebody chose stays, and what API servers refuse isn't written.
    let chosen =
        "allowPrivilegeEscalation: true, runAsNonRoot: false, seccompProfile: {type: Unconfined}, runAsUser: 0";
    assert_eq!(mended(&pod("", "", chosen), "restricted"), Vec::<String>::new());
    assert_eq!(mended(&pod("", "", "privileged: true"), "restricted"), [seccomp.as_str()]);
    assert_eq!(mended(&pod("", "", "capabilities: {add: [CAP_SYS_ADMIN]}"), "restricted"), [seccomp]);
    assert_eq!(mended(&pod("os: {name: windows}, ", "", ""), "restricted"), Vec::<String>::new());
    assert_eq!(mended(&pod("", "", ""), "baseline"), Vec::<String>::new());
    assert_eq!(mended(BROKEN, "baseline"), Vec::<String>::new());
}
