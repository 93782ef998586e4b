//! The rules of `CustomResourceDefinition` objects themselves (CRD-02).

mod expressions;
mod names;
mod rules;
mod schema;
mod spec;
mod structural;
mod versions;

pub(crate) use self::rules::DefinitionRules;
