//! Pipelines of both kinds, those of the templates that ship among them.

use proptest::prelude::*;

use super::Gate::*;
use super::*;

const TEKTON: &str = "\
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: microservice-ci }
spec:
  tasks:
    - { name: clone, taskRef: { name: git-clone } }
    - { name: unit-test, runAfter: [clone], taskRef: { name: maven }, params: [{ name: coverage-threshold, value: '80' }] }
    - { name: owasp, runAfter: [clone], params: [{ name: fail-on-cvss, value: '7.0' }] }
    - { name: analysis, runAfter: [unit-test], taskRef: { name: sonarqube } }
    - { name: build-jar, runAfter: [analysis, owasp] }
    - { name: image-build, runAfter: [build-jar] }
    - { name: image-scan, runAfter: [image-build], params: [{ name: severity, value: CRITICAL }, { name: exit-code, value: '1' }] }
    - { name: push, runAfter: [image-scan], when: [{ input: $(params.branch), operator: in, values: [main] }] }
    - { name: update-gitops, params: [{ name: digest, value: $(tasks.push.results.digest) }] }
  finally: [{ name: notify }]
";

fn one(text: &str) -> Pipeline {
    let mut found = read("ci.yaml", text).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn gates(pipeline: &Pipeline) -> Vec<&'static str> {
    pipeline.stages.iter().flat_map(|stage| &stage.gates).map(|gate| gate.name()).collect()
}

#[test]
fn tekton() {
    let pipeline = one(TEKTON);
    let expected = [
        "clone",
        "tests",
        "dependency check",
        "SAST",
        "build",
        "image build",
        "image scan",
        "push",
        "GitOps update",
        "notification",
    ];
    assert_eq!(gates(&pipeline), expected);
    assert_eq!((pipeline.name.as_str(), pipeline.engine), ("microservice-ci", Engine::Tekton));
    assert_eq!(pipeline.comes_before(Tests, Push), Some(true));
    assert_eq!(pipeline.comes_before(ImageScan, GitOpsUpdate), Some(true));
    assert_eq!(pipeline.comes_before(Tests, DependencyCheck), Some(false));
    assert_eq!(pipeline.comes_before(Dast, Push), None);
    assert_eq!((pipeline.holds(ImageScan), pipeline.holds(Dast)), (Some(true), Some(false)));
    assert_eq!(pipeline.coverage().map(|(percent, stage)| (percent, stage.place.line)), Some((80.0, 7)));
    assert_eq!(pipeline.stages[2].limits, [Limit::Cvss(7.0)]);
    assert_eq!(pipeline.stages[7].condition.as_deref(), Some("$(params.branch) in [main]"));
    assert!(pipeline.stages[9].always);
}

#[test]
fn gates_of_tekton_that_hold_nobody_up() {
    let loose = TEKTON
        .replace("value: '1' }", "value: '0' }")
        .replace("{ name: unit-test,", "{ name: unit-test, onError: continue,");
    let pipeline = one(&loose);
    assert_eq!(
        (pipeline.holds(ImageScan), pipeline.holds(Tests), pipeline.coverage()),
        (Some(false), Some(false), None)
    );
    assert_eq!(pipeline.stages[6].lets_through.as_deref(), Some("it finds, and never fails: its exit code is 0"));
}

#[test]
fn runs_and_tasks_of_their_own() {
    let run = "\
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { generateName: ci- }
spec:
  pipelineSpec:
    tasks:
      - name: check
        taskSpec:
          steps:
            - { image: maven, script: \"#!/bin/sh\\nset -e\\n./mvnw -B verify\\ntrivy image --exit-code 1 --severity CRITICAL $IMAGE\" }
            - { image: kaniko, command: [/kaniko/executor], args: [--destination=a] }
";
    let pipeline = one(run);
    assert_eq!(pipeline.stages[0].gates, [Tests, ImageScan, ImageBuild, Push]);
    assert_eq!(pipeline.stages[0].limits, [Limit::Severities("CRITICAL".into())]);
    let elsewhere = "apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata: { name: a }\nspec: { pipelineRef: { resolver: git, params: [{ name: pathInRepo, value: ci/pipeline.yaml }] } }\n";
    let pipeline = one(elsewhere);
    // What can't be seen may have the gate.
    assert_eq!(pipeline.holds(Tests), None);
    assert_eq!(pipeline.elsewhere().collect::<Vec<_>>(), ["the Pipeline ci/pipeline.yaml"]);
}

/// A workflow of a template as it is rendered, near enough: without the lines that only templates have.
fn rendered(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("{%"));
    lines.map(|line| line.replace("${{ values.", "${ values.") + "\n").collect()
}

#[test]
fn the_workflows_that_ship() {
    for (template, coverage) in [
        (include_str!("../../../templates/java-spring-boot/skeleton/.github/workflows/ci.yaml"), None),
        (include_str!("../../../templates/python-fastapi/skeleton/.github/workflows/ci.yaml"), None),
        (include_str!("../../../templates/nodejs-express/skeleton/.github/workflows/ci.yaml"), None),
        (include_str!("../../../templates/go-gin/skeleton/.github/workflows/ci.yaml"), Some(80.0)),
    ] {
        let pipeline = one(&rendered(template));
        assert_eq!(pipeline.events, ["push", "pull_request"]);
        for gate in [Clone, Tests, DependencyCheck, ImageBuild, ImageScan, SecretScan, Push] {
            assert_eq!(pipeline.holds(gate), Some(true), "{}", gate.name());
        }
        assert_eq!(pipeline.holds(Sast), Some(false));
        assert_eq!(pipeline.comes_before(ImageScan, Push), Some(true));
        assert_eq!(pipeline.comes_before(Tests, Push), Some(true));
        assert_eq!(pipeline.coverage().map(|(percent, _)| percent), coverage);
    }
}

const WORKFLOW: &str = "\
on: [push]
jobs:
  shared: { uses: acme/workflows/.github/workflows/ci.yml@main }
  scan:
    needs: [shared, build]
    if: ${{ github.ref == 'refs/heads/main' }}
    runs-on: a
    steps:
      - { uses: aquasecurity/trivy-action@v1 }
      - { run: npm audit || true }
      - { name: DAST, uses: zaproxy/action-baseline@v1, continue-on-error: true }
      - { name: Tell, if: always(), uses: slackapi/slack-github-action@v2 }
  build:
    runs-on: a
    steps:
      - { name: Scan the licences, uses: actions/setup-java@v5 }
      - { run: 'CI=1 ./gradlew --no-daemon :app:build -x test' }
      - { name: Unit tests, run: ./ci/run.sh }
      - { run: python -m pytest --cov-fail-under=85 }
";

#[test]
fn workflows() {
    let pipeline = one(WORKFLOW);
    assert_eq!((pipeline.name.as_str(), pipeline.events.as_slice()), ("ci.yaml", &["push".to_owned()][..]));
    assert_eq!(
        gates(&pipeline),
        ["image scan", "secret scan", "dependency check", "DAST", "notification", "build", "tests", "tests"]
    );
    let why: Vec<Option<&str>> = pipeline.stages.iter().map(|stage| stage.lets_through.as_deref()).collect();
    assert_eq!(why[1], Some("it finds, and never fails: give it exit-code: \"1\""));
    assert_eq!(why[2], Some("`npm audit || true` fails in silence"));
    assert_eq!(why[3], Some("the workflow goes on when it fails (continue-on-error)"));
    // A workflow elsewhere may have what isn't here.
    assert_eq!((pipeline.holds(Tests), pipeline.holds(Sast), pipeline.holds(Dast)), (Some(true), None, None));
    assert_eq!(pipeline.comes_before(Tests, ImageScan), Some(true));
    assert_eq!(pipeline.stages[4].condition.as_deref(), Some("github.ref == 'refs/heads/main' && always()"));
    assert!(pipeline.stages[4].always);
    assert_eq!(pipeline.coverage().map(|(percent, stage)| (percent, stage.place.line)), Some((85.0, 19)));
}

#[test]
fn commands_are_known_by_what_they_run() {
    for (script, gates) in [
        ("mvn -B -DskipTests package", &[Build][..]),
        ("sudo -E MAVEN_OPTS=-Xmx1g ./mvnw verify", &[Tests]),
        ("./mvnw verify sonar:sonar", &[Tests, Sast]),
        ("go test ./... && go build ./cmd", &[Tests, Build]),
        ("npm run test:unit; npm run build", &[Tests, Build]),
        ("docker buildx build --push -t a .", &[ImageBuild, Push]),
        ("# pytest\necho mvn test", &[]),
        ("gitleaks detect \\\n  --redact", &[SecretScan]),
        ("snyk container test a", &[ImageScan]),
        ("grype dir:. --fail-on high", &[DependencyCheck]),
    ] {
        assert_eq!(commands::look(script).gates, gates, "{script}");
    }
    assert_eq!(
        commands::look("trivy image a").lets_through.as_deref(),
        Some("trivy finds, and never fails: give it --exit-code 1")
    );
    assert_eq!(commands::look("trivy fs --exit-code=1 . \n trivy image a").lets_through, None);
}

#[test]
fn builds_say_their_coverage() {
    for (file, text, expected) in [
        (
            "build.gradle.kts",
            "tasks.jacocoTestCoverageVerification {\n  minimum = \"0.80\".toBigDecimal()\n}",
            Some((80.0, 2)),
        ),
        ("api/build.gradle", "jacocoTestCoverageVerification { limit { minimum = 0.75 } }", Some((75.0, 1))),
        ("build.gradle", "minimum = 0.75", None),
        ("pom.xml", "<artifactId>jacoco-maven-plugin</artifactId>\n<minimum>0.9</minimum>", Some((90.0, 2))),
        ("pyproject.toml", "addopts = \"--cov=app --cov-fail-under=80\"", Some((80.0, 1))),
        (".coveragerc", "[report]\nfail_under = 82.5\n", Some((82.5, 2))),
        ("package.json", "{\"test\": \"c8 --check-coverage --lines 80 node --test\"}", Some((80.0, 1))),
        ("package.json", "{\"jest\": {\"coverageThreshold\": {\"global\": {\"lines\": 70}}}}", Some((70.0, 1))),
        ("package.json", "{\"test\": \"jest\"}", None),
        ("vitest.config.ts", "coverage: { thresholds: { lines: 60 } }", Some((60.0, 1))),
        ("README.md", "--cov-fail-under=80", None),
    ] {
        let found = coverage_gate(file, text).map(|gate| (gate.percent, gate.place.line));
        assert_eq!(found, expected, "{file}: {text}");
    }
    for (file, text) in [
        ("build.gradle.kts", include_str!("../../../templates/java-spring-boot/skeleton/build.gradle.kts")),
        ("pyproject.toml", include_str!("../../../templates/python-fastapi/skeleton/pyproject.toml")),
        ("package.json", include_str!("../../../templates/nodejs-express/skeleton/package.json")),
    ] {
        assert_eq!(coverage_gate(file, text).map(|gate| gate.percent), Some(80.0), "{file}");
    }
}

/// The policy of the platform and the reader of pipelines know a stage by the same words.
#[test]
fn words_are_those_of_the_policy() {
    let policy = include_str!("../../../scripts/policies/platform.rhai");
    let lines: Vec<&str> = policy.lines().filter(|line| line.trim_start().starts_with("#{ gate: \"")).collect();
    assert_eq!(lines.len(), 9);
    for (line, (_, name, words)) in lines.iter().zip(gates::GATES) {
        let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let expected = format!("#{{ gate: \"{name}\", words: [{}], ", words.join(", "));
        assert!(line.trim_start().starts_with(&expected), "{line}\n{expected}");
    }
}

#[test]
fn other_documents_are_no_pipelines() {
    let text = "apiVersion: v1\nkind: ConfigMap\n---\napiVersion: tekton.dev/v1\nkind: Task\nspec: {}\n---\njobs: 7\n---\n[1]\n";
    assert_eq!(read("a.yaml", text).unwrap(), []);
    assert!(read("a.yaml", "jobs: {").is_err());
    for odd in
        ["jobs: { a: 7, b: { steps: 1 }, c: { steps: [1, null] } }", "on: 1\njobs: { a: { needs: [a], steps: [{}] } }"]
    {
        assert_eq!(read("a.yaml", odd).unwrap().len(), 1);
    }
    let circle = "apiVersion: tekton.dev/v1\nkind: Pipeline\nspec: { tasks: [{ name: test, runAfter: [push] }, { name: push, runAfter: [test] }] }\n";
    assert_eq!(one(circle).comes_before(Tests, Push), Some(true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Texts with a piece taken out or doubled are read or refused, and orders are asked for without an end.
    #[test]
    fn broken_pipelines_break_nothing(of_tekton in any::<bool>(), from in 0usize..1_000, length in 0usize..60, doubled in any::<bool>()) {
        let text = if of_tekton { TEKTON } else { WORKFLOW };
        let (from, to) = (from.min(text.len()), (from + length).min(text.len()));
        let piece = if doubled { &text[from..to] } else { "" };
        let broken = format!("{}{piece}{piece}{}", &text[..from], &text[to..]);
        for pipeline in read("ci.yaml", &broken).unwrap_or_default() {
            pipeline.comes_before(Tests, Push);
            pipeline.coverage();
            for stage in &pipeline.stages {
                prop_assert!(stage.after.iter().all(|before| *before < pipeline.stages.len()));
            }
        }
    }

    #[test]
    fn scripts_are_looked_at_whatever_they_hold(script in ".{0,80}", words in prop::collection::vec("go tool cover -func|<|trivy|[a-z=|&;\\\\\n -]{0,6}", 0..8)) {
        commands::look(&script);
        commands::look(&words.join(" "));
        coverage_gate("package.json", &script);
    }
}
