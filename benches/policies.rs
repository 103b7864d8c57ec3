//! What policies cost: five rules of `five-rules.rhai` over 1,000 and 10,000 Deployments that are made here, with places,
//! matching, waivers and a report on. `cargo bench --bench policies`; processes are measured from outside.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::Pid;

/// What a process took.
struct Cost {
    wall: Duration,
    /// User and system time of all threads.
    cpu: Duration,
    /// The greatest resident size, in MB.
    resident: f64,
}

fn main() {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some("measure") {
        return measure(&args.next().unwrap());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rules = root.join("benches/five-rules.rhai");
    let (one, thousand, ten_thousand) = (workspace(1), workspace(1_000), workspace(10_000));
    // Nothing applies: what is left is finding, reading and parsing the files.
    let nothing = one.path().join("nothing.rhai");
    std::fs::write(
        &nothing,
        "policy(\"nothing/none\", #{ title: \"None\", applies_to: #{ kinds: [\"None\"] }, check: |o| () });\n",
    )
    .unwrap();

    println!("{:<52} {:>9} {:>9} {:>9} {:>9}  goal", "figure", "median", "95 %", "CPU", "resident");
    line("1 file, five rules", &one, &rules, 1, 40, "10 ms");
    let both = line("1,000 files, five rules, a SARIF report", &thousand, &rules, 1_000, 20, "120 ms");
    let without = line("1,000 files, a rule that applies to nothing", &thousand, &nothing, 1_000, 20, "");
    let large = line("10,000 files, five rules, a SARIF report", &ten_thousand, &rules, 10_000, 5, "40 MB");
    let alone = on_one_core(|| line("1,000 files, five rules, on one core", &thousand, &rules, 1_000, 10, ""));
    for pack in ["pod-security", "workload", "platform", "schema"] {
        line(&format!("1,000 files, {pack}"), &thousand, Path::new(pack), 1_000, 5, "");
    }
    let evaluation = both.cpu.saturating_sub(without.cpu).as_secs_f64() * 1e6 / 1e3;
    println!("evaluation of five rules: {evaluation:.1} µs a manifest  (goal 30)");
    println!("second thread: {:.2} times as fast  (goal 1.7)", alone.wall.as_secs_f64() / both.wall.as_secs_f64());
    println!("resident at 10,000 files: {:.2} times that at 1,000  (goal 1.5)", large.resident / both.resident);
}

/// Runs what `act` does, and the processes that it starts, on the first core alone.
fn on_one_core<T>(act: impl FnOnce() -> T) -> T {
    let all = nix::sched::sched_getaffinity(Pid::from_raw(0)).unwrap();
    let mut first = CpuSet::new();
    first.set((0..CpuSet::count()).find(|core| all.is_set(*core).unwrap()).unwrap()).unwrap();
    sched_setaffinity(Pid::from_raw(0), &first).unwrap();
    let done = act();
    sched_setaffinity(Pid::from_raw(0), &all).unwrap();
    done
}

/// Audits a workspace some times and prints what it took. What comes back is the median.
fn line(name: &str, workspace: &tempfile::TempDir, with: &Path, files: usize, times: usize, goal: &str) -> Cost {
    audit(workspace.path(), with, files);
    let mut costs: Vec<Cost> = (0..times).map(|_| audit(workspace.path(), with, files)).collect();
    costs.sort_by_key(|cost| cost.cpu);
    let cpu = costs[times / 2].cpu;
    costs.sort_by_key(|cost| cost.wall);
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let resident = costs.iter().map(|cost| cost.resident).fold(0.0, f64::max);
    let (median, most) = (costs[times / 2].wall, costs[times * 95 / 100].wall);
    println!("{name:<52} {:>6.1} ms {:>6.1} ms {:>6.1} ms {resident:>6.1} MB  {goal}", ms(median), ms(most), ms(cpu));
    Cost { wall: median, cpu, resident }
}

/// One audit, measured by a process of its own: what the system says of children it says of all of them together.
fn audit(workspace: &Path, with: &Path, files: usize) -> Cost {
    let measured = Command::new(std::env::current_exe().unwrap())
        .arg("measure")
        .arg(with)
        .current_dir(workspace)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(measured.status.success(), "{}", with.display());
    let said = String::from_utf8(measured.stdout).unwrap();
    let figures: Vec<f64> = said.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
    let events = std::fs::read_to_string(workspace.join("events.jsonl")).unwrap();
    let summary = events.lines().last().unwrap();
    assert!(summary.contains(&format!("\"files\":{files},")), "{summary}");
    let time = Duration::from_secs_f64;
    Cost { wall: time(figures[0]), cpu: time(figures[1]), resident: figures[2] }
}

/// In a process of its own: audits the current folder and prints seconds, seconds of processor time, and MB.
fn measure(with: &str) {
    let began = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_idp-run"))
        .args(["audit", "k8s", "--report", "sarif=report.sarif", "--output", "json", "--with", with])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(std::fs::File::create("events.jsonl").unwrap())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let wall = began.elapsed();
    assert!(matches!(status.code(), Some(0 | 3)), "{with}: {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    println!("{} {cpu} {}", wall.as_secs_f64(), usage.max_rss() as f64 / 1024.0);
}

/// A workspace with so many Deployments, ten a folder; one of twenty breaks a rule. One of those is waived.
fn workspace(files: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("idp.yaml"), "forge: { kind: local }\n").unwrap();
    let waivers = folder.path().join("waivers");
    std::fs::create_dir_all(&waivers).unwrap();
    std::fs::write(waivers.join("batch.yaml"), WAIVER).unwrap();
    for number in 0..files {
        let service: PathBuf = folder.path().join(format!("k8s/team{}", number / 10));
        std::fs::create_dir_all(&service).unwrap();
        std::fs::write(service.join(format!("service{number}.yaml")), deployment(number)).unwrap();
    }
    folder
}

const WAIVER: &str = "\
policy: five-rules/latest
objects: [{ kind: Deployment, name: service20 }]
owner: team2
reason: Comes with the next release
expires: 2999-12-31
";

fn deployment(number: usize) -> String {
    let mut text = include_str!("deployment.yaml")
        .replace("NUMBER", &number.to_string())
        .replace("TEAM", &(number / 10).to_string());
    if number.is_multiple_of(20) {
        text = match number / 20 % 5 {
            0 => text.replace("  labels:\n    owner: team", "  labels:\n    tier: team"),
            1 => text.replacen(":1.4.2", ":latest", 1),
            2 => text.replacen("              memory: 512Mi\n", "", 1),
            3 => text.replace("runAsNonRoot: true", "runAsNonRoot: false"),
            _ => text.replace("emptyDir: {}", "hostPath: { path: /var/lib }"),
        };
    }
    text
}
