//! Who the clinic is, what it sells, and how that is taxed.

mod catalogue;
mod clinic;
mod item;
mod taxes;

pub use catalogue::Catalogue;
pub use clinic::Clinic;
pub use taxes::Taxes;
