//! A real Kubernetes API server over a real etcd, found as envtest finds its own (see tests/support/envtest): one for
//! all tests of the binary, gone with its process.

mod client;
mod keeper;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

pub use client::{Answer, Client, Strictness};
use keeper::Keeper;

/// What is needed to talk to the server.
pub struct ApiServer {
    address: SocketAddr,
    token: &'static str,
    /// The certificates that the server made for itself, in PEM.
    authority: Vec<u8>,
    _keeper: Keeper,
}

/// Of no worth anywhere else: the server listens on this machine's loopback alone.
const TOKEN: &str = "a-token-of-the-tests";

/// How long a server may take to be ready, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(120);

/// A client of the server, which is started by the first who asks; nothing, and said by name, where there is none.
pub fn client() -> Option<Client> {
    static SERVER: OnceLock<Option<ApiServer>> = OnceLock::new();
    let server = SERVER.get_or_init(|| programs().map(|folder| ApiServer::start(&folder)));
    if server.is_none() {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        println!(
            "skipped: {name}: there is no kube-apiserver; tests/support/envtest/build makes it, or KUBEBUILDER_ASSETS names its folder"
        );
    }
    server.as_ref().map(Client::of)
}

/// The folder with `etcd` and `kube-apiserver`: where envtest looks, then where the build puts them.
pub fn programs() -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../envtest");
    let folder = std::env::var_os("KUBEBUILDER_ASSETS").map_or(built, PathBuf::from);
    ["etcd", "kube-apiserver"].iter().all(|program| folder.join(program).is_file()).then_some(folder)
}

impl ApiServer {
    fn start(programs: &Path) -> ApiServer {
        // A port that is free now may be somebody's a moment later: then the server ends, and another try is due.
        for _ in 0..3 {
            if let Some(server) = ApiServer::attempt(programs) {
                return server;
            }
        }
        panic!("no API server came up in three attempts");
    }

    fn attempt(programs: &Path) -> Option<ApiServer> {
        let folder = TempDir::new().unwrap().keep();
        let [etcd, peer, api] = free_ports();
        let (key, tokens) = (folder.join("accounts.pem"), folder.join("tokens.csv"));
        // Tokens of service accounts must be signed by somebody; the key is one that the tests publish anyway.
        std::fs::write(&key, include_str!("../../../github/app.pem")).unwrap();
        std::fs::write(&tokens, format!("{TOKEN},tests,tests,system:masters\n")).unwrap();
        let store = [
            programs.join("etcd").display().to_string(),
            format!("--data-dir={}", folder.join("etcd").display()),
            format!("--listen-client-urls=http://127.0.0.1:{etcd}"),
            format!("--advertise-client-urls=http://127.0.0.1:{etcd}"),
            format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
            "--unsafe-no-fsync".into(),
            "--log-level=error".into(),
        ];
        let server = [
            programs.join("kube-apiserver").display().to_string(),
            format!("--etcd-servers=http://127.0.0.1:{etcd}"),
            "--bind-address=127.0.0.1".into(),
            format!("--secure-port={api}"),
            format!("--cert-dir={}", folder.join("certificates").display()),
            format!("--token-auth-file={}", tokens.display()),
            "--authorization-mode=AlwaysAllow".into(),
            "--service-account-issuer=https://127.0.0.1".into(),
            format!("--service-account-key-file={}", key.display()),
            format!("--service-account-signing-key-file={}", key.display()),
            "--service-cluster-ip-range=10.0.0.0/24".into(),
            // Without the controller manager nobody makes the accounts that this one asks for.
            "--disable-admission-plugins=ServiceAccount".into(),
            "--endpoint-reconciler-type=none".into(),
            "--enable-priority-and-fairness=false".into(),
            "--profiling=false".into(),
        ];
        let keeper = Keeper::start(&folder, &[&store, &server]);
        let address = SocketAddr::from(([127, 0, 0, 1], api));
        let until = Instant::now() + PATIENCE;
        while keeper.is_alive() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
            let Ok(authority) = std::fs::read(folder.join("certificates/apiserver.crt")) else { continue };
            if authority.is_empty() || std::net::TcpStream::connect(address).is_err() {
                continue;
            }
            let server = ApiServer { address, token: TOKEN, authority, _keeper: keeper };
            let mut client = Client::of(&server);
            while Instant::now() < until {
                if client.try_send("GET", "/readyz", None).is_some_and(|answer| answer.status == 200) {
                    drop(client);
                    return Some(server);
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            panic!("the API server isn't ready after {PATIENCE:?}");
        }
        println!("the API server ended: {}", keeper.last_words());
        None
    }
}

fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// A CustomResourceDefinition with one version for each schema (`v1`, `v2` ...), the first of which is stored.
pub fn definition(group: &str, kind: &str, schemas: &[Value]) -> Value {
    let plural = format!("{}s", kind.to_lowercase());
    let versions: Vec<Value> = schemas
        .iter()
        .enumerate()
        .map(|(at, schema)| {
            json!({ "name": format!("v{}", at + 1), "served": true, "storage": at == 0, "schema": { "openAPIV3Schema": schema } })
        })
        .collect();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group, "scope": "Namespaced", "versions": versions,
            "names": { "kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase() },
        },
    })
}
