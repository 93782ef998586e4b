use futures::FutureExt;
use http::Request;
use http::request::Parts;
use setpoint_store::request::User;

use super::*;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing waits")
}

fn named(name: &str) -> User {
    User { name: name.to_owned(), groups: vec!["team".to_owned()], ..User::default() }
}

fn request(headers: &[&str]) -> Parts {
    let mut request = Request::get("/");
    for header in headers {
        request = request.header("authorization", *header);
    }
    request.body(()).expect("a request").into_parts().0
}

fn tokens() -> StaticTokens {
    StaticTokens::new().with("one", named("a")).with("other", named("b")).with("", named("nobody"))
}

// AUTH-02, AUTH-03
#[test]
fn tokens_are_known_unknown_or_wrong() {
    let known = BearerTokens::new(tokens());
    type Expected = Result<Option<&'static str>, BadCredentials>;
    let table: &[(&[&str], Expected)] = &[
        (&[], Ok(None)),
        (&["Bearer one"], Ok(Some("a"))),
        (&["bearer  other "], Ok(Some("b"))),
        (&["Bearer on"], Err(BadCredentials)),
        (&["Bearer one2"], Err(BadCredentials)),
        (&["Bearer"], Ok(None)),
        (&["Bearer "], Ok(None)),
        (&["Basic b25l"], Ok(None)),
        (&["Bearer one", "Bearer other"], Err(BadCredentials)),
    ];
    for (headers, expected) in table {
        let found = block_on(known.authenticate(&request(headers)));
        let found = found.map(|user| user.map(|user| user.name.clone()));
        assert_eq!(found, expected.map(|name| name.map(str::to_owned)), "{headers:?}");
    }
    let long = format!("Bearer {}", "x".repeat(20_000));
    assert_eq!(block_on(known.authenticate(&request(&[&long]))), Err(BadCredentials));
}

#[test]
fn whoever_is_known_is_authenticated() {
    let user = block_on(BearerTokens::new(tokens()).authenticate(&request(&["Bearer one"])));
    assert_eq!(user.expect("good").expect("known").groups, ["team", AUTHENTICATED]);
    let mut parts = request(&[]);
    parts.extensions.insert(CertifiedUser::new(named("c")));
    let user = block_on(ClientCertificates.authenticate(&parts)).expect("good").expect("known");
    assert_eq!(
        (user.name.as_str(), &user.groups[..]),
        ("c", &["team".to_owned(), AUTHENTICATED.to_owned()][..])
    );
}

// AUTH-02
#[test]
fn the_first_who_knows_tells_and_what_is_wrong_is_not_anonymous() {
    let both = Union::new().with(BearerTokens::new(tokens())).with(ClientCertificates);
    let certified = |headers: &[&str]| {
        let mut parts = request(headers);
        parts.extensions.insert(CertifiedUser::new(named("c")));
        parts
    };
    let name = |parts: Parts| block_on(both.authenticate(&parts)).map(|it| it.map(|user| user.name.clone()));
    assert_eq!(name(request(&[])), Ok(None));
    assert_eq!(name(request(&["Bearer nope"])), Err(BadCredentials));
    assert_eq!(name(certified(&[])), Ok(Some("c".to_owned())));
    assert_eq!(name(certified(&["Bearer one"])), Ok(Some("a".to_owned())));
    assert_eq!(name(certified(&["Bearer nope"])), Ok(Some("c".to_owned())));
}

#[test]
fn no_token_is_printed() {
    let tokens = tokens();
    let printed = format!("{tokens:?} {:?} {:?}", BearerTokens::new(tokens.clone()), BadCredentials);
    assert!(printed.contains('a') && !printed.contains("one") && !printed.contains("other"), "{printed}");
}
