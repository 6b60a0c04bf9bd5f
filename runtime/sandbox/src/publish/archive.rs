//! A zip, as aws-cli insists on: exactly one WebAssembly file is taken out of it.

use super::{PublishError, UNZIPPED_BYTES_MAX};
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

/// Files in one zip.
const ENTRIES_MAX: usize = 10_000;
/// Times that a file may grow when unzipped, once it is long enough to matter.
const GROWTH_MAX: u64 = 200;
/// Bytes below which any growth will do.
const GROWTH_FREE_BYTES: u64 = 16 << 20;
/// Names that a message lists.
const NAMES_LISTED_MAX: usize = 3;

/// The bytes of the one `.wasm` file in a zip.
pub(super) fn component_of(upload: &[u8]) -> Result<Vec<u8>, PublishError> {
    let bad = |error: zip::result::ZipError| PublishError::BadZip(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(upload)).map_err(bad)?;
    if archive.len() > ENTRIES_MAX {
        return Err(PublishError::BadZip(format!("it has more than {ENTRIES_MAX} entries")));
    }
    let mut others = Vec::new();
    let mut wasm = Vec::new();
    for (index, name) in archive.file_names_raw().enumerate() {
        let name = String::from_utf8_lossy(name).into_owned();
        if leads_out(&name) {
            return Err(PublishError::ZipEscapes(name));
        }
        if name.ends_with(".wasm") {
            wasm.push((index, name));
        } else if !name.ends_with('/') {
            others.push(name);
        }
    }
    let index = match wasm.as_slice() {
        [] => return Err(PublishError::ZipWithoutComponent(listed(&others))),
        [(index, _)] => *index,
        [_, ..] => {
            let names: Vec<_> = wasm.into_iter().map(|(_, name)| name).collect();
            return Err(PublishError::ZipWithSeveralComponents(listed(&names)));
        }
    };
    let mut entry = archive.by_index(index).map_err(bad)?;
    let allowed =
        entry.compressed_size().saturating_mul(GROWTH_MAX).clamp(GROWTH_FREE_BYTES, UNZIPPED_BYTES_MAX);
    let mut bytes = Vec::new();
    // The sizes that the zip declares are not believed.
    entry
        .by_ref()
        .take(allowed + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| PublishError::BadZip(error.to_string()))?;
    if bytes.len() as u64 > allowed {
        return Err(if allowed == UNZIPPED_BYTES_MAX {
            PublishError::UnzippedTooLarge
        } else {
            PublishError::BadZip(format!("a file in it grows more than {GROWTH_MAX} times"))
        });
    }
    Ok(bytes)
}

fn leads_out(name: &str) -> bool {
    name.starts_with(['/', '\\'])
        || name.contains('\0')
        || name.as_bytes().get(1) == Some(&b':')
        || name.split(['/', '\\']).any(|part| part == "..")
}

fn listed(names: &[String]) -> String {
    let Some(shown) = names.get(..names.len().min(NAMES_LISTED_MAX)).filter(|shown| !shown.is_empty()) else {
        return "nothing".to_owned();
    };
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
