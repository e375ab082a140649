//! At which version of its subject a new token is issued.

use counterseal_core::{Load, Pending, Row, RowOp, Step, Subject, Unavailable};

use crate::standing::{IssueError, StandingPolicy};

/// Asks for the version that new tokens of a subject have.
#[must_use]
pub struct SubjectVersion {
    subject: [u8; 16],
    any_subject: bool,
}

impl StandingPolicy {
    /// Begins to ask at which version new tokens of a subject are issued ([`Claims::at_version`](crate::Claims::at_version)): whoever logs
    /// in gets one that stands. Where any subject may act, that of one which is not stored is 0.
    pub fn version_of(&self, subject: &str) -> Step<SubjectVersion> {
        Step::Need(SubjectVersion {
            subject: Subject::row_of(&self.tenant, subject),
            any_subject: self.any_subject,
        })
    }
}

impl SubjectVersion {
    fn read(&self, row: Option<Row<Subject>>) -> Result<i64, IssueError> {
        match row {
            Some(row) => match row.record.disabled {
                Some(since) => Err(IssueError::Disabled { since }),
                None => Ok(row.record.user_ver),
            },
            None if self.any_subject => Ok(0),
            None => Err(IssueError::Unknown),
        }
    }
}

impl Pending for SubjectVersion {
    type Op = RowOp<Subject>;
    type Outcome = Result<i64, IssueError>;

    fn op(&self) -> Self::Op {
        RowOp::Load(Load::new(self.subject))
    }

    fn finish(self, reply: Result<Option<Row<Subject>>, Unavailable>) -> Step<Self> {
        Step::Done(match reply {
            Ok(row) => self.read(row),
            Err(Unavailable) => Err(IssueError::Unavailable),
        })
    }
}
