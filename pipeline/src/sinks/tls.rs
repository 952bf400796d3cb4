//! TLS of sinks: rustls with ring, and certificates of the machine or of a file.

use std::{error::Error, fmt::Display, io, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName, UnixTime,
        pem::{self, PemObject},
    },
};

use super::{
    delivery::receiver::SendError,
    endpoint::{Endpoint, EndpointError, bad},
};

/// TLS as the options `ca`, `insecure`, `certificate` and `key` say, which are taken out.
///
/// # Errors
/// When a file cannot be read, or has nothing of the kind in it.
pub fn config(to: &mut Endpoint) -> Result<ClientConfig, EndpointError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| bad("ca", error))?;
    let ca = to.take("ca");
    let builder = match to.take_parsed("insecure")?.unwrap_or(false) {
        true => (builder.dangerous()).with_custom_certificate_verifier(Arc::new(Anybody(provider))),
        false => builder.with_root_certificates(roots(ca.as_deref())?),
    };
    match (to.take("certificate"), to.take("key")) {
        (None, None) => Ok(builder.with_no_client_auth()),
        (Some(certificate), Some(key)) => {
            let chain = certificates("certificate", &certificate)?;
            let key = PrivateKeyDer::from_pem_file(&key)
                .map_err(|error| bad("key", format!("{key}: {}", told(&error))))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| bad("certificate", error))
        }
        (Some(_), None) => Err(bad("key", "it is missing, and `certificate` is of no use")),
        (None, Some(_)) => Err(bad("certificate", "it is missing, and `key` is of no use")),
    }
}

/// What a failure says of TLS, if that is where it comes from: somebody has to mend something.
pub fn denied(error: &(dyn Error + 'static)) -> Option<SendError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(SendError::denied(format!(
                "TLS: {found} (tip: option `ca` names the certificates to trust)"
            )));
        }
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// Whom we believe: those of a file, or those whom the machine believes.
fn roots(ca: Option<&str>) -> Result<RootCertStore, EndpointError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca else {
        // Those that cannot be read are not believed.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    for certificate in certificates("ca", path)? {
        roots
            .add(certificate)
            .map_err(|error| bad("ca", format!("{path}: {error}")))?;
    }
    Ok(roots)
}

fn certificates(option: &str, path: &str) -> Result<Vec<CertificateDer<'static>>, EndpointError> {
    let wrong = |error: &dyn Display| bad(option, format!("{path}: {error}"));
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found: Vec<_> = read.map_err(|error| wrong(&told(&error)))?;
    match found.is_empty() {
        true => Err(wrong(&"there is no certificate in it")),
        false => Ok(found),
    }
}

fn told(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "there is no key in it".into(),
        other => other.to_string(),
    }
}

/// Takes any certificate; that who shows it has its key is still seen to.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(options: &[(&str, &str)]) -> Result<ClientConfig, EndpointError> {
        let options = options.iter().map(|(a, b)| ((*a).into(), (*b).into()));
        let options: BTreeMap<String, String> = options.collect();
        config(&mut Endpoint::read("nats://h/", &options, |_| None).unwrap())
    }

    #[test]
    fn files_that_are_no_certificates_are_named() {
        let home = tempfile::tempdir().unwrap();
        let empty = home.path().join("empty.pem");
        std::fs::write(&empty, "nothing").unwrap();
        let empty = empty.to_str().unwrap();
        for (options, told) in [
            (vec![("ca", empty)], "no certificate in it"),
            (vec![("ca", "/nowhere.pem")], "/nowhere.pem: No such file"),
            (vec![("certificate", empty)], "`key`: it is missing"),
            (vec![("insecure", "perhaps")], "`insecure`"),
        ] {
            let error = read(&options).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        assert!(read(&[]).is_ok() && read(&[("insecure", "true")]).is_ok());
    }

    #[test]
    fn what_tls_says_is_found_in_what_wraps_it() {
        let inner = io::Error::other(rustls::Error::DecryptError);
        let outer = io::Error::other(inner);
        let found = denied(&outer).unwrap().to_string();
        assert!(found.contains("TLS: ") && found.contains("tip:"), "{found}");
        assert!(denied(&io::Error::other("plain")).is_none());
    }
}
