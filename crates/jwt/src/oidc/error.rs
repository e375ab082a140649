//! Why a foreign token is not admitted, or a policy for them cannot be set up.

use alloc::sync::Arc;
use core::fmt;

use counterseal_core::{AuditEvent, Blame, Code, Fact, KeyId, Refusal, Time};

use crate::{JwtError, JwtSetupError};

/// Why a token is not admitted.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OidcError {
    /// It is genuine, and no rule admits it.
    Denied {
        /// The key that signed it.
        key: KeyId,
        /// The rule that came nearest; none where the claim is not as any token of this issuer has it, or the token is too old.
        rule: Option<Arc<str>>,
        /// The claim that is not as the rule has it: its name, from the policy, and nothing of what it says.
        claim: Arc<str>,
    },
    /// It is not genuine, not for us, or over.
    Token(JwtError),
}

/// What cannot be a policy for foreign tokens.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OidcSetupError {
    /// A text with wildcards, or a workflow, is not of the form that it has.
    Pattern {
        /// The rule.
        rule: KeyId,
    },
    /// A condition has no texts, too many, an empty or too long one, or no name of a claim.
    Rule {
        /// The rule.
        rule: KeyId,
    },
    /// A rule for GitHub has no numeric ids.
    RuleIds {
        /// The rule.
        rule: KeyId,
    },
    /// A rule's name is not one.
    RuleName,
    /// A rule admits whoever can run anything, and does not say so.
    RuleOpen {
        /// The rule.
        rule: KeyId,
    },
    /// There are no rules, more than 64, or two of one name.
    Rules,
    /// Issuer, audience or times are outside their bounds.
    Token(JwtSetupError),
}

impl OidcError {
    /// The codes of this error, beside those of [`JwtError`].
    pub const CODES: &'static [Code] = &[DENIED];

    /// The refusal as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        let (key, rule, claim) = match self {
            OidcError::Token(error) => return error.event(now),
            OidcError::Denied { key, rule, claim } => (key, rule, claim),
        };
        let event = AuditEvent::refused(DENIED, Some(*key), now);
        // A name with other letters stays out of the line.
        let id = |text: &Arc<str>| KeyId::parse(text).ok();
        match (rule.as_ref().and_then(id), id(claim)) {
            (Some(rule), Some(claim)) => {
                event.with(&[Fact::id("rule", rule), Fact::id("claim", claim)])
            }
            (Some(rule), None) => event.with(&[Fact::id("rule", rule)]),
            (None, Some(claim)) => event.with(&[Fact::id("claim", claim)]),
            (None, None) => event,
        }
    }
}

impl Refusal for OidcError {
    fn code(&self) -> Code {
        match self {
            OidcError::Denied { .. } => DENIED,
            OidcError::Token(error) => error.code(),
        }
    }
}

impl fmt::Display for OidcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OidcError::Denied { rule, claim, .. } => match rule {
                Some(rule) => write!(
                    f,
                    "{} (rule {rule} is nearest, not met by {claim})",
                    DENIED.means
                ),
                None => write!(f, "{} ({claim})", DENIED.means),
            },
            OidcError::Token(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl core::error::Error for OidcError {}

impl OidcSetupError {
    /// The codes of this error, beside those of [`JwtSetupError`].
    pub const CODES: &'static [Code] = &[
        SETUP_RULE,
        SETUP_RULE_IDS,
        SETUP_RULE_NAME,
        SETUP_RULE_OPEN,
        SETUP_RULE_PATTERN,
        SETUP_RULES,
    ];
}

impl Refusal for OidcSetupError {
    fn code(&self) -> Code {
        match self {
            OidcSetupError::Pattern { .. } => SETUP_RULE_PATTERN,
            OidcSetupError::Rule { .. } => SETUP_RULE,
            OidcSetupError::RuleIds { .. } => SETUP_RULE_IDS,
            OidcSetupError::RuleName => SETUP_RULE_NAME,
            OidcSetupError::RuleOpen { .. } => SETUP_RULE_OPEN,
            OidcSetupError::Rules => SETUP_RULES,
            OidcSetupError::Token(error) => error.code(),
        }
    }
}

impl fmt::Display for OidcSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OidcSetupError::Pattern { rule }
            | OidcSetupError::Rule { rule }
            | OidcSetupError::RuleIds { rule }
            | OidcSetupError::RuleOpen { rule } => write!(f, "{} ({rule})", self.code().means),
            OidcSetupError::Token(error) => fmt::Display::fmt(error, f),
            OidcSetupError::RuleName | OidcSetupError::Rules => f.write_str(self.code().means),
        }
    }
}

impl core::error::Error for OidcSetupError {}

const DENIED: Code = Code {
    name: "jwt_oidc_denied",
    blame: Blame::Peer,
    public: "access_denied",
    http: 403,
    means: "the token is genuine, and no rule admits it",
    fix: "compare the claim that is named with the rule that came nearest; change the rule if the job is meant",
};
const SETUP_RULE: Code = Code::integrator(
    "jwt_setup_rule",
    "a condition of a rule is outside its bounds",
    "name a claim with visible ASCII, and 1 to 64 texts of 1 to 512 bytes",
);
const SETUP_RULE_IDS: Code = Code::integrator(
    "jwt_setup_rule_ids",
    "a rule for GitHub has no numeric ids, or says both one repository and any",
    "give the ids of the repository and of its owner; a name can be registered again by somebody else",
);
const SETUP_RULE_NAME: Code = Code::integrator(
    "jwt_setup_rule_name",
    "the name of a rule is empty, too long or has a character outside its grammar",
    "name rules with 1 to 64 of A-Z, a-z, 0-9, '_', '.', ':' and '-'",
);
const SETUP_RULE_OPEN: Code = Code::integrator(
    "jwt_setup_rule_open",
    "a rule has no condition on what runs, or says any ref beside one",
    "name refs, workflows or environments, or say any_ref alone",
);
const SETUP_RULE_PATTERN: Code = Code::integrator(
    "jwt_setup_rule_pattern",
    "a text with wildcards, or a workflow, is not of the form that it has",
    "use one * in a segment, none in sub; begin refs with refs/heads/, refs/tags/ or refs/pull/; end workflows in @ and a ref or commit",
);
const SETUP_RULES: Code = Code::integrator(
    "jwt_setup_rules",
    "there are no rules, more than 64, or two of one name",
    "give 1 to 64 rules, each a name of its own",
);
