//! Builds the app around the page.

use std::path::PathBuf;

use anyhow::Result;

use crate::{project, step};

/// How things are compiled: quickly, or for use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    Debug,
    Release,
}

impl Profile {
    pub fn from_debug_flag(debug: bool) -> Self {
        if debug { Self::Debug } else { Self::Release }
    }

    /// Cargo's name for the profile that native code is built with.
    fn native(self) -> &'static str {
        match self {
            Self::Debug => "dev",
            Self::Release => "release",
        }
    }

    /// Cargo's name for the profile that the page is built with.
    pub fn page(self) -> &'static str {
        match self {
            Self::Debug => "dev",
            Self::Release => "wasm-release",
        }
    }

    /// The folder below the target directory that the page's module lands in.
    pub fn page_folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "wasm-release",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// Where the app's binary is once built.
pub fn app_binary(profile: Profile) -> Result<PathBuf> {
    let name = format!("frontdesk{}", std::env::consts::EXE_SUFFIX);
    Ok(project::target_dir()?.join(profile.folder()).join(name))
}

/// Compiles the sync server.
pub fn server(profile: Profile) -> Result<PathBuf> {
    step::execute(
        project::cargo("build")?.args(["--package", "sync-server", "--profile", profile.native()]),
        "The compiler's messages above say where.",
    )?;
    let name = format!("sync-server{}", std::env::consts::EXE_SUFFIX);
    Ok(project::target_dir()?.join(profile.folder()).join(name))
}

/// Compiles the app. The page must be there already: it goes into the binary.
pub fn app(profile: Profile) -> Result<PathBuf> {
    step::execute(
        project::cargo("build")?.args(["--package", "frontdesk", "--profile", profile.native()]),
        "The compiler's messages above say where.",
    )?;
    app_binary(profile)
}
