//! The golden paths on GitHub: what they make is what they make on the embedded forge, and a rerun writes nothing.

use super::stage::Stage;

const SERVICE: [&str; 5] = ["create-service", "--params", "payments-api.yaml", "--output", "json"];

#[test]
fn create_service_makes_a_service_and_a_rerun_writes_nothing() {
    let Some(stage) = Stage::acme() else { return };
    let first = stage.idp(&SERVICE);
    assert_eq!(first.counts(), [8, 0, 0], "{first}");
    let made = stage.github.proxy.counts();
    println!("create-service on GitHub: {made:?}");
    stage.github.proxy.taken();
    let again = stage.idp(&SERVICE);
    assert_eq!(again.counts(), [0, 0, 0], "{again}");
    let read = stage.github.proxy.counts();
    println!("again: {read:?}");
    assert_eq!(read.writes, 0, "{:?}", stage.asked());
    stage.github.proxy.assert_valid();
}
