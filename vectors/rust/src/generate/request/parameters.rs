use crate::generate::draft::RequestCase;

pub(super) fn cases() -> Vec<RequestCase> {
    Vec::new()
}
