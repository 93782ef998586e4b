//! The parameters of requests, as upstream reads them (WIRE-07, LIST-16).

use setpoint_core::object::Revision;
use setpoint_core::{Error, Reason, Result};

use crate::limits::QUERY_PARAMETERS_MAX;
use crate::percent;

/// The parameters of a request. What is not known is passed over.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// # Errors
    ///
    /// `BadRequest` if there are too many.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let pairs = || text.split('&').filter(|pair| !pair.is_empty());
        if pairs().nth(QUERY_PARAMETERS_MAX).is_some() {
            return Err(Error::bad_request(format!("there are more than {QUERY_PARAMETERS_MAX} parameters")));
        }
        // A pair that cannot be read is as if it were not there.
        let read = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        };
        Ok(Self(pairs().filter_map(read).collect()))
    }

    /// The first value of a parameter, if it is there and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.first(name).filter(|value| !value.is_empty())
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A switch; `None` if it is not there. Without a value it is on.
    pub(crate) fn switch(&self, name: &str) -> Option<bool> {
        self.first(name).map(|value| !(value == "0" || value.eq_ignore_ascii_case("false")))
    }

    /// Whether a switch is on.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.switch(name).unwrap_or(false)
    }

    /// A number.
    ///
    /// # Errors
    ///
    /// `BadRequest` if it is none.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>> {
        let Some(text) = self.first(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => {
                let why = number_fault(text.trim_start_matches(['-', '+']));
                Err(Error::bad_request(format!("strconv.ParseInt: parsing {text:?}: {why}")))
            }
        }
    }

    /// The revision that is asked for; 0 is none in particular.
    ///
    /// # Errors
    ///
    /// One without a reason, as upstream's, if it is no number.
    pub(crate) fn revision(&self) -> Result<Option<Revision>> {
        let Some(text) = self.get("resourceVersion") else { return Ok(None) };
        match text.parse() {
            Ok(revision) => Ok(Some(revision)),
            Err(_) => {
                let why = format!("strconv.ParseUint: parsing {text:?}: {}", number_fault(text));
                let message = format!("resourceVersion: Invalid value: {text:?}: {why}");
                Err(Error::new(Reason::Unknown, message))
            }
        }
    }
}

/// What Go finds wrong with a number without its sign.
fn number_fault(text: &str) -> &'static str {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { "value out of range" } else { "invalid syntax" }
}

/// Plus and percent signs resolved.
fn decoded(text: &str) -> Option<String> {
    percent::decode(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_upstream_reads_them() {
        let query = Query::parse("&a=b%3Dc+d&watch&x=0&y=False&z=1&bad=%zz&limit=5&n=&a=2").expect("few");
        assert_eq!(query.get("a"), Some("b=c d"));
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["b=c d", "2"]);
        assert!(query.is_set("watch") && query.is_set("z") && !query.is_set("x") && !query.is_set("y"));
        assert_eq!((query.get("bad"), query.get("n"), query.switch("none")), (None, None, None));
        assert_eq!(query.number("limit"), Ok(Some(5)));
        assert_eq!(query.number("a").map_err(|error| error.code()), Err(400));
    }

    #[test]
    fn the_number_of_parameters_is_bounded() {
        let at = |count: usize| Query::parse(&"a=b&".repeat(count)).is_ok();
        assert!(at(QUERY_PARAMETERS_MAX) && !at(QUERY_PARAMETERS_MAX + 1));
    }
}
