//! Arguments, converted by hand: whatever comes in, what goes out has one of our codes.

use std::borrow::Cow;

use counterseal_shared::{
    ArgumentFault, MAX_BYTES, MAX_ITEMS, Message, Scheme, check_len, scheme as scheme_of,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMemoryView, PyString, PyTuple,
};

use crate::errors::Guarded;

/// Any argument; what it is gets decided here and not by pyo3.
pub(crate) type Any<'py> = Bound<'py, PyAny>;
/// An argument that may be left out; `None` is the same as leaving it out.
pub(crate) type Maybe<'py> = Option<Bound<'py, PyAny>>;

/// Text.
pub(crate) fn text<'a>(name: &'static str, value: &'a Any<'_>) -> Guarded<&'a str> {
    let text = value.cast::<PyString>().map_err(|_| wrong(name, "str"))?;
    let text = text.to_str().map_err(|_| ArgumentFault::Text { name })?;
    check_len(name, text.len(), 0, MAX_BYTES)?;
    Ok(text)
}

/// Bytes: borrowed from `bytes`, which cannot change, and copied from `bytearray` and `memoryview`.
pub(crate) fn bytes<'a>(name: &'static str, value: &'a Any<'_>) -> Guarded<Cow<'a, [u8]>> {
    if let Ok(fixed) = value.cast::<PyBytes>() {
        check_len(name, fixed.as_bytes().len(), 0, MAX_BYTES)?;
        return Ok(Cow::Borrowed(fixed.as_bytes()));
    }
    if let Ok(array) = value.cast::<PyByteArray>() {
        check_len(name, array.len(), 0, MAX_BYTES)?;
        return Ok(Cow::Owned(array.to_vec()));
    }
    if let Ok(view) = value.cast::<PyMemoryView>() {
        return viewed(name, view).map(Cow::Owned);
    }
    Err(wrong(name, "bytes, bytearray or memoryview").into())
}

/// Bytes, or text in UTF-8.
pub(crate) fn raw<'a>(name: &'static str, value: &'a Any<'_>) -> Guarded<Cow<'a, [u8]>> {
    if value.is_instance_of::<PyString>() {
        return Ok(Cow::Borrowed(text(name, value)?.as_bytes()));
    }
    bytes(name, value)
}

/// Text, or bytes that should be ASCII: other bytes become a character that no rule allows.
fn ascii<'a>(name: &'static str, value: &'a Any<'_>) -> Guarded<Cow<'a, str>> {
    if value.is_instance_of::<PyString>() {
        return Ok(Cow::Borrowed(text(name, value)?));
    }
    Ok(match bytes(name, value)? {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    })
}

/// A whole number; neither `bool` nor `float` is one.
pub(crate) fn int(name: &'static str, value: &Any<'_>, least: i64, most: i64) -> Guarded<i64> {
    let range = ArgumentFault::Range { name, least, most };
    if value.is_instance_of::<PyFloat>() {
        return Err(range.into());
    }
    if value.is_instance_of::<PyBool>() || !value.is_instance_of::<PyInt>() {
        return Err(wrong(name, "int").into());
    }
    let number = value.extract::<i64>().map_err(|_| range)?;
    Ok(counterseal_shared::number(name, number, least, most)?)
}

/// A whole number that may be left out.
pub(crate) fn maybe_int(name: &'static str, value: &Maybe<'_>) -> Guarded<Option<i64>> {
    let value = given(value);
    value.map(|v| int(name, v, i64::MIN, i64::MAX)).transpose()
}

/// `True` or `False`.
pub(crate) fn flag(name: &'static str, value: &Maybe<'_>, otherwise: bool) -> Guarded<bool> {
    match given(value) {
        None => Ok(otherwise),
        Some(value) => match value.cast::<PyBool>() {
            Ok(flag) => Ok(flag.is_true()),
            Err(_) => Err(wrong(name, "bool").into()),
        },
    }
}

/// Text that may be left out.
pub(crate) fn maybe_text(name: &'static str, value: &Maybe<'_>) -> Guarded<Option<String>> {
    given(value)
        .map(|v| text(name, v).map(Into::into))
        .transpose()
}

/// A list or tuple of texts.
pub(crate) fn texts(name: &'static str, value: &Maybe<'_>) -> Guarded<Vec<String>> {
    let Some(value) = given(value) else {
        return Ok(Vec::new());
    };
    let items = items(name, value)?;
    items
        .iter()
        .map(|v| text(name, v).map(Into::into))
        .collect()
}

/// The items of a list or tuple. Nothing else is iterated, so no foreign code runs here.
pub(crate) fn items<'py>(name: &'static str, value: &Any<'py>) -> Guarded<Vec<Any<'py>>> {
    if let Ok(list) = value.cast::<PyList>() {
        check_len(name, list.len(), 0, MAX_ITEMS)?;
        return Ok(list.iter().collect());
    }
    let tuple = value
        .cast::<PyTuple>()
        .map_err(|_| wrong(name, "list or tuple"))?;
    check_len(name, tuple.len(), 0, MAX_ITEMS)?;
    Ok(tuple.iter().collect())
}

static TIME: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// The instant given, or the host's clock: `time.time_ns()`, in milliseconds.
pub(crate) fn now(py: Python<'_>, value: &Maybe<'_>) -> Guarded<i64> {
    if let Some(value) = given(value) {
        return int("now", value, 0, counterseal_shared::MAX_TIME);
    }
    let time = TIME.get_or_try_init(py, || py.import("time").map(Bound::unbind))?;
    let nanoseconds = time.bind(py).call_method0(intern!(py, "time_ns"))?;
    Ok(nanoseconds.extract::<i64>()? / 1_000_000)
}

/// The seed given, or `length` bytes of `os.urandom`.
pub(crate) fn seed(py: Python<'_>, value: &Maybe<'_>, length: usize) -> Guarded<Vec<u8>> {
    if let Some(value) = given(value) {
        return Ok(bytes("seed", value)?.into_owned());
    }
    let random = py.import("os")?.call_method1("urandom", (length,))?;
    Ok(random.extract()?)
}

/// An argument that is there and not `None`.
pub(crate) fn given<'a, 'py>(value: &'a Maybe<'py>) -> Option<&'a Any<'py>> {
    value.as_ref().filter(|value| !value.is_none())
}

/// A value of another type than it may have.
pub(crate) const fn wrong(name: &'static str, wanted: &'static str) -> ArgumentFault {
    ArgumentFault::Type { name, wanted }
}

/// The arguments that stand for a request.
pub(crate) struct Parts<'py> {
    pub(crate) method: Any<'py>,
    pub(crate) scheme: Any<'py>,
    pub(crate) authority: Any<'py>,
    pub(crate) path: Any<'py>,
    pub(crate) query: Maybe<'py>,
    pub(crate) headers: Maybe<'py>,
    pub(crate) body: Maybe<'py>,
}

/// A field line, borrowed where its bytes cannot change.
pub(crate) type Field<'a> = (Cow<'a, str>, Cow<'a, [u8]>);

/// Field lines as Python holds them.
pub(crate) type Lines<'py> = Vec<(Any<'py>, Any<'py>)>;

impl<'py> Parts<'py> {
    /// The field lines, which must live as long as the message that borrows from them.
    pub(crate) fn lines(&self) -> Guarded<Lines<'py>> {
        lines(&self.headers)
    }

    /// The request, borrowed from Python's objects where their bytes cannot change.
    pub(crate) fn message<'a>(&'a self, lines: &'a Lines<'py>) -> Guarded<Message<'a>> {
        let headers = fields(lines)?;
        Ok(Message {
            method: ascii("method", &self.method)?,
            scheme: self.scheme()?,
            authority: ascii("authority", &self.authority)?,
            path: raw("path", &self.path)?,
            query: maybe("query", &self.query, raw)?,
            headers,
            body: maybe("body", &self.body, bytes)?,
        })
    }

    fn scheme(&self) -> Guarded<Scheme> {
        Ok(scheme_of(text("scheme", &self.scheme)?)?)
    }
}

/// The field lines of a dict, or of a list or tuple of pairs; none without any.
pub(crate) fn lines<'py>(headers: &Maybe<'py>) -> Guarded<Lines<'py>> {
    let Some(headers) = given(headers) else {
        return Ok(Vec::new());
    };
    if let Ok(fields) = headers.cast::<PyDict>() {
        check_len("headers", fields.len(), 0, MAX_ITEMS)?;
        return Ok(fields.iter().collect());
    }
    items("headers", headers)?.iter().map(pair).collect()
}

/// The same, borrowed from Python's objects where their bytes cannot change.
pub(crate) fn fields<'a>(lines: &'a Lines<'_>) -> Guarded<Vec<Field<'a>>> {
    let mut fields = Vec::with_capacity(lines.len());
    for (name, value) in lines {
        fields.push((ascii("headers", name)?, raw("headers", value)?));
    }
    Ok(fields)
}

fn maybe<'a, 'py>(
    name: &'static str,
    value: &'a Maybe<'py>,
    convert: impl Fn(&'static str, &'a Any<'py>) -> Guarded<Cow<'a, [u8]>>,
) -> Guarded<Cow<'a, [u8]>> {
    given(value).map_or(Ok(Cow::Borrowed(b"")), |value| convert(name, value))
}

fn pair<'py>(line: &Any<'py>) -> Guarded<(Any<'py>, Any<'py>)> {
    let parts = items("headers", line)?;
    match <[Any<'py>; 2]>::try_from(parts) {
        Ok([name, value]) => Ok((name, value)),
        Err(_) => Err(wrong("headers", "pairs of name and value").into()),
    }
}

/// A copy of what a memoryview shows; a released one shows nothing.
fn viewed(name: &'static str, view: &Bound<'_, PyMemoryView>) -> Guarded<Vec<u8>> {
    let wrong = |_| wrong(name, "a memoryview that was not released");
    let size = view.getattr("nbytes").map_err(wrong)?;
    check_len(name, size.extract()?, 0, MAX_BYTES)?;
    let copy = view.call_method0("tobytes").map_err(wrong)?;
    Ok(copy.extract()?)
}
