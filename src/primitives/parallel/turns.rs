//! Events of items beside each other, in the order of the items: the first that goes on speaks at once, those behind it
//! wait for their turn. How far all of them are is said at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::report::{Event, Sink};

/// The order in which items speak.
pub struct Turns {
    sink: Arc<dyn Sink>,
    names: Vec<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The item that speaks at once.
    turn: usize,
    /// What the others said.
    held: BTreeMap<usize, Vec<Event>>,
    /// Whether each that began has ended, too.
    begun: BTreeMap<usize, bool>,
}

impl Turns {
    /// Items of these names, whose events go to that sink.
    pub fn new(sink: Arc<dyn Sink>, names: Vec<String>) -> Arc<Turns> {
        Arc::new(Turns { sink, names, state: Mutex::default() })
    }

    /// The names of the items.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The sink of one item.
    pub fn sink_of(self: &Arc<Turns>, item: usize) -> Arc<dyn Sink> {
        Arc::new(Speaker { turns: self.clone(), item })
    }

    /// An item begins.
    pub fn begin(&self, item: usize) {
        let mut state = self.state();
        state.begun.insert(item, false);
        self.say_how_far(&state);
    }

    /// An item ended.
    pub fn end(&self, item: usize) {
        let mut state = self.state();
        state.begun.insert(item, true);
        while state.begun.get(&state.turn) == Some(&true) {
            state.turn += 1;
            let next = state.turn;
            for event in state.held.remove(&next).unwrap_or_default() {
                self.sink.emit(event);
            }
        }
        self.say_how_far(&state);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say_how_far(&self, state: &State) {
        let running = state.begun.iter().filter(|(_, ended)| !**ended).map(|(item, _)| self.names[*item].clone());
        let done = state.begun.values().filter(|ended| **ended).count();
        self.sink.emit(Event::Items { running: running.collect(), done, of: self.names.len() });
    }
}

/// Takes the events of one item.
struct Speaker {
    turns: Arc<Turns>,
    item: usize,
}

impl Sink for Speaker {
    fn emit(&self, event: Event) {
        let mut state = self.turns.state();
        if state.turn == self.item {
            self.turns.sink.emit(event);
        } else {
            state.held.entry(self.item).or_default().push(event);
        }
    }

    fn suspend(&self, f: &mut dyn FnMut()) {
        self.turns.sink.suspend(f);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Sink for Heard {
        fn emit(&self, event: Event) {
            self.0.lock().unwrap().push(match event {
                Event::Print(text) => text,
                Event::Items { running, done, of } => format!("{done}/{of} {}", running.join("+")),
                other => format!("{other:?}"),
            });
        }
    }

    #[test]
    fn items_speak_in_their_order_and_the_first_at_once() {
        let heard = Arc::new(Heard::default());
        let turns = Turns::new(heard.clone(), vec!["a".into(), "b".into(), "c".into()]);
        let say = |item: usize, text: &str| turns.sink_of(item).emit(Event::Print(text.into()));
        turns.begin(0);
        turns.begin(1);
        turns.begin(2);
        say(2, "c1");
        say(1, "b1");
        say(0, "a1");
        turns.end(2);
        say(1, "b2");
        turns.end(0);
        say(1, "b3");
        turns.end(1);
        let heard = heard.0.lock().unwrap().join(", ");
        assert_eq!(heard, "0/3 a, 0/3 a+b, 0/3 a+b+c, a1, 1/3 a+b, b1, b2, 2/3 b, b3, c1, 3/3 ");
    }
}
