//! What a rule of a policy for foreign tokens asks of their claims.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use counterseal_core::KeyId;

use crate::OidcSetupError;
use crate::json::{Members, Value};
use crate::oidc::github;

/// What the claims of a token of any issuer must say: all conditions of a rule together. A claim that is missing, or of another
/// type, meets none.
///
/// ```
/// use counterseal_jwt::{ClaimRule, OidcPolicy};
/// let deploy = ClaimRule::new("deploy")
///     .is("project_id", ["4711"])
///     .is("ref_protected", ["true"])
///     .like("ref", ["release/*"]);
/// let policy = OidcPolicy::issuer("https://ci.example", "deploy.example", [deploy])?;
/// # Ok::<(), counterseal_jwt::OidcSetupError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClaimRule {
    name: Box<str>,
    conditions: Vec<(Box<str>, Kind, Vec<Box<str>>)>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Has,
    Is,
    Like,
}

/// A rule that was checked.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: KeyId,
    pub(crate) conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) claim: Arc<str>,
    pub(crate) wants: Wants,
}

#[derive(Clone, Debug)]
pub(crate) enum Wants {
    /// A list of texts that has this one.
    Has(Box<str>),
    /// One of these texts.
    Is(Vec<Box<str>>),
    /// A text of the form of one of these.
    Like(Vec<Pattern>),
    /// The subject that GitHub makes of the other claims.
    GithubSubject,
    /// The file of a workflow, at whatever ref.
    Workflow(Box<str>),
}

/// A text with at most one `*` in each segment between two `/`, which stands for one letter or more, none of them `/`, `:` or
/// `@`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Box<str>);

impl ClaimRule {
    /// A rule of this name, which refusals and audit events tell: 1 to 64 of `[A-Za-z0-9_.:-]`.
    pub fn new(name: &str) -> Self {
        ClaimRule {
            name: name.into(),
            conditions: Vec::new(),
        }
    }

    /// The same, where this claim is one of these texts.
    #[must_use]
    pub fn is<'v>(self, claim: &str, texts: impl IntoIterator<Item = &'v str>) -> Self {
        self.with(claim, Kind::Is, texts)
    }

    /// The same, where this claim is of the form of one of these texts: a `*` stands for one letter or more inside one segment,
    /// `a/b-*/c`. Not for `sub`, in which issuers put several values into one text: name their claims instead.
    #[must_use]
    pub fn like<'v>(self, claim: &str, patterns: impl IntoIterator<Item = &'v str>) -> Self {
        self.with(claim, Kind::Like, patterns)
    }

    /// The same, where this claim is a list of texts that has this one.
    #[must_use]
    pub fn has(self, claim: &str, text: &str) -> Self {
        self.with(claim, Kind::Has, [text])
    }

    fn with<'v>(
        mut self,
        claim: &str,
        kind: Kind,
        texts: impl IntoIterator<Item = &'v str>,
    ) -> Self {
        // One more than there may be, so that it shows.
        let texts = texts.into_iter().take(MOST + 1).map(Box::from).collect();
        self.conditions.push((claim.into(), kind, texts));
        self
    }

    pub(crate) fn rule(&self) -> Result<Rule, OidcSetupError> {
        let mut rule = Rule::new(&self.name)?;
        for (claim, kind, texts) in &self.conditions {
            match (kind, texts.as_slice()) {
                (Kind::Has, [text]) => rule.push(claim, Wants::Has(text.clone()))?,
                (Kind::Like, _) if &**claim == "sub" => return Err(rule.pattern()),
                (Kind::Like, patterns) => rule.like(claim, patterns)?,
                (Kind::Has | Kind::Is, texts) => rule.is(claim, texts)?,
            }
        }
        Ok(rule)
    }
}

impl Rule {
    pub(crate) fn new(name: &str) -> Result<Self, OidcSetupError> {
        let name = KeyId::parse(name).map_err(|_| OidcSetupError::RuleName)?;
        let conditions = Vec::new();
        Ok(Rule { name, conditions })
    }

    pub(crate) fn is(&mut self, claim: &str, texts: &[Box<str>]) -> Result<(), OidcSetupError> {
        self.push(claim, Wants::Is(texts.into()))
    }

    pub(crate) fn like(&mut self, claim: &str, texts: &[Box<str>]) -> Result<(), OidcSetupError> {
        let patterns = texts.iter().map(|text| Pattern::parse(text));
        let patterns = patterns.collect::<Option<_>>().ok_or(self.pattern())?;
        self.push(claim, Wants::Like(patterns))
    }

    pub(crate) fn push(&mut self, claim: &str, wants: Wants) -> Result<(), OidcSetupError> {
        let is_text = |text: &str| (1..=512).contains(&text.len());
        let is_wanted = match &wants {
            Wants::Has(text) | Wants::Workflow(text) => is_text(text),
            Wants::Is(texts) => {
                (1..=MOST).contains(&texts.len()) && texts.iter().all(|text| is_text(text))
            }
            Wants::Like(patterns) => {
                (1..=MOST).contains(&patterns.len()) && patterns.iter().all(|it| is_text(&it.0))
            }
            Wants::GithubSubject => true,
        };
        let is_name = (1..=128).contains(&claim.len())
            && claim
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
        if !is_wanted || !is_name || self.conditions.len() == MOST {
            return Err(OidcSetupError::Rule { rule: self.name });
        }
        self.conditions.push(Condition {
            claim: claim.into(),
            wants,
        });
        Ok(())
    }

    /// How many conditions hold before the first that does not, and its claim; nothing where all hold.
    pub(crate) fn failed(&self, said: &Members<'_>) -> Option<(usize, &Arc<str>)> {
        let mut numbered = self.conditions.iter().enumerate();
        let (at, failed) = numbered.find(|(_, condition)| !condition.holds(said))?;
        Some((at, &failed.claim))
    }

    pub(crate) const fn pattern(&self) -> OidcSetupError {
        OidcSetupError::Pattern { rule: self.name }
    }
}

impl Condition {
    fn holds(&self, said: &Members<'_>) -> bool {
        let text = match (&self.wants, said.get(&self.claim)) {
            (Wants::Has(text), Some(Value::List(list))) => {
                let has = Value::texts(list).flatten().any(|item| item.is(text));
                return has && Value::texts(list).all(|item| item.is_some());
            }
            (_, Some(Value::Text(text))) => text.said(),
            _ => return false,
        };
        match &self.wants {
            Wants::GithubSubject => github::is_subject(&text, said),
            Wants::Has(_) => false,
            Wants::Is(texts) => texts.iter().any(|one| **one == *text),
            Wants::Like(patterns) => patterns.iter().any(|pattern| pattern.is(&text)),
            Wants::Workflow(file) => github::is_workflow(&text, file),
        }
    }
}

impl Pattern {
    /// A pattern in which something besides wildcards stands.
    fn parse(text: &str) -> Option<Self> {
        let is_segment = |segment: &str| segment.matches('*').count() <= 1;
        let is_bound = text
            .split('/')
            .any(|segment| segment != "*" && !segment.is_empty());
        (is_bound && text.split('/').all(is_segment)).then(|| Pattern(text.into()))
    }

    fn is(&self, text: &str) -> bool {
        let (mut wanted, mut said) = (self.0.split('/'), text.split('/'));
        loop {
            match (wanted.next(), said.next()) {
                (None, None) => return true,
                (Some(pattern), Some(segment)) if is_like(pattern, segment) => {}
                _ => return false,
            }
        }
    }
}

fn is_like(pattern: &str, segment: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == segment;
    };
    let between = segment
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(after));
    between.is_some_and(|letters| !letters.is_empty() && !letters.contains([':', '@']))
}

/// The text of this claim; none where it is missing or of another type.
pub(crate) fn text_of<'t>(said: &Members<'t>, claim: &str) -> Option<Cow<'t, str>> {
    match said.get(claim)? {
        Value::Text(text) => Some(text.said()),
        _ => None,
    }
}

/// The most conditions of a rule, and texts of a condition.
const MOST: usize = 64;
