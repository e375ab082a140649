//! Rate limits: their arithmetic against a bucket of tokens, racers for one cell, and a flood of addresses.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Mutex;

use counterseal_core::{
    Charge, Charged, Gcra, Rate, Run, Seed, Space, Span, Time, Unavailable, drive,
};
use counterseal_limit::Limit;
use counterseal_memory::Memory;
use counterseal_replay::PrivateCells;
use counterseal_shm::SharedCells;
use counterseal_sqlite::Sqlite;
use counterseal_testkit::{Scratch, race};

use crate::Size;
use crate::flood::resident;
use crate::report::Report;
use crate::uses::{BEGINNING, WARM, WINDOW};

pub(crate) fn prove(size: Size, report: &mut Report) {
    if size == Size::Broken {
        return racers(
            "a look and then a write",
            &LooksThenWrites::default(),
            200,
            report,
        );
    }
    let full = size == Size::Full;
    arithmetic(if full { 1_000_000 } else { 50_000 }, report);
    let scratch = Scratch::new();
    let sqlite = Sqlite::open(&scratch.file("cells.db"), &[], &[LIMIT], WINDOW, BEGINNING);
    let cells = if full { 2_000 } else { 50 };
    racers("cells", &PrivateCells::new(1 << 20, &SEED), cells, report);
    let path = scratch.path().join("private").join("cells");
    let shared = SharedCells::open(&path, 1 << 20, &SEED).expect("a file of cells");
    racers("shared cells", &shared, cells, report);
    racers(
        "memory",
        &Memory::new(WINDOW, 100_000, BEGINNING),
        cells,
        report,
    );
    racers("sqlite", &sqlite.expect("a database"), cells / 10, report);
    flood(if full { 1_000_000 } else { 100_000 }, report);
    rotation(if full { 16 } else { 2 }, report);
}

/// The one function, and the cells, against tokens in a bucket, whatever the rates and costs and wherever the clock goes.
fn arithmetic(steps: u64, report: &mut Report) {
    let mut random = Random(1);
    let [mut passed, mut function, mut table, mut at] = [0_u64; 4];
    while at < steps {
        // Another key, rate and clock now and then, so that each begins with an empty cell.
        let (rate, mut now) = (random.rate(), random.moment());
        let cells = PrivateCells::new(1, &SEED);
        let (mut gcra, mut bucket, key) = (Gcra::default(), Bucket::default(), at);
        for _ in 0..100 {
            now = random.moved(now);
            let charge = Charge {
                cost: random.cost(rate),
                ..charge(key, rate, now)
            };
            let wanted = bucket.take(&charge);
            let (answer, next) = gcra.charge(rate, charge.cost, now);
            gcra = next;
            passed += u64::from(wanted);
            function += u64::from(is_within(answer) != wanted);
            table += u64::from(is_within(cells.cells().charge(&charge)) != wanted);
            at += 1;
        }
    }
    report.check(
        "the arithmetic is that of a bucket of tokens",
        function == 0 && table == 0 && passed > steps / 10 && passed < steps / 10 * 9,
        [
            ("steps", at.into()),
            ("passed", passed.into()),
            ("differ", function.into()),
            ("differ_in_the_table", table.into()),
        ],
    );
}

/// 64 threads, one cell, one instant; and the same again for many cells.
fn racers(store: &str, limits: &(impl Run<Charge> + Sync), cells: u64, report: &mut Report) {
    let rate = Rate::new(5, 1_000).expect("a rate");
    let answers = race(RACERS, |_| {
        let run = |cell| limits.run(charge(cell, rate, WARM)).expect("an answer");
        (0..cells).map(run).map(is_within).collect::<Vec<bool>>()
    });
    let count = |cell: usize| answers.iter().filter(|answers| answers[cell]).count();
    let counts: Vec<usize> = (0..answers[0].len()).map(count).collect();
    let (most, least) = (counts.iter().max(), counts.iter().min());
    let (most, least) = (most.copied().unwrap_or(0), least.copied().unwrap_or(0));
    report.check(
        &format!("64 racers pass as many as a burst has: {store}"),
        most <= 6 && least >= 4,
        [
            ("cells", cells.into()),
            ("burst", 5.into()),
            ("most", most.into()),
            ("least", least.into()),
        ],
    );
}

/// Each address comes a few times; no cell is kept for it.
fn flood(addresses: u64, report: &mut Report) {
    let cells = PrivateCells::new(1 << 16, &SEED);
    let rate = Rate::new(5, 1_000).expect("a rate");
    for address in 0..1_000 {
        cells.cells().charge(&charge(address, rate, BEGINNING));
    }
    let memory = resident();
    for address in 0..addresses {
        let now = WARM.plus(Span::from_millis((address / 100).cast_signed()));
        for _ in 0..3 {
            cells.cells().charge(&charge(address, rate, now));
        }
    }
    let grown = resident().saturating_sub(memory);
    report.check(
        "a flood of addresses grows nothing",
        grown < 1 << 20,
        [
            ("addresses", addresses.into()),
            ("bytes", (8 << 16).into()),
            ("resident_bytes_grown", grown.into()),
        ],
    );
}

/// Sites of version 6 whose 65 536 networks come once each, at one moment; an address of version 4 comes among them.
fn rotation(sites: u16, report: &mut Report) {
    let cells = PrivateCells::new(1 << 20, &SEED);
    let limit = Limit::new("rotation", 5, 1_000).expect("a limit");
    let passes = |client| drive(&cells, limit.by_address(client, 1, WARM)).is_ok();
    let (mut most, mut least) = (0, usize::MAX);
    for site in 0..sites {
        let network = |network| Ipv6Addr::new(0x2001, 0xdb8, site, network, 0, 0, 0, 1).into();
        let count = (0..=u16::MAX)
            .filter(|number| passes(network(*number)))
            .count();
        (most, least) = (most.max(count), least.min(count));
    }
    let honest = (0..100)
        .filter(|last| passes(Ipv4Addr::new(192, 0, 2, *last).into()))
        .count();
    report.check(
        "who rotates the networks of a site has a site's share, and others are served",
        most <= 80 && least >= 40 && honest >= 95,
        [
            ("networks", (u64::from(sites) << 16).into()),
            ("most_of_a_site", most.into()),
            ("least_of_a_site", least.into()),
            ("others_served_of_100", honest.into()),
        ],
    );
}

/// Tokens, as the textbook has them: they come in with time, and a request takes some. A token is a millisecond.
#[derive(Default)]
struct Bucket(Option<(Time, i64)>);

impl Bucket {
    /// Whether the charge passes. The bucket knows the tokens that it had at the latest time at which one was taken; a
    /// caller that comes late finds as many fewer, and a clock that was set back far makes it begin anew, without any.
    fn take(&mut self, charge: &Charge) -> bool {
        let every = i64::from(charge.rate.every_ms());
        let room = every * i64::from(charge.rate.burst());
        let now = charge.now.millis();
        let (at, had) = self.0.map_or((now, room), |(at, had)| (at.millis(), had));
        let have = (had + now - at).min(room);
        if have < -room.max(10_000) {
            self.0 = Some((charge.now, 0));
            return charge.cost == 0;
        }
        let need = every * i64::from(charge.cost);
        if have < need {
            return false;
        }
        self.0 = Some((charge.now, have - need));
        true
    }
}

/// Reads a cell, and writes it in a second step.
#[derive(Default)]
struct LooksThenWrites(Mutex<HashMap<[u8; 16], Gcra>>);

impl Run<Charge> for LooksThenWrites {
    fn run(&self, op: Charge) -> Result<Charged, Unavailable> {
        let cell = self.0.lock().expect("no panic").get(&op.key).copied();
        std::thread::yield_now();
        let (answer, next) = cell.unwrap_or_default().charge(op.rate, op.cost, op.now);
        self.0.lock().expect("no panic").insert(op.key, next);
        Ok(answer)
    }
}

/// Numbers that look random and are the same in every run (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ word >> 31) % end.unsigned_abs()).cast_signed()
    }

    fn small(&mut self, end: i64) -> u32 {
        u32::try_from(self.below(end)).expect("a small number")
    }

    fn rate(&mut self) -> Rate {
        let (bursts, periods) = ([2, 10, 1_000, 1_000_000], [2, 100, 10_000, 100_000_000]);
        let [burst, every] = [bursts, periods].map(|of| of[self.small(4) as usize]);
        Rate::new(1 + self.small(burst), 1 + self.small(every)).expect("a rate")
    }

    fn cost(&mut self, rate: Rate) -> u32 {
        match self.below(20) {
            0 => self.small(1 << 32),
            1 => rate.burst(),
            2 => 0,
            _ => 1 + self.small(4),
        }
    }

    fn moment(&mut self) -> Time {
        Time::from_millis(self.below(1 << 50))
    }

    fn moved(&mut self, now: Time) -> Time {
        let far = [10, 1_000, 20_000, 4_000_000][self.small(4) as usize];
        let by = Span::from_millis(self.below(far));
        let moved = if self.below(5) == 0 {
            now.minus(by)
        } else {
            now.plus(by)
        };
        moved.max(Time::EPOCH)
    }
}

fn charge(key: u64, rate: Rate, now: Time) -> Charge {
    Charge {
        space: LIMIT,
        key: u128::from(key).to_be_bytes(),
        cost: 1,
        rate,
        now,
    }
}

const fn is_within(answer: Charged) -> bool {
    matches!(answer, Charged::Within { .. })
}

const LIMIT: Space = Space::new("limit");
const RACERS: usize = 64;
const SEED: Seed<16> = Seed::new([7; 16]);
