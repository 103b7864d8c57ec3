//! Coverage as lcov's trace file (geninfo(1)): what editors and CI servers read.

use crate::report::Coverage;

/// The trace of all files. Branches are numbered within their line.
pub fn trace(coverage: &Coverage) -> String {
    let mut text = String::from("TN:\n");
    for file in &coverage.files {
        text.push_str(&format!("SF:{}\n", file.file));
        let (mut line, mut block) = (0, 0);
        for branch in &file.branches {
            block = if branch.line == line { block + 1 } else { 0 };
            line = branch.line;
            let reached = branch.arms.iter().any(|arm| arm.taken > 0);
            for (number, arm) in branch.arms.iter().enumerate() {
                // A dash says that the branch wasn't come to at all.
                let taken = if reached { arm.taken.to_string() } else { "-".to_string() };
                text.push_str(&format!("BRDA:{line},{block},{number},{taken}\n"));
            }
        }
        let (branches, lines) = (file.branches_share(), file.lines_share());
        text.push_str(&format!("BRF:{}\nBRH:{}\n", branches.all, branches.hit));
        for (line, hits) in &file.lines {
            text.push_str(&format!("DA:{line},{hits}\n"));
        }
        text.push_str(&format!("LF:{}\nLH:{}\nend_of_record\n", lines.all, lines.hit));
    }
    text
}
