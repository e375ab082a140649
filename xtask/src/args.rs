//! The arguments of a command: flags and options in any place, and the words that are left.

use crate::shell::{Done, Stop};

/// Arguments that are taken one after the other; what nobody took is refused.
pub(crate) struct Args(Vec<String>);

impl Args {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Args(words)
    }

    /// Whether the flag was given.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() < before
    }

    /// Each value of an option, given as `--name VALUE` or `--name=VALUE`.
    pub(crate) fn values(&mut self, name: &str) -> Result<Vec<String>, Stop> {
        let (mut values, mut left) = (Vec::new(), Vec::new());
        let mut words = std::mem::take(&mut self.0).into_iter();
        while let Some(word) = words.next() {
            if word == name {
                let missing = || Stop::unable(format!("{name} needs a value"));
                values.push(words.next().ok_or_else(missing)?);
            } else if let Some(value) = value_of(name, &word) {
                values.push(value.into());
            } else {
                left.push(word);
            }
        }
        self.0 = left;
        Ok(values)
    }

    /// The value of an option that may come once, as a number.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>, Stop> {
        let values = self.values(name)?;
        let wrong = || Stop::unable(format!("{name} takes one whole number"));
        match values.as_slice() {
            [] => Ok(None),
            [value] => value.parse().map(Some).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    /// The words that are left.
    pub(crate) fn rest(self) -> Result<Vec<String>, Stop> {
        match self.0.iter().find(|word| word.starts_with('-')) {
            Some(word) => Err(Stop::unable(format!("no such option: {word}"))),
            None => Ok(self.0),
        }
    }

    /// Refuses whatever is left.
    pub(crate) fn end(self) -> Done {
        match self.0.first() {
            Some(word) => Err(Stop::unable(format!("too many arguments: {word}"))),
            None => Ok(()),
        }
    }
}

fn value_of<'a>(name: &str, word: &'a str) -> Option<&'a str> {
    word.strip_prefix(name)?.strip_prefix('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(String::from).collect())
    }

    #[test]
    fn options_are_taken_from_any_place() {
        let mut args = args("one --path a --json --path=b two");
        assert!(args.flag("--json"));
        assert_eq!(args.values("--path").ok().unwrap(), ["a", "b"]);
        assert_eq!(args.rest().ok().unwrap(), ["one", "two"]);
    }

    #[test]
    fn an_option_without_its_value_is_refused() {
        assert!(args("--path").values("--path").is_err());
        assert!(args("--seconds soon").number("--seconds").is_err());
    }

    #[test]
    fn an_option_that_nobody_took_is_refused() {
        assert!(args("--pth a").rest().is_err());
    }
}
