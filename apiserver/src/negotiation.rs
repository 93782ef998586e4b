//! Which form of an answer a client takes: the `Accept` header (WIRE-01, WIRE-04, DISC-12).

use http::HeaderMap;
use http::header::ACCEPT;
use setpoint_core::{Error, Reason, Result};

/// What is shown of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// All of them.
    Whole,
    /// Lines for people.
    Table,
    /// Their metadata.
    Metadata,
}

/// What a request is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One object, or events of objects.
    Item,
    /// A list.
    List,
}

/// Clauses of the header that are looked at.
const CLAUSES_MAX: usize = 32;

/// One clause of an `Accept` header.
struct Clause<'a> {
    media_type: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    /// In thousandths.
    quality: u16,
}

impl<'a> Clause<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let parameters: Vec<_> = parts.filter_map(|part| part.split_once('=')).collect();
        let quality = parameters.iter().find(|(name, _)| *name == "q").and_then(|(_, q)| q.parse().ok());
        let quality: f32 = quality.unwrap_or(1.0);
        Self { media_type, parameters, quality: (quality.clamp(0.0, 1.0) * 1000.0) as u16 }
    }

    fn get(&self, name: &str) -> &'a str {
        self.parameters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    fn is_json(&self) -> bool {
        matches!(self.media_type, "application/json" | "application/*" | "*/*" | "")
    }

    fn is_exact(&self) -> bool {
        !self.media_type.contains('*')
    }
}

/// The clauses, the most wanted first.
fn clauses(header: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> =
        header.split(',').take(CLAUSES_MAX).map(|text| Clause::parse(text.trim())).collect();
    clauses.retain(|clause| clause.quality > 0);
    clauses.sort_by_key(|clause| (std::cmp::Reverse(clause.quality), !clause.is_exact()));
    clauses
}

fn header(headers: &HeaderMap) -> String {
    let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

/// The form in which objects are shown.
///
/// # Errors
///
/// `NotAcceptable` if the client takes none.
pub(crate) fn form(headers: &HeaderMap, shape: Shape) -> Result<Form> {
    let metadata = match shape {
        Shape::Item => "PartialObjectMetadata",
        Shape::List => "PartialObjectMetadataList",
    };
    for clause in clauses(&header(headers)) {
        if !clause.is_json() {
            continue;
        }
        let is_meta = clause.get("g") == "meta.k8s.io" && clause.get("v") == "v1";
        match clause.get("as") {
            "" => return Ok(Form::Whole),
            "Table" if is_meta => return Ok(Form::Table),
            word if is_meta && word == metadata => return Ok(Form::Metadata),
            _ => {}
        }
    }
    Err(not_acceptable("application/json"))
}

/// Fails if the client takes no JSON.
pub(crate) fn json(headers: &HeaderMap) -> Result<()> {
    let takes = clauses(&header(headers)).iter().any(Clause::is_json);
    if takes { Ok(()) } else { Err(not_acceptable("application/json")) }
}

/// Whether discovery is asked for in one piece (DISC-04).
pub(crate) fn is_aggregated(headers: &HeaderMap) -> bool {
    for clause in clauses(&header(headers)).iter().filter(|clause| clause.is_json()) {
        let is_v2 = clause.get("g") == "apidiscovery.k8s.io" && clause.get("v") == "v2";
        match clause.get("as") {
            "" => return false,
            "APIGroupDiscoveryList" if is_v2 => return true,
            _ => {}
        }
    }
    false
}

/// No form of the answer is one the client takes.
pub(crate) fn not_acceptable(accepted: &str) -> Error {
    let message = format!("only the following media types are accepted: {accepted}");
    Error::new(Reason::NotAcceptable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(accept: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !accept.is_empty() {
            headers.insert(ACCEPT, accept.parse().expect("a header"));
        }
        headers
    }

    // WIRE-01, WIRE-04, DISC-12
    #[test]
    fn the_first_clause_that_can_be_met_is() {
        use Form::{Metadata, Table, Whole};
        use Shape::{Item, List};
        const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
        const PARTIAL: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
        let table = [
            ("", Item, Some(Whole)),
            ("*/*", List, Some(Whole)),
            ("application/vnd.kubernetes.protobuf,application/json", Item, Some(Whole)),
            ("application/vnd.kubernetes.protobuf", Item, None),
            ("application/yaml", Item, None),
            ("text/html, */*;q=0.1", Item, Some(Whole)),
            ("application/json;q=0", Item, None),
            (TABLE, List, Some(Table)),
            (TABLE, Item, Some(Table)),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", List, Some(Whole)),
            ("application/json;as=Table;v=v1;g=other", List, None),
            (PARTIAL, Item, Some(Metadata)),
            (PARTIAL, List, None),
            ("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", List, Some(Metadata)),
            ("application/json;q=0.5,application/json;as=Table;v=v1;g=meta.k8s.io", List, Some(Table)),
        ];
        for (accept, shape, expected) in table {
            let got = form(&accepting(accept), shape);
            assert_eq!(got.as_ref().ok().copied(), expected, "{accept} {shape:?}");
            if let Err(error) = got {
                assert_eq!(error.code(), 406);
            }
        }
    }

    // DISC-04
    #[test]
    fn discovery_in_one_piece_is_asked_for() {
        let v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        let beta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
        assert!(is_aggregated(&accepting(&format!("{v2},{beta},application/json"))));
        assert!(!is_aggregated(&accepting(&format!("{beta},application/json"))));
        assert!(!is_aggregated(&accepting("")));
    }
}
