use std::convert::Infallible;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use setpoint_core::env::Env;
use setpoint_core::object::{Draft, Part};
use setpoint_core::patch::PatchType;
use setpoint_core::{Error, Reason, Result};
use setpoint_store::request::User;
use setpoint_store::{Definitions, ObjectStore};
use tower_service::Service;

use crate::answer::{self, Answer, no_such_page, no_such_resource, too_large, wrong_method};
use crate::authentication::{Authenticator, MASTERS, Trusted, anonymous, impersonation};
use crate::authorization::{AlwaysAllow, Attributes, Authorizer, Decision, forbidden, is_public};
use crate::call::Call;
use crate::encodings::Encodings;
use crate::in_flight::{InFlight, InFlightLimits};
use crate::kept_texts::KeptTexts;
use crate::known_texts::KnownTexts;
use crate::limits::{BODY_BYTES_MAX, BODY_TIME_MAX, REQUEST_TIME_MAX, URI_BYTES_MAX};
use crate::openapi::Documents;
use crate::path::{Missing, Place, Target};
use crate::pod_log::PodLogs;
use crate::query::Query;
#[cfg(feature = "serve")]
use crate::sessions::OpenSessions;
use crate::sessions::PodSessions;
use crate::surface::{subresource, verbs};
use crate::{Body, custom, discovery, negotiation, openapi, presentation};

const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");

/// The Kubernetes HTTP API over a store, as a [`Service`]. Clones share.
#[derive(Clone)]
pub struct ApiServer {
    inner: Arc<Inner>,
}

/// What an [`ApiServer`] is made of.
pub struct ApiServerBuilder {
    inner: Inner,
    /// Whether the embedder has said who may ask.
    has_authenticator: bool,
}

/// What all requests share.
pub(crate) struct Inner {
    pub(crate) env: Env,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    in_flight: InFlight,
    pub(crate) logs: Option<Arc<dyn PodLogs>>,
    pub(crate) texts: Arc<KeptTexts>,
    /// Creations that were sent before, and their specs.
    pub(crate) bodies: KnownTexts<Draft>,
    pub(crate) specs: KnownTexts<Part>,
    pub(crate) encodings: Arc<Encodings>,
    /// Makes kinds of the definitions in the store, for as long as the service is there.
    _definitions: Option<Definitions>,
    pub(crate) sessions: Option<Arc<dyn PodSessions>>,
    #[cfg(feature = "serve")]
    pub(crate) open_sessions: OpenSessions,
    openapi: Documents,
}

impl ApiServer {
    /// A service over a store that trusts everybody who can reach it.
    pub fn new(env: &Env, store: Arc<dyn ObjectStore>) -> Self {
        Self::builder(env, store).build()
    }

    /// A service over a store, to be adapted.
    pub fn builder(env: &Env, store: Arc<dyn ObjectStore>) -> ApiServerBuilder {
        let authenticator = Arc::new(Trusted::administrator());
        let openapi = Documents::new(store.registry().clone());
        let texts = Arc::default();
        let inner = Inner {
            env: env.clone(),
            store,
            authenticator,
            authorizer: Arc::new(AlwaysAllow),
            in_flight: InFlight::new(InFlightLimits::default()),
            logs: None,
            encodings: Arc::new(Encodings::new(&texts)),
            texts,
            bodies: KnownTexts::default(),
            specs: KnownTexts::default(),
            _definitions: None,
            sessions: None,
            #[cfg(feature = "serve")]
            open_sessions: OpenSessions::default(),
            openapi,
        };
        ApiServerBuilder { inner, has_authenticator: false }
    }

    /// Answers a request.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let answer = AssertUnwindSafe(self.inner.answer(&parts, body)).catch_unwind().await;
        let answer = answer.unwrap_or_else(|_| {
            tracing::error!(method = %parts.method, path = parts.uri.path(), "a request made the server panic");
            Err(Error::internal("this request caused the server to panic"))
        });
        let mut answer = answer.unwrap_or_else(|error| answer::failure(&error));
        presentation::present(&parts, &mut answer);
        let audit_id = parts
            .headers
            .get(AUDIT_ID)
            .cloned()
            .or_else(|| HeaderValue::from_str(&self.inner.env.uuid().to_string()).ok());
        if let Some(audit_id) = audit_id {
            answer.headers_mut().insert(AUDIT_ID, audit_id);
        }
        answer
    }
}

impl ApiServerBuilder {
    /// Who may ask. Without this everybody who can reach the service is an administrator.
    #[must_use]
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.inner.authenticator = Arc::new(authenticator);
        self.has_authenticator = true;
        self
    }

    /// Who may do what. Without this, everybody who is known may do everything.
    #[must_use]
    pub fn authorizer(mut self, authorizer: impl Authorizer) -> Self {
        self.inner.authorizer = Arc::new(authorizer);
        self
    }

    /// How many requests are answered at a time.
    #[must_use]
    pub fn in_flight(mut self, limits: InFlightLimits) -> Self {
        self.inner.in_flight = InFlight::new(limits);
        self
    }

    /// Whether it was said who may ask.
    #[cfg(feature = "serve")]
    pub(crate) const fn has_authenticator(&self) -> bool {
        self.has_authenticator
    }

    /// Where the logs of containers are. Without this they are answered 503.
    #[must_use]
    pub fn logs(mut self, logs: impl PodLogs) -> Self {
        self.inner.logs = Some(Arc::new(logs));
        self
    }

    /// Who opens sessions in containers. Without this they are answered 501.
    #[must_use]
    pub fn sessions(mut self, sessions: impl PodSessions) -> Self {
        self.inner.sessions = Some(Arc::new(sessions));
        self
    }

    /// The service. From now on the definitions of custom kinds in the store come to life, for as long as the service
    /// is there (CRD-01).
    pub fn build(mut self) -> ApiServer {
        let inner = &mut self.inner;
        inner._definitions = Some(Definitions::start(&inner.env, Arc::clone(&inner.store)));
        ApiServer { inner: Arc::new(self.inner) }
    }
}

impl<B> Service<Request<B>> for ApiServer
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let server = self.clone();
        async move { Ok(server.answer(request).await) }.boxed()
    }
}

impl Inner {
    async fn answer<B>(&self, parts: &Parts, body: B) -> Result<Answer>
    where
        B: http_body::Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        if path.len() + query.len() > URI_BYTES_MAX {
            return Err(Error::new(Reason::RequestEntityTooLarge, "the URI is too long").with_code(414));
        }
        let target = Target::of(path, self.store.registry());
        let query = &Query::parse(query)?;
        let user = self.sender(parts).await?;
        let attributes = Attributes::of(user, &parts.method, path, query, target.as_ref());
        if !is_public(&attributes) {
            self.authorize(&attributes).await?;
            let permit = self.in_flight.admit(&attributes)?;
            let answer = self.answer_target(parts, target, query, attributes, body).await?;
            return Ok(answer.map(|body| body.holding(permit)));
        }
        self.answer_target(parts, target, query, attributes, body).await
    }

    /// Who sent a request.
    async fn sender(&self, parts: &Parts) -> Result<Arc<User>> {
        let user = match self.authenticator.authenticate(parts).await {
            Ok(user) => user.unwrap_or_else(|| Arc::new(anonymous())),
            Err(_) => return Err(Error::new(Reason::Unauthorized, "Unauthorized")),
        };
        let Some(wanted) = impersonation::wanted(&parts.headers)? else { return Ok(user) };
        for demand in impersonation::demands(&user, &wanted) {
            self.authorize(&demand).await?;
        }
        Ok(Arc::new(impersonation::completed(wanted)))
    }

    /// Whether somebody may do something. The group that may do everything may, whatever the authorizer is (AUTH-05).
    pub(crate) async fn decide(&self, attributes: &Attributes) -> Decision {
        if attributes.user.groups.iter().any(|group| group == MASTERS) {
            return Decision::Allow(String::new());
        }
        self.authorizer.authorize(attributes).await
    }

    /// # Errors
    ///
    /// `Forbidden` unless the authorizer allows it.
    pub(crate) async fn authorize(&self, attributes: &Attributes) -> Result<()> {
        let decision = self.decide(attributes).await;
        if decision.is_allowed() { Ok(()) } else { Err(forbidden(attributes, decision.reason())) }
    }

    async fn answer_target<B>(
        &self,
        parts: &Parts,
        target: Option<Target>,
        query: &Query,
        attributes: Attributes,
        body: B,
    ) -> Result<Answer>
    where
        B: http_body::Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let is_get = matches!(parts.method, Method::GET | Method::HEAD);
        match target {
            Some(Target::Place(place)) => self.answer_place(parts, &place, query, attributes, body).await,
            Some(Target::Health) if is_get => Ok(answer::text(200, "ok")),
            Some(Target::Version) if is_get => Ok(discovery::version()),
            Some(other) if is_get => self.discover(parts, &other),
            Some(_) => Err(wrong_method()),
            None if is_get && parts.uri.path().starts_with("/openapi/") => {
                openapi::serve(&self.openapi, parts)
            }
            None => self.missing(parts.uri.path()),
        }
    }

    /// The answer to a path that names nothing.
    fn missing(&self, path: &str) -> Result<Answer> {
        match Missing::of(path, self.store.registry()) {
            Missing::Page => Ok(no_such_page()),
            Missing::Resource => Err(no_such_resource()),
            Missing::Name(why) => Err(Error::bad_request(why)),
        }
    }

    fn discover(&self, parts: &Parts, target: &Target) -> Result<Answer> {
        let (registry, headers) = (self.store.registry(), &parts.headers);
        let in_one_piece = negotiation::is_aggregated(headers);
        if !in_one_piece {
            negotiation::json(headers)?;
        }
        let answer = match target {
            Target::CoreVersions | Target::Groups if in_one_piece => {
                let is_core = matches!(target, Target::CoreVersions);
                Some(discovery::aggregated(registry, is_core, headers))
            }
            Target::CoreVersions => Some(discovery::core_versions()),
            Target::Groups => Some(discovery::group_list(registry)),
            Target::Group(name) => discovery::group(registry, name),
            Target::Resources(served) => discovery::resource_list(registry, served),
            Target::Health | Target::Version | Target::Place(_) => None,
        };
        answer.map_or_else(|| self.missing(parts.uri.path()), Ok)
    }

    async fn answer_place<B>(
        &self,
        parts: &Parts,
        place: &Place,
        query: &Query,
        attributes: Attributes,
        body: B,
    ) -> Result<Answer>
    where
        B: http_body::Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Some(verb) = Verb::of(&parts.method, place, query)? else { return Err(no_such_resource()) };
        let body = if verb.has_body() {
            presentation::check_encoding(&parts.headers)?;
            self.read(body).await?
        } else {
            Bytes::new()
        };
        let refused_creation = if verb.may_create(parts, place) {
            self.authorize(&attributes.with_verb("create")).await.err()
        } else {
            None
        };
        let call = Call { server: self, parts, place, query, attributes, body, refused_creation };
        custom::check_conversion(place)?;
        let mut answer = if verb.is_long() {
            verb.run(&call).await?
        } else {
            match self.env.timeout(REQUEST_TIME_MAX, verb.run(&call)).await {
                Ok(answer) => answer?,
                Err(_) => return Err(too_slow()),
            }
        };
        answer::warn(&mut answer, custom::deprecation(place).as_slice());
        Ok(answer)
    }

    /// The whole body, if it is not too large and does not take too long (WIRE-05).
    async fn read<B>(&self, body: B) -> Result<Bytes>
    where
        B: http_body::Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let whole = Limited::new(body, BODY_BYTES_MAX).collect();
        match self.env.timeout(BODY_TIME_MAX, whole).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(BODY_BYTES_MAX)),
            Ok(Err(error)) => Err(Error::bad_request(error.to_string())),
            Err(_) => Err(too_slow()),
        }
    }
}

/// The request did not come to its end in time.
fn too_slow() -> Error {
    Error::new(Reason::Timeout, "Timeout: request did not complete within the allotted timeout")
}

/// What is done with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    List,
    Watch,
    Log,
    /// A session in a container.
    Connect,
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

impl Verb {
    /// `None` if the path leads nowhere.
    ///
    /// # Errors
    ///
    /// `MethodNotAllowed` if it leads somewhere else (DISC-14).
    fn of(method: &Method, place: &Place, query: &Query) -> Result<Option<Self>> {
        let offered = if place.sub.is_empty() {
            verbs(&place.kind)
        } else {
            match subresource(&place.kind, &place.sub) {
                Some(sub) => sub.verbs,
                None => return Ok(None),
            }
        };
        let is_collection = place.name.is_none();
        let watches = place.watch || query.is_set("watch");
        let verb = match *method {
            Method::GET | Method::HEAD if place.sub == "log" => Self::Log,
            Method::GET | Method::POST if matches!(place.sub.as_str(), "attach" | "exec") => Self::Connect,
            Method::GET | Method::HEAD if watches && place.sub.is_empty() => Self::Watch,
            Method::GET | Method::HEAD if is_collection => Self::List,
            Method::GET | Method::HEAD => Self::Get,
            // Objects of a namespace are written in it.
            _ if is_collection && place.is_across_namespaces() => return Err(wrong_method()),
            Method::POST if is_collection != (place.sub.is_empty()) => return Err(wrong_method()),
            Method::POST => Self::Create,
            Method::PUT if !is_collection => Self::Update,
            Method::PATCH if !is_collection => Self::Patch,
            Method::DELETE if is_collection => Self::DeleteCollection,
            Method::DELETE => Self::Delete,
            _ => return Err(wrong_method()),
        };
        if offered.contains(&verb.as_str()) { Ok(Some(verb)) } else { Err(wrong_method()) }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Get | Self::Log | Self::Connect => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
        }
    }

    const fn has_body(self) -> bool {
        !matches!(self, Self::Get | Self::Log | Self::Connect | Self::List | Self::Watch)
    }

    /// Whether it creates the object if that is not there (STORE-06).
    fn may_create(self, parts: &Parts, place: &Place) -> bool {
        if !place.sub.is_empty() {
            return false;
        }
        match self {
            Self::Update => place.kind.rules.traits().creates_on_update,
            Self::Patch => {
                let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
                let patch_type = media_type.map(PatchType::of_media_type);
                matches!(patch_type, Some(Ok(PatchType::Apply)))
            }
            _ => false,
        }
    }

    /// Whether it may take as long as it takes.
    const fn is_long(self) -> bool {
        matches!(self, Self::Watch | Self::Log | Self::Connect | Self::DeleteCollection)
    }

    async fn run(self, call: &Call<'_>) -> Result<Answer> {
        match self {
            Self::Get => call.get().await,
            Self::List => call.list_objects().await,
            Self::Watch => call.watch().await,
            Self::Log => call.log().await,
            Self::Connect => call.connect().await,
            Self::Create => call.create().await,
            Self::Update => call.update().await,
            Self::Patch => call.patch().await,
            Self::Delete => call.delete().await,
            Self::DeleteCollection => call.delete_collection().await,
        }
    }
}

impl fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiServer").field("registry", self.inner.store.registry()).finish_non_exhaustive()
    }
}

impl fmt::Debug for ApiServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiServerBuilder").finish_non_exhaustive()
    }
}
