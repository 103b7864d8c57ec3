//! What tests want to know of policies, as data. Policies are asked by a room above this one, which the command line
//! hands in.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::config::Config;
use crate::error::Result;
use crate::report::{Audit, PolicyLevel};

/// Manifests, and the policies that are asked about them.
#[derive(Debug, Clone)]
pub struct Question {
    /// A pack (`workload`), a rule of one (`workload/latest`), a script (`./mine.rhai`), or `schema`.
    pub policy: String,
    /// The test's own folder: what it has comes first.
    pub folder: Option<PathBuf>,
    /// The workspace that the manifests belong to.
    pub config: Arc<Config>,
    /// Names of files with their texts.
    pub texts: Vec<(String, String)>,
    /// Parameters of the pack.
    pub params: Map<String, Value>,
    /// More of them as text, as the command line has them.
    pub pairs: Vec<(String, String)>,
    /// The environment of all manifests.
    pub environment: Option<String>,
    /// Another level than the one that is declared.
    pub level: Option<PolicyLevel>,
    /// The text of a file of waivers.
    pub waivers: Option<String>,
    /// The day on which waivers are read, such as 2027-03-31.
    pub today: Option<String>,
}

/// What came of a question.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The findings.
    pub audit: Audit,
    /// How often the rule was asked, or those of the pack were.
    pub asked: usize,
}

/// Asks policies, as an audit does.
pub trait Examiner: Send + Sync {
    /// What policies find in manifests.
    ///
    /// # Errors
    /// What is wrong with the policy, its parameters or the waivers; that a policy itself failed.
    fn examine(&self, question: &Question) -> Result<Answer>;

    /// The texts, mended by the fixes of the policies.
    ///
    /// # Errors
    /// As of [`Examiner::examine`]; `idp::test::fix` if a fix wasn't made.
    fn mend(&self, question: &Question) -> Result<Vec<String>>;
}
