//! What nobody is to read: secrets in URIs and in what others say of them.

/// What stands for a secret.
pub const HIDDEN: &str = "***";

/// Parts of names whose values are secrets.
const SECRET_NAMES: [&str; 7] = [
    "pass",
    "secret",
    "token",
    "key",
    "credential",
    "username",
    "signature",
];

/// Whether what is called so is nobody's business.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// A URI without who asks, and without the values of secrets in its query.
pub fn hide_uri(uri: &str) -> String {
    let (before, query) = match uri.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (uri, None),
    };
    let mut shown = match before.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", hide_user(rest)),
        None => before.to_owned(),
    };
    if let Some(query) = query {
        let hidden = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_secret(name) => format!("{name}={HIDDEN}"),
            _ => pair.to_owned(),
        });
        shown.push('?');
        shown += &hidden.collect::<Vec<_>>().join("&");
    }
    shown
}

/// Host and path, whoever asks. An `@` behind the first `/` may still be of a password that was
/// not written as it should be.
fn hide_user(rest: &str) -> String {
    match rest.rsplit_once('@') {
        Some((_, behind)) => format!("{HIDDEN}@{behind}"),
        None => rest.to_owned(),
    }
}

/// A text in which these secrets are hidden.
pub fn hide_in(text: &str, secrets: &[String]) -> String {
    // The longest first: one may be part of another.
    let mut secrets: Vec<_> = secrets.iter().filter(|secret| secret.len() > 2).collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), HIDDEN)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_in_no_text() {
        for (uri, shown) in [
            ("nats://host:4222/rows", "nats://host:4222/rows"),
            ("nats://me:hush@host/rows", "nats://***@host/rows"),
            ("mqtt://me:hu@sh/x@host", "mqtt://***@host"),
            (
                "kafka://a:1,b:2/t?sasl.username=me&sasl.password=hush&acks=all",
                "kafka://a:1,b:2/t?sasl.username=***&sasl.password=***&acks=all",
            ),
            ("jsonl:a@b", "jsonl:a@b"),
        ] {
            assert_eq!(hide_uri(uri), shown);
        }
        let secrets = ["hush".to_owned(), "hush-hush".to_owned()];
        assert_eq!(
            hide_in("said hush-hush and hush", &secrets),
            "said *** and ***"
        );
    }
}
