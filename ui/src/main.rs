//! The page that the window shows.

fn main() {
    ui::start();
}
