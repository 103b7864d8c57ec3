//! The gates of shell commands: which programs test, scan, build and push, with their bounds.

use super::Limit;
use super::gates::Gate::{self, *};

/// A program, one of whose arguments must be one of these (none: any), and the gates that it is then.
type Known = (&'static str, &'static [&'static str], &'static [Gate]);

const KNOWN: &[Known] = &[
    ("git", &["clone"], &[Clone]),
    ("mvn", &["test", "verify", "package", "install", "deploy"], &[Tests]),
    ("mvn", &["package", "install", "deploy"], &[Build]),
    ("mvn", &["sonar:sonar"], &[Sast]),
    ("mvn", &["dependency-check:check", "org.owasp:dependency-check-maven:check"], &[DependencyCheck]),
    ("gradle", &["test", "check", "build"], &[Tests]),
    ("gradle", &["assemble", "bootJar", "build", "jar"], &[Build]),
    ("gradle", &["sonar", "sonarqube"], &[Sast]),
    ("gradle", &["dependencyCheckAnalyze", "dependencyCheckAggregate"], &[DependencyCheck]),
    ("go", &["test"], &[Tests]),
    ("go", &["build", "install"], &[Build]),
    ("pytest", &[], &[Tests]),
    ("tox", &[], &[Tests]),
    ("npm", &["test", "t"], &[Tests]),
    ("yarn", &["test"], &[Tests]),
    ("pnpm", &["test"], &[Tests]),
    ("npm", &["build"], &[Build]),
    ("yarn", &["build"], &[Build]),
    ("pnpm", &["build"], &[Build]),
    ("node", &["--test"], &[Tests]),
    ("jest", &[], &[Tests]),
    ("vitest", &[], &[Tests]),
    ("cargo", &["test", "nextest"], &[Tests]),
    ("cargo", &["build"], &[Build]),
    ("dotnet", &["test"], &[Tests]),
    ("dotnet", &["build", "publish"], &[Build]),
    ("npm", &["audit"], &[DependencyCheck]),
    ("yarn", &["audit"], &[DependencyCheck]),
    ("pnpm", &["audit"], &[DependencyCheck]),
    ("cargo", &["audit", "deny"], &[DependencyCheck]),
    ("pip-audit", &[], &[DependencyCheck]),
    ("govulncheck", &[], &[DependencyCheck]),
    ("osv-scanner", &[], &[DependencyCheck]),
    ("safety", &["check", "scan"], &[DependencyCheck]),
    ("dependency-check", &[], &[DependencyCheck]),
    ("dependency-check.sh", &[], &[DependencyCheck]),
    ("snyk", &["test"], &[DependencyCheck]),
    ("trivy", &["fs", "filesystem", "rootfs", "repo", "repository"], &[DependencyCheck]),
    ("trivy", &["image", "i"], &[ImageScan]),
    ("grype", &[], &[ImageScan]),
    ("semgrep", &[], &[Sast]),
    ("gosec", &[], &[Sast]),
    ("bandit", &[], &[Sast]),
    ("sonar-scanner", &[], &[Sast]),
    ("codeql", &["analyze"], &[Sast]),
    ("gitleaks", &[], &[SecretScan]),
    ("trufflehog", &[], &[SecretScan]),
    ("docker", &["build", "bake"], &[ImageBuild]),
    ("docker", &["push"], &[Push]),
    ("podman", &["build"], &[ImageBuild]),
    ("podman", &["push"], &[Push]),
    ("buildah", &["bud", "build"], &[ImageBuild]),
    ("buildah", &["push"], &[Push]),
    ("executor", &[], &[ImageBuild]),
    ("crane", &["push", "copy"], &[Push]),
    ("skopeo", &["copy"], &[Push]),
    ("zap-baseline.py", &[], &[Dast]),
    ("zap-full-scan.py", &[], &[Dast]),
    ("zap-api-scan.py", &[], &[Dast]),
    ("nuclei", &[], &[Dast]),
    ("kustomize", &["edit"], &[GitOpsUpdate]),
];

/// Words that stand before the program that they run.
const BEFORE: [&str; 10] = ["sudo", "exec", "time", "npx", "env", "command", "nice", "uvx", "!", "then"];

/// What a script does, as far as it is known.
#[derive(Debug, Default, PartialEq)]
pub struct Seen {
    /// Its gates, in order.
    pub gates: Vec<Gate>,
    /// The bounds that its commands are given.
    pub limits: Vec<Limit>,
    /// Why its gates hold nobody up, if none of them does.
    pub lets_through: Option<String>,
}

/// Looks at a shell script, command by command.
pub fn look(script: &str) -> Seen {
    let mut seen = Seen::default();
    let (mut holds, mut loose) = (false, None);
    // A line that ends with a backslash goes on.
    for line in script.replace("\\\n", " ").lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        let forgiven = ["|| true", "|| :", "|| exit 0", "|| echo"].iter().any(|rest| line.contains(rest));
        for command in line.split(['|', ';', '&']).map(str::trim).filter(|command| !command.is_empty()) {
            let words: Vec<&str> =
                command.split_whitespace().map(|word| word.trim_matches(['"', '\'', '(', ')'])).collect();
            let (gates, why) = of_command(&words);
            let limits = limits(&words);
            if !gates.is_empty() {
                let why = if forgiven { Some(format!("`{line}` fails in silence")) } else { why };
                holds |= why.is_none();
                loose = loose.or(why);
            }
            let new = gates.into_iter().filter(|gate| !seen.gates.contains(gate)).collect::<Vec<_>>();
            seen.gates.extend(new);
            seen.limits.extend(limits);
        }
    }
    if script.contains("go tool cover -func") {
        seen.limits.extend(below(script).map(Limit::Coverage));
    }
    seen.lets_through = loose.filter(|_| !holds);
    seen
}

/// The first number that something is compared with: Go's tools have no bound of their own, and awk or the shell stand in.
fn below(script: &str) -> Option<f64> {
    script.split('<').skip(1).find_map(|rest| {
        let rest = rest.trim_start();
        rest[..rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len())].parse().ok()
    })
}

/// The gates of one command, and why they hold nobody up.
fn of_command(words: &[&str]) -> (Vec<Gate>, Option<String>) {
    let is_setting = |word: &str| {
        word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
    };
    let mut words =
        words.iter().copied().skip_while(|word| BEFORE.contains(word) || word.starts_with('-') || is_setting(word));
    let Some(program) = words.next() else { return (Vec::new(), None) };
    let program = match program.rsplit('/').next().unwrap_or_default() {
        "mvnw" => "mvn",
        "gradlew" => "gradle",
        "python" | "python3" if words.clone().next() == Some("-m") => words.nth(1).unwrap_or_default(),
        program => program,
    };
    let arguments: Vec<&str> = words.collect();
    // A task of Gradle may have its project before it, a script of npm a suffix: `:app:test`, `test:unit`.
    let is = |argument: &str, wanted: &str| {
        argument == wanted
            || (program == "gradle" && argument.rsplit(':').next() == Some(wanted))
            || (["npm", "yarn", "pnpm"].contains(&program) && argument.split(':').next() == Some(wanted))
    };
    let has = |wanted: &str| arguments.iter().any(|argument| is(argument, wanted));
    let known = KNOWN
        .iter()
        .filter(|(name, wanted, _)| *name == program && (wanted.is_empty() || wanted.iter().any(|wanted| has(wanted))));
    let mut gates: Vec<Gate> = known.flat_map(|(_, _, gates)| *gates).copied().collect();
    let says = |flag: &str| arguments.iter().any(|argument| argument.split('=').next() == Some(flag));
    let why = match program {
        // Options of Maven and Gradle that leave the tests out.
        "mvn"
            if arguments
                .iter()
                .any(|word| word.starts_with("-DskipTests") || word.starts_with("-Dmaven.test.skip")) =>
        {
            gates.retain(|gate| *gate != Tests);
            None
        }
        "gradle" if arguments.windows(2).any(|pair| pair[0] == "-x" && pair[1].ends_with("test")) => {
            gates.retain(|gate| *gate != Tests);
            None
        }
        "snyk" if has("container") => {
            gates = vec![ImageScan];
            None
        }
        "grype" if arguments.iter().any(|word| word.starts_with("dir:")) => {
            gates = vec![DependencyCheck];
            (!says("--fail-on") && !says("-f")).then(|| "grype finds, and never fails: give it --fail-on".to_owned())
        }
        "grype" => {
            (!says("--fail-on") && !says("-f")).then(|| "grype finds, and never fails: give it --fail-on".to_owned())
        }
        "docker" if has("buildx") && says("--push") => {
            gates.push(Push);
            None
        }
        // Kaniko pushes what it builds, unless it is told not to.
        "executor" if !says("--no-push") => {
            gates.push(Push);
            None
        }
        "trivy" => match value_of(&arguments, "--exit-code") {
            Some("0") | None => Some("trivy finds, and never fails: give it --exit-code 1".to_owned()),
            Some(_) => None,
        },
        _ => None,
    };
    (gates, why)
}

/// The value of an option: `--name value`, or `--name=value`.
fn value_of<'a>(words: &[&'a str], option: &str) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(at, word)| match word.strip_prefix(option) {
        Some("") => words.get(at + 1).copied(),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    })
}

/// The bounds of one command.
pub fn limits(words: &[&str]) -> Vec<Limit> {
    let number = |option: &str| value_of(words, option).and_then(|text| text.trim_end_matches('%').parse().ok());
    let checks = words.contains(&"--check-coverage");
    let coverage = ["--cov-fail-under", "--fail-under", "--fail-under-lines", "--coverage.thresholds.lines"];
    let lines = number("--lines").filter(|_| checks);
    let coverage = coverage.iter().find_map(|option| number(option)).or(lines);
    let cvss = number("--failOnCVSS").or_else(|| number("-DfailBuildOnCVSS"));
    let severities = value_of(words, "--severity").map(|text| Limit::Severities(text.to_owned()));
    coverage.map(Limit::Coverage).into_iter().chain(cvss.map(Limit::Cvss)).chain(severities).collect()
}
