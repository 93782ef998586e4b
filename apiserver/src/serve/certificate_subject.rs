//! Whom a certificate names.

use setpoint_store::request::User;
use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::{Decode, Encode};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// The subject of a certificate.
pub(super) struct CertificateSubject {
    /// The common name and the organizations.
    pub(super) user: User,
    /// The public key, as it is encoded.
    pub(super) public_key: Vec<u8>,
}

/// Reads a certificate.
///
/// # Errors
///
/// Why it is none that names a user.
pub(super) fn read(der: &[u8]) -> Result<CertificateSubject, String> {
    let certificate = Certificate::from_der(der).map_err(|error| error.to_string())?;
    let certificate = certificate.tbs_certificate();
    let mut user = User::default();
    for attribute in certificate.subject().iter() {
        if attribute.oid == COMMON_NAME {
            // The last one is the most specific one.
            user.name = text(attribute)?;
        } else if attribute.oid == ORGANIZATION {
            user.groups.push(text(attribute)?);
        }
    }
    if user.name.is_empty() {
        return Err("it has no common name".to_owned());
    }
    let public_key = certificate.subject_public_key_info().to_der().map_err(|error| error.to_string())?;
    Ok(CertificateSubject { user, public_key })
}

fn text(attribute: &AttributeTypeAndValue) -> Result<String, String> {
    let value = &attribute.value;
    let utf8 = value.decode_as::<Utf8StringRef<'_>>().map(|text| text.as_str().to_owned());
    let printable = || value.decode_as::<PrintableStringRef<'_>>().map(|text| text.as_str().to_owned());
    let teletex = || value.decode_as::<TeletexStringRef<'_>>().map(|text| text.as_str().to_owned());
    utf8.or_else(|_| printable()).or_else(|_| teletex()).map_err(|_| "its subject is no text".to_owned())
}
