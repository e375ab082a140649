//! Explaining a refusal to the operator: the base that the verifier built, and the first line that differs.
//!
//! It runs on the verifier's side only, and never for an answer to the peer. Values of fields and
//! of the query are shown by their length, because they may hold tokens. Path and key id are shown
//! as they came: visible ASCII, but the peer's words.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use crate::policy::Policy;
use crate::presented::Presented;
use crate::verify::Reads;
use crate::{ForeignPolicy, Request, RequestError, Verifier};

/// What a verifier compared.
#[derive(Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Lines in signing order: what was compared, and what may be shown of it.
    lines: Vec<Line>,
    /// Whether the components and parameters are those of the profile.
    profile: Result<(), RequestError>,
}

#[derive(Clone, PartialEq, Eq)]
struct Line {
    name: String,
    whole: String,
    shown: String,
}

/// The first line of two bases that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line, from 1.
    pub line: usize,
    /// The component whose value differs, or `@signature-params`; none when the verifier's base has
    /// no such line.
    pub component: Option<String>,
    /// The first byte that differs, from 0.
    pub at: usize,
}

impl Verifier {
    /// What this verifier compares for `request`, whatever its signature says.
    ///
    /// # Errors
    ///
    /// The first rule that keeps a base from being built.
    pub fn explain(&self, request: &Request<'_>) -> Result<Explanation, RequestError> {
        match &self.reads {
            Reads::Own(policy) => policy.explain(request),
            Reads::Foreign(policy) => policy.explain(request),
        }
    }
}

impl Policy {
    fn explain(&self, request: &Request<'_>) -> Result<Explanation, RequestError> {
        let len = request.body.len();
        let presented = self.check_message(request, len)?;
        let (base, _) = self.base(request, len)?;
        let list = &base.text[base.list_at..];
        let mut lines = lines(&base.text[..base.lines()]);
        lines.push(Line::of_parameters(list, &presented));
        Ok(Explanation {
            lines,
            profile: presented.parameters(list).map(|_| ()),
        })
    }
}

impl ForeignPolicy {
    /// The signer chose the list, so the base is of what it lists.
    fn explain(&self, request: &Request<'_>) -> Result<Explanation, RequestError> {
        let len = request.body.len();
        let presented = self.check_message(request, len)?;
        let (base, end, parameters, _) = self.base(request, len, &presented)?;
        let list = &presented.raw[..presented.raw.len() - parameters.len()];
        let mut lines = lines(&base[..end]);
        lines.push(Line::of_parameters(list, &presented));
        Ok(Explanation {
            lines,
            profile: self.parameters(parameters, &presented.mac).map(|_| ()),
        })
    }
}

impl Explanation {
    /// The first line in which the signer's base (see [`Signer::explain`](crate::Signer::explain)) differs.
    pub fn first_difference(&self, signers: &str) -> Option<Difference> {
        let mut theirs = signers.split('\n');
        for (index, ours) in self.lines.iter().enumerate() {
            let other = theirs.next().unwrap_or("");
            if ours.whole != other {
                return Some(Difference {
                    line: index + 1,
                    component: Some(ours.name.clone()),
                    at: common_prefix(&ours.whole, other),
                });
            }
        }
        theirs.next().map(|_| Difference {
            line: self.lines.len() + 1,
            component: None,
            at: 0,
        })
    }

    /// The rule that components or parameters break, if they do.
    pub fn broken_rule(&self) -> Option<&RequestError> {
        self.profile.as_ref().err()
    }
}

impl fmt::Display for Explanation {
    /// The base, redacted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{}", line.shown)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Line {
    /// A line of a component.
    fn of(whole: &str) -> Self {
        let name = whole.split('"').nth(1).unwrap_or_default();
        let value = whole.split_once("\": ").map_or(0, |(_, value)| value.len());
        let shown = match name {
            "@method" | "@scheme" | "@authority" | "@path" | "cs-audience" | "content-digest" => {
                whole.into()
            }
            name => format!("\"{name}\": <{value} bytes>"),
        };
        Line {
            name: name.into(),
            whole: whole.into(),
            shown,
        }
    }

    /// The last line: as received, shown with the component list that the policy wants.
    fn of_parameters(list: &[u8], presented: &Presented<'_>) -> Self {
        let received = ascii(presented.raw);
        let list = ascii(list);
        let shown = match received.strip_prefix(&list) {
            Some(parameters) => format!("{PARAMS_NAME}{list}{}", redact_nonce(parameters)),
            None => format!("{PARAMS_NAME}{list} <expected; another list was received>"),
        };
        Line {
            name: "@signature-params".into(),
            whole: format!("{PARAMS_NAME}{received}"),
            shown,
        }
    }
}

const PARAMS_NAME: &str = "\"@signature-params\": ";

/// The parameters without the nonce's value.
fn redact_nonce(parameters: &str) -> String {
    let Some((before, rest)) = parameters.split_once(";nonce=\"") else {
        return parameters.into();
    };
    let after = rest.split_once('"').map_or("", |(_, after)| after);
    format!("{before};nonce=\"<nonce>\"{after}")
}

/// The lines of components.
fn lines(base: &[u8]) -> Vec<Line> {
    let text = ascii(base);
    let lines = text.split('\n').filter(|line| !line.is_empty());
    lines.map(Line::of).collect()
}

fn ascii(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}
