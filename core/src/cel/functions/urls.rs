//! Addresses of the web.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::typing::Opaque;
use super::super::url::Url;
use super::super::value::{Key, Value};
use super::signature::{Overload, Param as P, global, member};
use super::strings::text;

const URL: P = P::Opaque(Opaque::Url);

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("getEscapedPath", member(&[URL], P::String, |run, args| part(run, args, |url| &url.escaped_path))),
    ("getHost", member(&[URL], P::String, |run, args| part(run, args, |url| &url.host))),
    ("getHostname", member(&[URL], P::String, |run, args| part(run, args, Url::hostname))),
    ("getPort", member(&[URL], P::String, |run, args| part(run, args, Url::port))),
    ("getQuery", member(&[URL], P::Map(&P::String, &P::List(&P::String)), query)),
    ("getScheme", member(&[URL], P::String, |run, args| part(run, args, |url| &url.scheme))),
    ("isURL", global(&[P::String], P::Bool, |run, args| Ok(parse(run, args)?.is_ok().into()))),
    (
        "url",
        global(&[P::String], URL, |run, args| match parse(run, args)? {
            Ok(url) => Ok(Value::Url(Arc::new(url))),
            Err(why) => Err(Stop::Fault(why)),
        }),
    ),
];

fn parse(run: &mut Run<'_>, args: &[Value]) -> Result<Result<Url, String>, Stop> {
    let text = text(args, 0)?;
    run.cost.spend_tenths(text.len() as u64)?;
    Ok(Url::parse(text))
}

fn url(args: &[Value]) -> Result<&Url, Stop> {
    match &args[0] {
        Value::Url(url) => Ok(url),
        _ => Err(Stop::no_overload()),
    }
}

fn part(run: &mut Run<'_>, args: &[Value], of: fn(&Url) -> &str) -> Result<Value, Stop> {
    let part = of(url(args)?);
    run.cost.spend_tenths(part.len() as u64)?;
    Ok(part.into())
}

fn query(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let url = url(args)?;
    run.cost.spend_tenths(url.text().len() as u64)?;
    let mut values: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
    for (name, value) in url.query() {
        values.entry(Key::String(name.into())).or_default().push(value.into());
    }
    Ok(Value::Map(Arc::new(values.into_iter().map(|(name, values)| (name, values.into())).collect())))
}
