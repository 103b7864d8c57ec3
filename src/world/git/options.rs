//! libgit2's global options, set once before the first repository is opened. One of the crate's two files with
//! `unsafe`: the calls change process-wide C state, which is sound only while nothing else uses the library.
#![allow(unsafe_code)]

use std::sync::Once;

/// Sets them; later calls do nothing.
pub fn set_once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: `call_once` runs this before any other use of libgit2 in this crate (each opening calls it first),
        // and blocks other threads until it is done. The calls take plain values.
        unsafe {
            // Objects and packs are synced to disk before a ref names them.
            libgit2_sys::git_libgit2_opts(libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR as libc_int, 1);
            // Nobody's and no system's configuration changes how the embedded forge behaves.
            use git2::ConfigLevel::*;
            for level in [ProgramData, System, XDG, Global] {
                let _ = git2::opts::set_search_path(level, "");
            }
            // The folder may belong to another user (a container, root in CI); libgit2 runs no command from it.
            let _ = git2::opts::set_verify_owner_validation(false);
        }
        git2::opts::strict_hash_verification(false);
    });
}

#[allow(non_camel_case_types)]
type libc_int = std::ffi::c_int;
