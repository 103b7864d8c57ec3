//! Aligned columns for lists: runs, pull requests, golden paths. No borders, a dimmed header, cut to the terminal.

use console::{measure_text_width, truncate_str};

use super::look::{Look, one_line};

/// Columns aren't cut below this many characters.
const LEAST: usize = 8;

/// Rows of cells below a header.
#[derive(Debug, Clone, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns; with none it has no header.
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Table {
        Table { header: header.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row. Line breaks in cells become spaces.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) -> &mut Table {
        self.rows.push(cells.into_iter().map(|cell| one_line(cell.as_ref())).collect());
        self
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, each line with its newline; empty if there is no row. On a terminal the widest columns are
    /// cut until a line fits.
    pub fn render(&self, look: &Look) -> String {
        if self.is_empty() {
            return String::new();
        }
        let widths = self.widths(look.width);
        let tail = look.symbol("…", "~");
        let line = |cells: &[String]| {
            let last = cells.len().saturating_sub(1);
            let mut line = String::new();
            for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                let cell = truncate_str(cell, *width, tail);
                line.push_str(&cell);
                if at < last {
                    line.push_str(&" ".repeat(width - measure_text_width(&cell) + 2));
                }
            }
            line.trim_end().to_string()
        };
        let mut text = String::new();
        if !self.header.is_empty() {
            text.push_str(&format!("{}\n", look.dim(&line(&self.header))));
        }
        for row in &self.rows {
            text.push_str(&line(row));
            text.push('\n');
        }
        text
    }

    fn widths(&self, limit: Option<usize>) -> Vec<usize> {
        let mut widths = Vec::new();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            for (at, cell) in row.iter().enumerate() {
                if at == widths.len() {
                    widths.push(0);
                }
                widths[at] = widths[at].max(measure_text_width(cell));
            }
        }
        let gaps = 2 * widths.len().saturating_sub(1);
        let limit = limit.unwrap_or(usize::MAX).saturating_sub(gaps);
        while widths.iter().sum::<usize>() > limit {
            match widths.iter_mut().max() {
                Some(widest) if *widest > LEAST => *widest -= 1,
                _ => break,
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs() -> Table {
        let mut table = Table::new(["RUN", "STATUS", "WHAT"]);
        table.row(["create-service/payments-dev-api", "applied", "7 created"]);
        table.row(["rotate", "waiting", "the approval of\nacme/platform-gitops#12"]);
        table
    }

    #[test]
    fn columns_align() {
        insta::assert_snapshot!(runs().render(&Look::default()), @r#"
        RUN                              STATUS   WHAT
        create-service/payments-dev-api  applied  7 created
        rotate                           waiting  the approval of acme/platform-gitops#12
        "#);
    }

    #[test]
    fn the_widest_columns_are_cut_to_the_terminal() {
        let look = Look { unicode: true, width: Some(48), ..Look::default() };
        insta::assert_snapshot!(runs().render(&look), @r#"
        RUN                  STATUS   WHAT
        create-service/pay…  applied  7 created
        rotate               waiting  the approval of a…
        "#);
        assert!(runs().render(&look).lines().all(|line| measure_text_width(line) <= 48));
    }

    #[test]
    fn ragged_and_empty_tables_are_fine() {
        let mut table = Table::new(["A"]);
        assert_eq!(table.render(&Look::default()), "");
        table.row(["1", "2"]).row(["ü"]);
        assert_eq!(table.render(&Look::default()), "A\n1  2\nü\n");
    }
}
