//! Tables of the report.

use std::fmt::Write as _;

use super::super::report::text::Table;
use crate::page::{escape, section};

/// A table of the report, in a section of its own.
pub fn table(table: &Table) -> String {
    let mut rows = String::new();
    // Writing to a string cannot fail.
    for (name, cells) in &table.rows {
        let _ = write!(rows, "<tr><td>{}</td>", escape(name));
        for cell in cells {
            let _ = write!(rows, "<td>{}</td>", escape(cell));
        }
        rows += "</tr>";
    }
    for (name, why) in &table.missing {
        let _ = write!(
            rows,
            "<tr><td>{}</td><td class=\"missing\" colspan=\"{}\">not measured: {}</td></tr>",
            escape(name),
            table.columns.len(),
            escape(why)
        );
    }
    let mut head = String::new();
    if !table.rows.is_empty() {
        for column in &table.columns {
            let _ = write!(head, "<th>{}</th>", escape(column));
        }
        head = format!("<tr><th></th>{head}</tr>");
    }
    let content = format!("<div class=\"wide\"><table>{head}{rows}</table></div>");
    section(table.title, &table.about, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        let hostile = Table {
            title: "figures",
            columns: vec!["a".into()],
            rows: vec![("<script>".into(), vec!["\"'&".into()])],
            missing: vec![("b".into(), "<b>".into())],
            ..Table::default()
        };
        let page = crate::page::page("a & b", &table(&hostile));
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
        assert!(page.contains("&quot;&#39;&amp;"));
        assert!(page.contains("not measured: &lt;b&gt;"));
        assert!(page.contains("<title>a &amp; b</title>"));
    }
}
