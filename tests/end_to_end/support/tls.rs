//! Certificates of the tests' own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// Certificates for `localhost` and `127.0.0.1`.
pub struct Tls {
    /// Who vouches for it, as a file.
    pub ca: PathBuf,
    /// Another, who does not.
    pub other_ca: PathBuf,
    /// Its certificate, as a file.
    pub certificate: PathBuf,
    /// Its key, as a file.
    pub key: PathBuf,
}

impl Tls {
    /// New ones, in a folder.
    pub fn new(home: &Path) -> Self {
        let issuer = || {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
        };
        let (ca, other) = (issuer(), issuer());
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &ca)
            .unwrap();
        let put = |name: &str, text: String| {
            let path = home.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        Self {
            ca: put("ca.pem", ca.pem()),
            other_ca: put("other-ca.pem", other.pem()),
            certificate: put("certificate.pem", certificate.pem()),
            key: put("key.pem", key.serialize_pem()),
        }
    }
}
