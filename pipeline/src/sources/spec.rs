//! Sources as people name them.

use std::{
    borrow::Cow,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use url::Url;

use crate::fault::Fault;

/// The path that a source's name means: itself, or that of a file:// URL.
///
/// # Errors
/// When it is a URL of another kind.
pub fn path_of(name: &OsStr) -> Result<PathBuf, Fault> {
    let Some(url) = name.to_str().filter(|name| name.contains("://")) else {
        return Ok(PathBuf::from(name));
    };
    let parsed = Url::parse(url).map_err(|e| Fault::usage(format!("a source is no URL: {e}")))?;
    if parsed.scheme() != "file" {
        // The rest of the URL may carry a password, and is not repeated.
        return Err(
            Fault::usage(format!("cannot read {}:// sources", parsed.scheme()))
                .tip("name a file, or a file:// URL"),
        );
    }
    (parsed.to_file_path())
        .map_err(|()| Fault::usage(format!("{url} names no file on this machine")))
}

/// A path as people read it on one line; in quotes and escaped where it has to be.
pub fn shown(path: &Path) -> Cow<'_, str> {
    let is_odd = |c: char| c.is_control() || c == '"';
    match path.to_str() {
        Some(plain) if !plain.contains(is_odd) => Cow::Borrowed(plain),
        _ => Cow::Owned(format!("{path:?}")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn urls_of_files_are_paths() {
        let path = path_of("file:///a%20b/c.mp4".as_ref()).unwrap();
        assert_eq!(path, PathBuf::from("/a b/c.mp4"));
    }

    #[test]
    fn a_password_is_not_repeated() {
        let fault = path_of("rtsp://me:secret@camera/1".as_ref()).unwrap_err();
        assert!(!fault.to_string().contains("secret"), "{fault}");
    }

    #[test]
    fn odd_names_stay_on_one_line() {
        assert_eq!(shown(Path::new("a b/ü.mp4")), "a b/ü.mp4");
        assert_eq!(shown(Path::new("a\nb")), "\"a\\nb\"");
        assert_eq!(shown(Path::new(OsStr::from_bytes(b"\xff"))), "\"\\xFF\"");
    }
}
