use std::fmt;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyUsagePurpose,
};
use setpoint_core::env::Env;
use setpoint_store::request::User;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::{ServeError, certificate_subject, private_file};
use crate::authentication::AUTHENTICATED;

/// Certifies servers and clients: a certificate authority with its key.
///
/// Whoever has its key can be anybody. It is kept in memory, or in a folder that only its owner can read, and is never
/// printed.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, rcgen::KeyPair>,
}

/// A certificate, with those that vouch for it, and its key, in PEM.
#[derive(Clone)]
pub struct KeyPair {
    pub(super) certificate: String,
    pub(super) key: String,
}

const NAME: &str = "setpoint-ca";
const CERTIFICATE_FILE: &str = "ca.crt";
const KEY_FILE: &str = "ca.key";

/// How long an authority is good for.
const AUTHORITY_DAYS: i64 = 3650;
/// How long what it certifies is good for.
const CERTIFICATE_DAYS: i64 = 365;
/// By how much clocks may differ.
const BEFORE_DAYS: i64 = 1;

impl Authority {
    /// A new one, which is known to nobody yet.
    ///
    /// Keys are drawn from the operating system, not from `env`: a seed must not repeat them.
    ///
    /// # Errors
    ///
    /// If the operating system gives no entropy.
    pub fn new(env: &Env) -> Result<Self, ServeError> {
        let told = |error: rcgen::Error| ServeError::certificate("the authority", error);
        let key = rcgen::KeyPair::generate().map_err(told)?;
        let params = authority_params(env);
        let certificate = params.self_signed(&key).map_err(told)?.pem();
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// The one that is kept in a folder; if there is none, a new one is put there. Its files can be read by their owner
    /// only.
    ///
    /// # Errors
    ///
    /// If the folder cannot be used, or holds something else under the names `ca.crt` and `ca.key`.
    pub fn open(env: &Env, folder: &Path) -> Result<Self, ServeError> {
        let file = |name: &str| folder.join(name);
        let told = |path: &Path, source| ServeError::File { path: path.to_owned(), source };
        let (certificate_file, key_file) = (file(CERTIFICATE_FILE), file(KEY_FILE));
        private_file::make_folder(folder).map_err(|error| told(folder, error))?;
        let is_there = |path: &Path| path.try_exists().map_err(|error| told(path, error));
        if !is_there(&key_file)? && !is_there(&certificate_file)? {
            let authority = Self::new(env)?;
            let key = authority.issuer.key().serialize_pem();
            private_file::write(&key_file, &key).map_err(|error| told(&key_file, error))?;
            private_file::write(&certificate_file, &authority.certificate)
                .map_err(|error| told(&certificate_file, error))?;
            return Ok(authority);
        }
        let read = |path: &Path| fs::read_to_string(path).map_err(|error| told(path, error));
        Self::from_pem(env, &read(&certificate_file)?, &read(&key_file)?)
    }

    /// One that [`Authority::new`] has made.
    ///
    /// # Errors
    ///
    /// If the texts are no certificate and key, do not go together, or are of another make.
    pub fn from_pem(env: &Env, certificate: &str, key: &str) -> Result<Self, ServeError> {
        let wrong = |why: &str| ServeError::certificate("the authority", why);
        let der = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|_| wrong("its certificate is no PEM"))?;
        let subject = certificate_subject::read(&der).map_err(|why| wrong(&why))?;
        if subject.user.name != NAME || !subject.user.groups.is_empty() {
            return Err(wrong("it was made by another program"));
        }
        let key = rcgen::KeyPair::from_pem(key).map_err(|_| wrong("its key is no PEM"))?;
        if rcgen::PublicKeyData::subject_public_key_info(&key) != subject.public_key {
            return Err(wrong("its key belongs to another certificate"));
        }
        Ok(Self { certificate: certificate.to_owned(), issuer: Issuer::new(authority_params(env), key) })
    }

    /// The authority's own certificate, for those who are to trust it.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Certifies a server under these names and addresses, for a year.
    ///
    /// # Errors
    ///
    /// If one of them can be neither.
    pub fn certify_server(&self, env: &Env, names: &[String]) -> Result<KeyPair, ServeError> {
        let params = CertificateParams::new(names)
            .map_err(|error| ServeError::certificate("the server's certificate", error))?;
        let name = names.first().map_or("setpoint", String::as_str);
        self.certify(env, params, ExtendedKeyUsagePurpose::ServerAuth, name, &[])
    }

    /// Certifies a client as this user, in these groups, for a year.
    ///
    /// # Errors
    ///
    /// If the operating system gives no entropy.
    pub fn certify_client(&self, env: &Env, user: &User) -> Result<KeyPair, ServeError> {
        let params = CertificateParams::default();
        self.certify(env, params, ExtendedKeyUsagePurpose::ClientAuth, &user.name, &user.groups)
    }

    fn certify(
        &self,
        env: &Env,
        mut params: CertificateParams,
        usage: ExtendedKeyUsagePurpose,
        name: &str,
        groups: &[String],
    ) -> Result<KeyPair, ServeError> {
        let told = |error: rcgen::Error| ServeError::certificate("the new certificate", error);
        let key = rcgen::KeyPair::generate().map_err(told)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        for group in groups.iter().filter(|group| *group != AUTHENTICATED) {
            params.distinguished_name.push(DnType::OrganizationName, group.as_str());
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        set_validity(env, &mut params, CERTIFICATE_DAYS);
        let certificate = params.signed_by(&key, &self.issuer).map_err(told)?.pem();
        Ok(KeyPair { certificate, key: key.serialize_pem() })
    }
}

fn authority_params(env: &Env) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(env, &mut params, AUTHORITY_DAYS);
    params
}

/// Makes a certificate good for so many days, and a little before now, since clocks differ.
fn set_validity(env: &Env, params: &mut CertificateParams, days: i64) {
    let day = |days: i64| {
        let at = env.wall().saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
        let date = at.to_zoned(TimeZone::UTC).date();
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(i32::from(date.year()), month, day)
    };
    (params.not_before, params.not_after) = (day(-BEFORE_DAYS), day(days));
}

impl KeyPair {
    /// A certificate with those that vouch for it, and its key.
    pub fn from_pem(certificates: impl Into<String>, key: impl Into<String>) -> Self {
        Self { certificate: certificates.into(), key: key.into() }
    }

    /// The certificate, with those that vouch for it.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The key. Whoever has it is who the certificate says.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority(..)")
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(..)")
    }
}
