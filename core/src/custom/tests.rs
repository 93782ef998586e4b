//! Tables of definitions, objects and what becomes of them.

mod accepted;
mod expressions;
mod lifecycles;
mod objects;
