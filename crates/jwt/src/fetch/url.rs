//! URLs in the one form that no two parsers read differently (a narrow part of RFC 3986).

/// An https URL with a host and a path.
pub(crate) fn is_https(url: &str) -> bool {
    url.strip_prefix("https://").is_some_and(|rest| {
        let (authority, path) = split(rest);
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        let is_port_right = authority == host || (is_port(port) && port != "443");
        is_host(host) && is_port_right && is_path(path) && url.len() <= MOST
    })
}

/// An http URL of this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    url.strip_prefix("http://").is_some_and(|rest| {
        let (authority, path) = split(rest);
        let mut hosts = ["127.0.0.1", "[::1]", "localhost"].into_iter();
        let is_here = hosts.any(|host| match authority.strip_prefix(host) {
            Some("") => true,
            Some(port) => port
                .strip_prefix(':')
                .is_some_and(|port| is_port(port) && port != "80"),
            None => false,
        });
        is_here && is_path(path) && url.len() <= MOST
    })
}

/// The authority, and the path with its `/`.
fn split(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

/// Labels of lower-case letters, digits and hyphens; the last one has a letter, so that it is no number that means an address.
fn is_host(host: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(is_letter)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or("");
    host.len() <= 253
        && host.split('.').all(is_label)
        && last
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase())
}

fn is_port(port: &str) -> bool {
    let is_decimal = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
    is_decimal && port.parse::<u16>().is_ok()
}

/// A path, and a query where there is one: no fragment, no dot segment, no encoding (of which there are two in each case).
fn is_path(path: &str) -> bool {
    let is_letter =
        |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@?".contains(&byte);
    let (segments, _) = path.split_once('?').unwrap_or((path, ""));
    let is_dots = |segment: &str| matches!(segment, "." | "..");
    path.starts_with('/') && path.bytes().all(is_letter) && !segments.split('/').any(is_dots)
}

/// The longest URL.
const MOST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o05_a_url_has_one_form() {
        for url in [
            "https://iss.example/",
            "https://iss.example:8443/keys?v=2",
            "https://a-b.iss.example/.well-known/jwks.json",
            "https://localhost/keys",
        ] {
            assert!(is_https(url) && !is_loopback(url), "{url}");
        }
        for url in [
            "",
            "https://",
            "https:///keys",
            "https://iss.example",
            "http://iss.example/keys",
            "HTTPS://iss.example/keys",
            "https:/iss.example/keys",
            "https://Iss.example/keys",
            "https://user@iss.example/keys",
            "https://user:pass@iss.example/keys",
            "https://good.example@iss.example/keys",
            "https://iss.example:443/keys",
            "https://iss.example:/keys",
            "https://iss.example:0/keys",
            "https://iss.example:080/keys",
            "https://iss.example:65536/keys",
            "https://iss.example:8443:1/keys",
            "https://iss.example%2f.evil/keys",
            "https://iss.example\\.evil/keys",
            "https://iss.example?/keys",
            "https://iss.example#/keys",
            "https://iss.example/keys#x",
            "https://iss.example/a/../keys",
            "https://iss.example/./keys",
            "https://iss.example/%2e%2e/keys",
            "https://iss.example/ke ys",
            "https://iss.example/ke\tys",
            "https://iss.example/ke\nys",
            "https://iss.example/keys\u{0}",
            "https://iss..example/keys",
            "https://.iss.example/keys",
            "https://iss.example./keys",
            "https://-iss.example/keys",
            "https://169.254.169.254/keys",
            "https://2130706433/keys",
            "https://0x7f000001/keys",
            "https://[::1]/keys",
            "https://ïss.example/keys",
        ] {
            assert!(!is_https(url), "{url}");
        }
    }

    #[test]
    fn only_this_machine_may_do_without_tls() {
        for url in [
            "http://127.0.0.1:8080/k",
            "http://[::1]:1/k",
            "http://localhost/",
        ] {
            assert!(is_loopback(url) && !is_https(url), "{url}");
        }
        for url in [
            "http://127.0.0.1.evil/k",
            "http://localhost.evil/k",
            "http://127.0.0.1@evil/k",
            "http://127.0.0.2/k",
            "http://10.0.0.1/k",
            "http://localhost:80/k",
            "http://localhost",
            "https://127.0.0.1/k",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
