//! Seals: records that only this user's synfire can have written.
//!
//! A build folder may come from somebody else, together with files that name the hashes of what lies in it. Whoever made the
//! folder made those records, too. A *sealed* record carries a keyed hash (HMAC-SHA256) under a key that never leaves this
//! user's account: `$XDG_DATA_HOME/synfire/seal.key`, or `~/.local/share/synfire/seal.key`, which is made on first use.
//! A record with another seal counts as absent, and what it speaks of is made again.
//!
//! A record names hashes of sources and results, so it is as good in another folder as in its own.

use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use synfire_golden_model::file::{MAX_TEXT_BYTES, hex, read_bytes, read_text, write_atomically};

/// Length of the key in bytes.
const KEY_BYTES: usize = 32;
/// Length of a block of SHA-256 in bytes.
const BLOCK_BYTES: usize = 64;

#[derive(Serialize, Deserialize)]
struct Sealed {
    record: serde_json::Value,
    seal: String,
}

/// Writes a record and its seal as JSON. The seal covers the name of the file.
///
/// # Errors
/// [`Error::Report`] if the record cannot be written as JSON; [`Error::Io`].
pub fn write(path: &Path, record: &impl Serialize) -> Result<()> {
    let wrong = |error: serde_json::Error| Error::Report {
        path: path.into(),
        tool: "synfire",
        reason: error.to_string(),
    };
    let record = serde_json::to_value(record).map_err(wrong)?;
    let seal = seal(path, &record);
    let text = serde_json::to_string_pretty(&Sealed { record, seal }).map_err(wrong)?;
    Ok(write_atomically(path, &text)?)
}

/// Reads a record; none if it is missing, damaged or not sealed by this user.
#[must_use]
pub fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let text = read_text(path, MAX_TEXT_BYTES).ok()?;
    let sealed: Sealed = serde_json::from_str(&text).ok()?;
    (seal(path, &sealed.record) == sealed.seal)
        .then(|| serde_json::from_value(sealed.record).ok())
        .flatten()
}

fn seal(path: &Path, record: &serde_json::Value) -> String {
    // Objects are sorted by key, so that equal records have equal text.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    hex(&hmac(key(), format!("{name}\n{record}").as_bytes()))
}

/// HMAC-SHA256 of RFC 2104, for keys of up to a block.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let padded = |pad: u8| -> Vec<u8> {
        let zeros = std::iter::repeat_n(&0, BLOCK_BYTES.saturating_sub(key.len()));
        key.iter().chain(zeros).map(|byte| byte ^ pad).collect()
    };
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(padded(0x5C))
        .chain_update(inner)
        .finalize()
        .into()
}

/// Key of this user. Without a folder for it, the key is that of this process alone.
fn key() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| {
        let kept = key_file().and_then(|path| kept_key(&path).ok().flatten());
        kept.or_else(|| random_key().ok())
            // Without a source of random numbers, this process trusts nothing that it has not made within itself.
            .unwrap_or_else(|| format!("{:?}", std::hash::RandomState::new()).into_bytes())
    })
}

fn key_file() -> Option<PathBuf> {
    let named = |variable| std::env::var_os(variable).map(PathBuf::from);
    let data = named("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let data = data.or_else(|| Some(named("HOME")?.join(".local/share")));
    data.map(|data| data.join("synfire").join("seal.key"))
}

/// Reads the key of a file, or makes the file with a new key. None if the file is not the user's alone.
fn kept_key(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    if !path.exists() {
        make_key_file(path)?;
    }
    let is_private = is_private(&std::fs::metadata(path)?);
    let key = read_bytes(path, KEY_BYTES as u64).ok();
    Ok(key.filter(|key| is_private && key.len() == KEY_BYTES))
}

fn make_key_file(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_private_folder(folder)?;
    // Made readable for the user alone.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&random_key()?)?;
    match file.persist_noclobber(path) {
        // Another run has made it in the meantime.
        Err(error) if error.error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(unix)]
fn is_private(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_metadata: &std::fs::Metadata) -> bool {
    true
}

fn random_key() -> std::io::Result<Vec<u8>> {
    let mut key = vec![0; KEY_BYTES];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyed_hash_is_that_of_rfc_4231() {
        // Test cases 1 and 2.
        let hash = |key: &[u8], message: &str| hex(&hmac(key, message.as_bytes()));
        assert_eq!(
            hash(&[0x0B; 20], "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            hash(b"Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_record_that_is_changed_or_renamed_counts_as_absent() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["made.json", "other.json"].map(|name| folder.path().join(name));
        let record = vec![("netlist.v".to_owned(), 0.1)];
        write(&path, &record).unwrap();
        assert_eq!(read(&path), Some(record));
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&other, &text).unwrap();
        assert_eq!(read::<Vec<(String, f64)>>(&other), None, "another name");
        std::fs::write(&path, text.replace("netlist.v", "accelerator.v")).unwrap();
        assert_eq!(read::<Vec<(String, f64)>>(&path), None, "another record");
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_kept_and_its_file_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("synfire/seal.key");
        let key = kept_key(&path).unwrap().unwrap();
        assert_eq!(key.len(), KEY_BYTES);
        assert_eq!(kept_key(&path).unwrap().unwrap(), key);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(kept_key(&path).unwrap(), None, "others may know it");
    }
}
