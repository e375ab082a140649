//! The files of the project.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the project.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask is a directory of it")
}

/// A text file, with its path from the root.
pub(crate) struct Text {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The text files below a directory of the project whose names end so; without endings, all of them.
pub(crate) fn texts(directory: &str, endings: &[&str]) -> Vec<Text> {
    let mut paths = Vec::new();
    walk(&root().join(directory), &mut paths);
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let shown = path.strip_prefix(root()).expect("below the root");
        let shown = shown.to_str().expect("a name in ASCII").to_owned();
        let is_wanted = endings.is_empty() || endings.iter().any(|ending| shown.ends_with(ending));
        // What is no text is an image, a library or an archive.
        if let Some(Ok(text)) = is_wanted.then(|| fs::read_to_string(&path)) {
            texts.push(Text { path: shown, text });
        }
    }
    texts
}

/// A file that must be there; the panic says from which line it was asked for.
#[track_caller]
pub(crate) fn read(path: &str) -> String {
    let text = fs::read_to_string(root().join(path));
    text.expect("a file of the project that can be read")
}

fn walk(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory of the project") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_none_or(|name| MADE.contains(&name)) {
            continue;
        }
        if path.is_dir() {
            walk(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// Directories and files that tools make, as in `.gitignore`.
const MADE: &[&str] = &[
    ".git",
    ".hypothesis",
    ".mypy_cache",
    ".next",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
    "artifacts",
    "corpus",
    "next-env.d.ts",
    "node_modules",
    "target",
];

/// What this command of xtask writes stands as it would write it.
pub(crate) fn is_as_generated(command: &str) {
    let xtask = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args([command, "--check"])
        .output();
    let output = xtask.expect("xtask runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
