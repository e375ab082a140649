//! A look into a refresh token without any secret: what a text in a log says that it is, for whoever has to find its session.

use alloc::format;
use alloc::string::String;

use crate::form::{Form, LEN, SECRET, TAG, VERSION};
use crate::session::SessionId;

/// What stands in this text, if it has the form of a refresh token: number of the secret, session and generation, on lines of their own; and
/// by what it is none, otherwise. For people: nothing is checked, nothing of it is true for that, and a program has no use for it.
///
/// The token's own secret and its tag are never shown, nor any letter of a text that is no refresh token.
///
/// ```
/// let text = counterseal_refresh::inspect("\"csrt1_AQE\"");
/// assert!(text.starts_with("nothing of this is checked"));
/// assert!(text.ends_with("no refresh token: it does not begin with csrt1_"));
/// ```
//= docs/spec/refresh.md#S-1
pub fn inspect(token: &str) -> String {
    let form = match Form::read(token) {
        Ok(form) => form,
        Err(fault) => return format!("{NOTICE}\nno refresh token: {fault}"),
    };
    format!(
        "{NOTICE}\n\
         a refresh token: {LEN} bytes of version {VERSION}\n\
         secret number {}\n\
         session {}\n\
         generation {}\n\
         own secret: {SECRET} bytes, not shown\n\
         tag: {TAG} bytes, not shown",
        form.secret_number(),
        SessionId::new(form.session()),
        form.generation(),
    )
}

const NOTICE: &str = "nothing of this is checked: anybody may have written it";
