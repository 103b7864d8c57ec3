//! What of the library can be named: its templates, and what a script uses of it. `list` and `eject` ask.

use std::collections::BTreeSet;

use super::{Library, Listed, Script, card_of, template_names};
use crate::config::file;
use crate::embedded;
use crate::error::Result;

impl Library {
    /// All templates, the workspace's own instead of built-in ones of their names.
    pub fn templates(&self) -> Result<Vec<Listed>> {
        let mut found: Vec<Listed> = Vec::new();
        let title = |shown: &str, text: &str| -> String {
            let card = card_of(shown, text).unwrap_or_default();
            card["title"].as_str().unwrap_or_default().to_string()
        };
        for entry in std::fs::read_dir(self.workspace.join("templates")).into_iter().flatten().flatten() {
            let (name, card) = (entry.file_name().to_string_lossy().into_owned(), entry.path().join("template.yaml"));
            if !name.starts_with('.')
                && let Ok(text) = file::read_text(&card)
            {
                let title = title(&card.display().to_string(), &text);
                found.push(Listed { name, title, origin: "workspace" });
            }
        }
        for (name, _) in template_names()? {
            if !found.iter().any(|listed| listed.name == name)
                && let Some(card) = embedded::file(&format!("templates/{name}/template.yaml"))
            {
                let title = title(card.path, &String::from_utf8_lossy(card.bytes));
                found.push(Listed { name, title, origin: "embedded" });
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// The name of the built-in template that a name or alias stands for, if the workspace has none of that name.
    pub fn embedded_name(&self, name: &str) -> Result<Option<String>> {
        let names = template_names()?;
        let named = names.iter().find(|(real, aliases)| real == name || aliases.iter().any(|alias| alias == name));
        let free = |name: &String| !self.workspace.join("templates").join(name).join("template.yaml").is_file();
        Ok(named.map(|(real, _)| real.clone()).filter(free))
    }

    /// The modules and the built-in templates that a script names, itself or in modules that it imports.
    pub fn uses(&self, script: &Script) -> Result<(Vec<String>, Vec<String>)> {
        let names = template_names()?;
        let (mut modules, mut templates) = (BTreeSet::new(), BTreeSet::new());
        let mut todo = vec![script.text.clone()];
        while let Some(text) = todo.pop() {
            for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
                let imported = line.strip_prefix("import \"").and_then(|rest| rest.split('"').next());
                if let Some(name) = imported {
                    if modules.insert(name.to_string()) {
                        todo.push(self.module(name)?.text);
                    }
                    continue;
                }
                // Every second part of a line stands between quotes.
                for word in line.split('"').skip(1).step_by(2) {
                    let named = names.iter().find(|(name, aliases)| name == word || aliases.iter().any(|a| a == word));
                    templates.extend(named.map(|(name, _)| name.clone()));
                }
            }
        }
        Ok((modules.into_iter().collect(), templates.into_iter().collect()))
    }
}
