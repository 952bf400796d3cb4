//! Pages of HTML that hold all that they show and ask nothing of the network.

pub mod pictures;
mod thumbnail;

pub use thumbnail::{Shrink, data_url};

const STYLE: &str = include_str!("page/style.css");

/// A whole page.
pub fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{}</title><style>{STYLE}</style></head>\n<body>{body}</body></html>\n",
        escape(title)
    )
}

/// A section of a page; nothing if there is nothing in it.
pub fn section(title: &str, about: &str, content: &str) -> String {
    match content.is_empty() {
        true => String::new(),
        false => format!(
            "<section><h2>{}</h2><p>{}</p>{content}</section>",
            escape(title),
            escape(about)
        ),
    }
}

/// Text that means nothing but itself, in an element or an attribute.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
