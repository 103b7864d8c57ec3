//! Roles of teams and webhooks: kept, compared, never set back to what others changed meanwhile.

use super::*;
use crate::world::access::{Role, TeamGrant};
use crate::world::webhook::{Hook, Webhook};

#[test]
fn a_role_is_kept_and_compared() {
    let stage = Stage::new();
    let grant = |team: &str, before, after| {
        stage.apply(
            &Change::GrantTeam(TeamGrant { repo: stage.repo.clone(), team: team.into(), before, after }),
            "idp-run",
        )
    };
    let role = || block_on(stage.forge.team_role(&stage.repo, "platform")).unwrap();
    assert_eq!(role(), None);
    grant("platform", None, Role::Write).unwrap();
    assert_eq!(role(), Some(Role::Write));
    assert!(grant("platform", None, Role::Write).unwrap().already, "another run was faster");
    assert_eq!(grant("platform", None, Role::Admin).unwrap_err().code(), MOVED);
    grant("platform", Some(Role::Write), Role::Admin).unwrap();
    assert_eq!(role(), Some(Role::Admin));
    // The teams of idp.yaml are all that there are.
    assert_eq!(grant("plattform", None, Role::Write).unwrap_err().code(), "idp::repo::team");
    stage.is_sound();
}

#[test]
fn a_webhook_is_found_by_its_url() {
    let stage = Stage::new();
    let url = "https://ci.acme.example/hook";
    let hook = |events: &[&str]| Hook {
        events: events.iter().map(ToString::to_string).collect(),
        signed: true,
        ..Hook::default()
    };
    let set = |before: Option<Hook>, after: Hook| {
        let change = Webhook { repo: stage.repo.clone(), url: url.into(), before, after, secret: None };
        stage.apply(&Change::SetWebhook(change), "idp-run")
    };
    let there = |url: &str| block_on(stage.forge.webhook(&stage.repo, url)).unwrap();
    set(None, hook(&["push"])).unwrap();
    assert_eq!(there(url), Some(hook(&["push"])));
    assert_eq!(there("https://ci.acme.example/other"), None);
    assert!(set(None, hook(&["push"])).unwrap().already);
    assert_eq!(set(None, hook(&["release"])).unwrap_err().code(), MOVED);
    set(Some(hook(&["push"])), hook(&["push", "release"])).unwrap();
    let kept = std::fs::read_to_string(stage.bare().join("idp/webhooks.json")).unwrap();
    assert_eq!(kept.matches("ci.acme.example").count(), 1, "{kept}");
}
