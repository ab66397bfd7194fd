//! The command line.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use app::DeskOptions;
use clap::Parser;
use zeroize::Zeroizing;

use crate::headless::Headless;

/// The front desk of a clinic or a spa.
///
/// Without a subcommand it opens the window.
#[derive(Parser)]
#[command(name = "frontdesk", version, max_term_width = 100)]
pub struct Cli {
    /// Keep the data in this folder instead of the system's place for app data.
    #[arg(long, global = true, value_name = "DIR", env = "FRONTDESK_DATA_DIR")]
    data_dir: Option<PathBuf>,

    /// Open the database with the passphrase in this file, for unattended runs.
    #[arg(long, global = true, value_name = "FILE", env = "FRONTDESK_PASSPHRASE_FILE")]
    passphrase_file: Option<PathBuf>,

    /// Open the window in this size, for pictures and tests.
    #[arg(long, value_name = "WIDTHxHEIGHT", hide = true, value_parser = WindowSize::parse)]
    pub window_size: Option<WindowSize>,

    #[command(subcommand)]
    pub headless: Option<Headless>,
}

impl Cli {
    /// What the desk needs to start, for the window and for every subcommand.
    pub fn desk_options(&self) -> Result<DeskOptions> {
        let mut options = DeskOptions::new(self.data_dir()?);
        options.passphrase = self.passphrase_file.as_deref().map(read_passphrase).transpose()?;
        Ok(options)
    }

    /// The folder that the data is in, as an absolute path.
    fn data_dir(&self) -> Result<PathBuf> {
        match &self.data_dir {
            Some(dir) => std::path::absolute(dir)
                .with_context(|| format!("{} is not a folder's name; correct --data-dir", dir.display())),
            None => dirs::data_dir()
                .map(|dir| dir.join("frontdesk"))
                .context("this user has no folder for app data; name one with --data-dir"),
        }
    }
}

/// The file's text without the line's end that editors leave there.
fn read_passphrase(file: &Path) -> Result<Zeroizing<String>> {
    let text = std::fs::read_to_string(file).map(Zeroizing::new).with_context(|| {
        format!("the passphrase cannot be read from {}; correct FRONTDESK_PASSPHRASE_FILE", file.display())
    })?;
    // Some editors begin a file with a byte order mark, which nobody can type.
    let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    Ok(Zeroizing::new(text.to_owned()))
}

/// A window's size in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowSize {
    pub width: f64,
    pub height: f64,
}

impl WindowSize {
    fn parse(text: &str) -> Result<Self, String> {
        let sides = text.split_once('x').and_then(|(width, height)| {
            let side = |text: &str| text.parse::<u16>().ok().map(f64::from);
            Some(Self { width: side(width)?, height: side(height)? })
        });
        sides.ok_or_else(|| "write it as 1440x900".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_window_size_is_written_with_an_x() {
        assert_eq!(WindowSize::parse("1024x768"), Ok(WindowSize { width: 1024.0, height: 768.0 }));
        assert!(WindowSize::parse("large").is_err());
    }

    #[test]
    fn a_passphrase_is_read_without_the_end_of_its_line_and_a_byte_order_mark() {
        let file = std::env::temp_dir().join(format!("passphrase-{}", std::process::id()));
        std::fs::write(&file, "\u{feff}two words \r\n").expect("written");
        let read = read_passphrase(&file);
        std::fs::remove_file(&file).expect("removed");
        assert_eq!(read.expect("read").as_str(), "two words ");
    }

    #[test]
    fn a_relative_data_folder_is_made_absolute() {
        let cli = Cli::parse_from(["frontdesk", "--data-dir", "here"]);
        assert!(cli.data_dir().expect("a folder").is_absolute());
    }
}
