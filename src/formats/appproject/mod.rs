//! AppProjects of Argo CD: what their Applications may deploy, from where and to where. The rules and words are those of
//! argo-cd 3.6, pkg/apis/application/v1alpha1/app_project_types.go.

mod cron;
mod faults;
mod glob;
mod permit;
mod roles;
#[cfg(test)]
mod tests;
mod url;
mod windows;

pub use faults::{Fault, faults};
pub use permit::{
    Context, Destination, Refusal, check, is_destination_permitted, is_kind_permitted, is_namespace_permitted,
    is_source_permitted,
};
pub use roles::is_role_permitted;
pub use url::normalized as normalized_url;
pub use windows::{Clock, is_sync_permitted};
