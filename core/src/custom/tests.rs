//! Tables of definitions, objects and what becomes of them.

mod accepted;
mod lifecycles;
mod objects;
