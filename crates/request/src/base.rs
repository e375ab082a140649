//! The signature base (RFC 9421 section 2.5): which components a message has under a profile, and their lines.

use alloc::{borrow::Cow, vec::Vec};

use crate::RequestError;
use crate::message::{Found, MAX_VALUE, Request, is_value, within};
use crate::policy::{Audience, Profile};

/// A covered component: its name, and its value in one or two pieces.
#[derive(Clone, Copy)]
pub(crate) struct Component<'a> {
    pub(crate) name: &'a str,
    /// `?` for the query, nothing for all others.
    lead: &'static [u8],
    pub(crate) value: &'a [u8],
}

/// The components of one message, in signing order.
pub(crate) struct Components<'a> {
    list: [Component<'a>; MAX_COMPONENTS],
    len: usize,
}

/// A base that ends in its signature parameters.
pub(crate) struct Base {
    /// All of it.
    pub(crate) text: Vec<u8>,
    /// Where the component list, an opening bracket, begins.
    pub(crate) list_at: usize,
}

impl<'a> Components<'a> {
    /// The components of `request` under `profile`.
    ///
    /// `authority` is what the verifier serves or the signer calls, `digest` what stands or will
    /// stand in `Content-Digest`.
    //= docs/spec/request.md#Q-3
    pub(crate) fn of(
        request: &Request<'a>,
        profile: &'a Profile,
        authority: &'a str,
        digest: Option<&'a [u8]>,
    ) -> Result<Self, RequestError> {
        let mut all = Components::empty();
        all.push("@method", request.method.as_bytes());
        if profile.cover_scheme {
            all.push("@scheme", request.scheme.name().as_bytes());
        }
        match profile.audience {
            Audience::Authority => all.push("@authority", authority.as_bytes()),
            Audience::Field => all.push("cs-audience", authority.as_bytes()),
        }
        all.push("@path", request.path);
        all.push_query(request.query);
        if let Found::Once(value) = request.field("content-type")? {
            all.push_field("content-type", value)?;
        }
        if let Some(value) = digest {
            all.push("content-digest", value);
        }
        all.push_covered(request, profile)?;
        Ok(all)
    }

    fn empty() -> Self {
        let blank = Component {
            name: "",
            lead: b"",
            value: b"",
        };
        Components {
            list: [blank; MAX_COMPONENTS],
            len: 0,
        }
    }

    fn push_covered(
        &mut self,
        request: &Request<'a>,
        profile: &'a Profile,
    ) -> Result<(), RequestError> {
        for name in &profile.cover {
            match request.field(name)? {
                Found::Once(value) => self.push_field(name, value)?,
                Found::Nowhere => {
                    return Err(RequestError::HeaderMissing { name: name.clone() });
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, name: &'a str, value: &'a [u8]) {
        self.list[self.len] = Component {
            name,
            lead: b"",
            value,
        };
        self.len += 1;
    }

    /// The query with its `?`, also when it is empty (RFC 9421 section 2.2.7).
    fn push_query(&mut self, query: &'a [u8]) {
        self.push("@query", query);
        self.list[self.len - 1].lead = b"?";
    }

    fn push_field(&mut self, name: &'a str, value: &'a [u8]) -> Result<(), RequestError> {
        within("covered field", value.len(), MAX_VALUE)?;
        if !is_value(value) {
            return Err(RequestError::HeaderInvalid { name: name.into() });
        }
        self.push(name, value);
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Component<'a>> {
        self.list[..self.len].iter()
    }

    /// The base up to and including the closing bracket of the component list.
    pub(crate) fn base(&self) -> Result<Base, RequestError> {
        let size: usize = self.iter().map(Component::size).sum();
        within("signature base", size, MAX_BASE)?;
        let mut text = Vec::with_capacity(size + ROOM_FOR_PARAMETERS);
        for component in self.iter() {
            component.write_line(&mut text);
        }
        text.extend_from_slice(br#""@signature-params": "#);
        let list_at = text.len();
        for (i, component) in self.iter().enumerate() {
            text.extend_from_slice(if i == 0 { b"(\"" } else { b" \"" });
            text.extend_from_slice(component.name.as_bytes());
            text.push(b'"');
        }
        text.push(b')');
        Ok(Base { text, list_at })
    }
}

impl Component<'_> {
    /// What it takes up in the base, in its line and in the list.
    fn size(&self) -> usize {
        2 * self.name.len() + self.value.len() + 9
    }

    fn write_line(&self, text: &mut Vec<u8>) {
        text.push(b'"');
        text.extend_from_slice(self.name.as_bytes());
        text.extend_from_slice(b"\": ");
        text.extend_from_slice(self.lead);
        text.extend_from_slice(self.value);
        text.push(b'\n');
    }

    /// The value in one piece.
    pub(crate) fn whole_value(&self) -> Cow<'_, [u8]> {
        if self.lead.is_empty() {
            return Cow::Borrowed(self.value);
        }
        Cow::Owned([self.lead, self.value].concat())
    }
}

/// `@method @scheme @authority @path @query content-type content-digest`, and at most 8 of the policy's.
const MAX_COMPONENTS: usize = 15;
const MAX_BASE: usize = 16 * 1024;
const ROOM_FOR_PARAMETERS: usize = 320;
