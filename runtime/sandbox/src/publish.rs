//! What a person uploads, read and checked before anything is compiled.

mod archive;
mod bounds;
mod component;
mod module;

pub(crate) use component::is_implemented;

use crate::Digest;
use base64::Engine as _;
use sha2::Digest as _;
use std::sync::Arc;

/// Bytes of an upload (zip, component or module). Source: Lambda's quota for direct upload, 50 MB.
pub const UPLOAD_BYTES_MAX: usize = 50 << 20;
/// Bytes of a component, unzipped. Source: Lambda's quota, 250 MB.
pub const UNZIPPED_BYTES_MAX: u64 = 250 << 20;

/// How a component is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ComponentKind {
    /// It exports `handle` of world `stepwell:task/function`.
    Task,
    /// It exports `wasi:cli/run` 0.2: the event comes on standard input, the result goes to standard output.
    Command,
}

/// An upload that can be published.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The component that runs: taken out of a zip, or made from a core module.
    pub component: Arc<[u8]>,
    /// Content address of `component`.
    pub digest: Digest,
    /// How it is called.
    pub kind: ComponentKind,
    /// SHA-256 of what was uploaded, in base64: Lambda's `CodeSha256`.
    pub code_sha256: String,
    /// Bytes of what was uploaded: Lambda's `CodeSize`.
    pub code_size_bytes: u64,
    /// The imports that link but fail when called, such as `wasi:http/outgoing-handler@0.2.3`.
    pub denied_imports: Vec<String>,
}

/// Why an upload cannot be published. The text is for the person who uploaded it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Nothing was uploaded.
    #[error("the upload is empty")]
    Empty,
    /// The upload is too long.
    #[error("the upload has {bytes} bytes; at most {UPLOAD_BYTES_MAX} may be uploaded")]
    UploadTooLarge {
        /// Bytes of the upload.
        bytes: usize,
    },
    /// What the zip holds is too long.
    #[error("unzipped size must be smaller than {UNZIPPED_BYTES_MAX} bytes")]
    UnzippedTooLarge,
    /// The zip cannot be read.
    #[error("could not unzip the uploaded file: {0}")]
    BadZip(String),
    /// The zip names a file outside itself.
    #[error("this zip names `{0}`, which leads out of it")]
    ZipEscapes(String),
    /// The zip holds no component.
    #[error("this zip holds {0} and no WebAssembly component")]
    ZipWithoutComponent(String),
    /// The zip holds several components.
    #[error("this zip holds several WebAssembly components ({0}); leave one")]
    ZipWithSeveralComponents(String),
    /// The bytes are something else.
    #[error("this is not WebAssembly: it begins with {0}")]
    NotWasm(String),
    /// The bytes end too early.
    #[error("this WebAssembly file is truncated: it ends at byte {at} in the middle of {of}")]
    Truncated {
        /// Bytes that there are.
        at: usize,
        /// What is incomplete.
        of: &'static str,
    },
    /// The bytes are no valid WebAssembly.
    #[error("this WebAssembly file is not valid: {0}")]
    Invalid(String),
    /// Nothing to call.
    #[error(
        "this component exports no handler: it needs `handle` of world `stepwell:task/function`, or `wasi:cli/run`; \
         it exports {0}"
    )]
    NoHandler(String),
    /// `handle` has another type.
    #[error(
        "this component's `handle` has another type than `func(event: string) -> result<string, task-error>`"
    )]
    WrongHandlerType,
    /// A kind of component that cannot run yet.
    #[error("this component exports {0}, which Stepwell does not call yet")]
    Unsupported(String),
    /// An import that nobody provides.
    #[error("this component imports {0}, which Stepwell does not provide")]
    ForbiddenImport(String),
    /// An interface that is provided, but not all that the component wants of it.
    #[error("this component does not link: {0}")]
    DoesNotLink(String),
    /// A core module that cannot be made a component.
    #[error("this core module cannot be made a component: {0}")]
    Module(String),
    /// Compiling it would take too much time or memory.
    #[error("this component takes too much to compile: {0}")]
    TooComplex(String),
    /// It is larger than one instance may be.
    #[error("this component does not fit an instance: {0}")]
    DoesNotFit(String),
    /// The compiler refuses it.
    #[error("this component does not compile: {0}")]
    Compile(String),
    /// The compiled code cannot be kept, or the compiler broke. Not the upload's fault.
    #[error("compiled code cannot be kept: {0}")]
    Internal(String),
}

/// Reads an upload: a zip with one component, a component, or a core module (freestanding or wasip1).
///
/// Takes up to seconds for tens of megabytes; [`Sandbox::prepare`](crate::Sandbox::prepare) runs it off the caller's
/// thread.
///
/// # Errors
/// [`PublishError`] says what is wrong with the upload.
pub fn prepare(upload: &[u8]) -> Result<Prepared, PublishError> {
    if upload.is_empty() {
        return Err(PublishError::Empty);
    }
    if upload.len() > UPLOAD_BYTES_MAX {
        return Err(PublishError::UploadTooLarge { bytes: upload.len() });
    }
    let unzipped = if upload.starts_with(b"PK") { Some(archive::component_of(upload)?) } else { None };
    let wasm = unzipped.as_deref().unwrap_or(upload);
    bounds::check(wasm)?;
    // The encoder is not written for hostile modules. A valid one that breaks it is refused like any other.
    let encoded = std::panic::catch_unwind(|| module::to_component(wasm))
        .unwrap_or_else(|_| Err(PublishError::Module("the encoder broke down on it".to_owned())))?;
    let component = encoded.as_deref().unwrap_or(wasm);
    let checked = component::check(component)?;
    Ok(Prepared {
        digest: Digest::of(component),
        kind: checked.kind,
        code_sha256: base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(upload)),
        code_size_bytes: upload.len() as u64,
        denied_imports: checked.denied_imports,
        component: component.into(),
    })
}
