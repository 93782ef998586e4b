//! The Common Expression Language, as the rules of custom kinds are written in it (CRD-05).
//!
//! A [`Program`] is compiled from text against the types of its variables, and run on their values. What it promises:
//!
//! 1. What does not fit together is found when it is compiled, with upstream's words and the place in the text.
//! 2. No text and no value makes it panic or exhaust the stack: expressions are bounded in length and depth.
//! 3. A run ends after a number of steps that its caller sets, and what it allocates grows with those: each copied byte
//!    and each item costs (see [`limits`]).
//! 4. What it answers depends on its text and its values alone.
//!
//! ```
//! use setpoint_core::cel::{Program, Type, Value};
//!
//! let program = Program::compile("self.size() <= 3", &[("self", Type::String)]).unwrap();
//! let answer = program.run(&[("self", Value::from("four"))], 1000);
//! assert!(matches!(answer.value, Ok(Value::Bool(false))));
//!
//! let error = Program::compile("self + 1 == 2", &[("self", Type::String)]).unwrap_err();
//! assert!(error.to_string().contains("found no matching overload for '_+_' applied to '(string, int)'"));
//! ```
//!
//! The functions are those that upstream 1.36 offers to rules: the standard ones with the extensions for strings, lists,
//! sets, optional values and two-variable macros, and Kubernetes' own for lists, patterns, addresses, quantities,
//! versions and formats. Those that ask an authorizer belong to admission policies and are not there.

mod check;
mod compare;
mod cost;
mod evaluate;
mod fold;
mod functions;
pub mod limits;
mod literal;
mod macros;
mod parse;
mod program;
mod semver;
mod source;
mod syntax;
#[cfg(test)]
mod tests;
mod token;
mod typing;
mod url;
mod value;

pub use self::cost::Stop;
pub use self::functions::NamedFormat;
pub use self::program::{Answer, Program};
pub use self::semver::Version;
pub use self::source::CompileError;
pub use self::typing::{Fields, Opaque, Type};
pub use self::url::Url;
pub use self::value::{Cidr, Key, List, ListMeaning, Object, Value};
