//! Renders skeleton folders: minijinja with `${{ }}`, paths and contents.
