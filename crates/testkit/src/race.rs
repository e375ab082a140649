//! Threads that begin together.

use std::sync::Barrier;
use std::thread;

/// What `racer` gave in each of `threads` threads that began together; it is given the thread's number.
pub fn race<T: Send>(threads: usize, racer: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (gate, racer) = (Barrier::new(threads), &racer);
    let run = |number| {
        gate.wait();
        racer(number)
    };
    let run = &run;
    thread::scope(|scope| {
        let spawn = |number| scope.spawn(move || run(number));
        let racers: Vec<_> = (0..threads).map(spawn).collect();
        let join =
            |racer: thread::ScopedJoinHandle<'_, T>| racer.join().expect("a racer that ends");
        racers.into_iter().map(join).collect()
    })
}
