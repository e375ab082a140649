//! What a worker is told, one line each, and what it says.

/// One thing to do.
pub(super) struct Order {
    /// Which client it is about.
    pub(super) number: usize,
    pub(super) now: i64,
    pub(super) salt: u64,
    pub(super) what: What,
}

pub(super) enum What {
    Refresh(String),
    Confirm(String, u32),
    End(String),
}

/// What a worker says.
pub(super) enum Said {
    /// It is about to take a step, or has taken it; from 0.
    Before(u32),
    After(u32),
    /// It stands still.
    Stopped,
    /// An answer: the generation, and the token where there is one.
    Answer(usize, u32, Option<String>),
    Confirmed,
    /// An end is acknowledged.
    Ended(usize),
    Refused(usize, String),
    /// All orders of the round were obeyed.
    Done,
}

impl Order {
    pub(super) fn line(&self) -> String {
        let Order {
            number, now, salt, ..
        } = self;
        match &self.what {
            What::Refresh(token) => format!("{number} {now} {salt} refresh {token}\n"),
            What::Confirm(session, generation) => {
                format!("{number} {now} {salt} confirm {session} {generation}\n")
            }
            What::End(session) => format!("{number} {now} {salt} end {session}\n"),
        }
    }

    pub(super) fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let (head, rest) = words.split_at_checked(3)?;
        let what = match *rest {
            ["refresh", token] => What::Refresh(token.into()),
            ["confirm", session, generation] => {
                What::Confirm(session.into(), generation.parse().ok()?)
            }
            ["end", session] => What::End(session.into()),
            _ => return None,
        };
        Some(Order {
            number: head[0].parse().ok()?,
            now: head[1].parse().ok()?,
            salt: head[2].parse().ok()?,
            what,
        })
    }
}

impl Said {
    pub(super) fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        Some(match *words.as_slice() {
            ["before", _, step] => Said::Before(step.parse().ok()?),
            ["after", _, step] => Said::After(step.parse().ok()?),
            ["stopped"] => Said::Stopped,
            ["=", number, generation, token] => {
                let token = (token != "-").then(|| token.to_owned());
                Said::Answer(number.parse().ok()?, generation.parse().ok()?, token)
            }
            ["confirmed", _] => Said::Confirmed,
            ["ended", number] => Said::Ended(number.parse().ok()?),
            ["!", number, code] => Said::Refused(number.parse().ok()?, code.into()),
            ["done"] => Said::Done,
            _ => return None,
        })
    }
}
