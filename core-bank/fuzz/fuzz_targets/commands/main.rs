//! Any bytes as a sequence of commands: whatever is asked in whatever order and whenever, decided facts
//! fold, the books sum to zero, nobody falls below it, a group that is undone leaves no trace, and a
//! replay makes the same state.
#![no_main]

mod bytes;
mod products;
mod wishes;
mod world;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use world::World;

const PEOPLE: [&str; 3] = [
    "11010519491231002X",
    "440524188001010014",
    "110105199001010010",
];

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = Bytes(bytes);
    let mut world = World::settled();
    for key in 0..128_u8 {
        if bytes.0.is_empty() {
            break;
        }
        let undone = bytes.below(8) == 0;
        let at = world.now;
        world.now = at.after(bytes.pause());
        let before = undone.then(|| world.state.clone());
        world.state.mark();
        world.from = bytes.origin();
        let (caller, action) = (bytes.caller(), bytes.action(&world));
        let key = if bytes.below(8) == 0 { 0 } else { key };
        let record = world.decide(caller, key, action);
        match before {
            Some(before) => {
                world.state.drop_changes();
                assert!(world.state == before, "what was undone left a trace");
            }
            None => {
                world.state.keep();
                if let Some(record) = record {
                    world.keep(record);
                }
            }
        }
        world.check();
    }
    world.check_replay();
});
