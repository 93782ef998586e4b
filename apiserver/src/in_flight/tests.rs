use http::Method;

use super::*;
use crate::authentication::administrator;
use crate::query::Query;

fn attributes(method: &Method, path: &str, query: &str) -> Attributes {
    let query = Query::parse(query).expect("a query");
    Attributes::of(Arc::new(administrator()), method, path, &query, None)
}

// WIRE-05, ERR-06
#[test]
fn each_lane_has_its_own_limit_and_a_permit_comes_back() {
    let in_flight = InFlight::new(InFlightLimits { reads: 2, writes: 1, watches: 1 });
    let read = attributes(&Method::GET, "/api/v1/pods", "");
    let write = attributes(&Method::POST, "/api/v1/namespaces/a/pods", "");
    let watch = attributes(&Method::GET, "/api/v1/pods", "watch=true");
    let log = attributes(&Method::GET, "/api/v1/namespaces/a/pods/p/log", "");
    let held = [&read, &read, &write, &watch].map(|it| in_flight.admit(it).expect("there is room"));
    for more in [&read, &write, &watch, &log] {
        let error = in_flight.admit(more).expect_err("there is no room");
        assert_eq!((error.code(), error.details().retry_after_seconds), (429, RETRY_AFTER_SECONDS));
    }
    drop(held);
    for more in [&read, &write, &watch] {
        assert!(in_flight.admit(more).is_ok());
    }
}

#[test]
fn discovery_is_a_read() {
    let in_flight = InFlight::new(InFlightLimits { reads: 0, writes: 1, watches: 1 });
    assert!(in_flight.admit(&attributes(&Method::GET, "/apis", "")).is_err());
}
