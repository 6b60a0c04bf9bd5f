//! Which Rust toolchain builds the guests.
//!
//! A target that rustup has installed, or else Debian's `rustc-web`, whose packages are unpacked into a private folder and
//! build `core` and `alloc` from source. Every example is free of std, so all of these give the same kind of module.

use anyhow::{Context, Result, bail, ensure};
use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where a wasm target may come from, in order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// `wasm32-wasip2` of the toolchain that runs this command.
    Wasip2,
    /// `wasm32-unknown-unknown` of the toolchain that runs this command.
    UnknownUnknown,
    /// Debian's `rustc-web`, unpacked under the cache folder.
    Debian,
}

/// A toolchain that builds guests.
pub(super) struct Toolchain {
    kind: Kind,
    rustc: PathBuf,
    version: String,
    /// Where Debian's packages are unpacked; unused by the others.
    prefix: PathBuf,
    target_dir: PathBuf,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, version, .. } = self;
        let source = match kind {
            Kind::Wasip2 | Kind::UnknownUnknown => "the installed target",
            Kind::Debian => "Debian's rustc-web",
        };
        write!(f, "{version}, {} from {source}", self.target())
    }
}

/// The first toolchain there is, or the one that is asked for.
pub(super) fn find(wanted: Option<Kind>, target_dir: &Path) -> Result<Toolchain> {
    let rustc = PathBuf::from(env::var_os("RUSTC").unwrap_or("rustc".into()));
    let own = |kind| -> Result<Option<Toolchain>> {
        let target = triple(kind);
        let libraries = output(Command::new(&rustc).args(["--print", "target-libdir", "--target", target]));
        if !libraries.is_ok_and(|folder| Path::new(folder.trim()).is_dir()) {
            return Ok(None);
        }
        let version = output(Command::new(&rustc).arg("--version"))?.trim().to_owned();
        let (rustc, target_dir) = (rustc.clone(), target_dir.to_owned());
        Ok(Some(Toolchain { kind, rustc, version, prefix: PathBuf::new(), target_dir }))
    };
    match wanted {
        Some(kind @ (Kind::Wasip2 | Kind::UnknownUnknown)) => {
            own(kind)?.with_context(|| format!("no target here: try `rustup target add {}`", triple(kind)))
        }
        Some(Kind::Debian) => debian(target_dir),
        None => match own(Kind::Wasip2)?.or(own(Kind::UnknownUnknown)?) {
            Some(toolchain) => Ok(toolchain),
            None => debian(target_dir).context("no wasm target here: try `rustup target add wasm32-wasip2`"),
        },
    }
}

fn triple(kind: Kind) -> &'static str {
    match kind {
        Kind::Wasip2 => "wasm32-wasip2",
        Kind::UnknownUnknown | Kind::Debian => "wasm32-unknown-unknown",
    }
}

impl Toolchain {
    fn target(&self) -> &'static str {
        triple(self.kind)
    }

    /// Build all packages of a workspace, and give the folder of their modules.
    pub(super) fn build(&self, workspace: &Path) -> Result<PathBuf> {
        let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
        let mut command = Command::new(cargo);
        command
            .current_dir(workspace)
            .args(["build", "--release", "--workspace", "--target", self.target(), "--target-dir"])
            .arg(&self.target_dir)
            .env("RUSTC", &self.rustc)
            // Flags meant for the machine's own programs must not change what is checked in.
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("RUSTC_WRAPPER");
        let mut flags = remap_flags(workspace, &self.prefix);
        match self.kind {
            // A core module, like everywhere else; this target's linker would wrap it.
            Kind::Wasip2 => flags.push("-Clink-arg=--skip-wit-component".into()),
            Kind::UnknownUnknown => {}
            Kind::Debian => {
                let linker = own_linker()?;
                flags.push(format!("-Clinker={}", linker.display()));
                command
                    .arg("-Zbuild-std=core,alloc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("LD_LIBRARY_PATH", libraries(&self.prefix));
            }
        }
        command.env("RUSTFLAGS", flags.join(" "));
        ensure!(command.status().context("starting cargo")?.success(), "the guests do not build");
        Ok(self.target_dir.join(self.target()).join("release"))
    }
}

/// Flags that keep this machine's folders out of panic messages, and so out of what is checked in.
fn remap_flags(workspace: &Path, prefix: &Path) -> Vec<String> {
    let repository = workspace.parent().unwrap_or(workspace);
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or(env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let folders = [(Some(repository), "stepwell"), (cargo_home.as_deref(), "cargo"), (Some(prefix), "rustc")];
    let folders = folders.into_iter().filter_map(|(from, to)| Some((from?.to_path_buf(), to)));
    let folders = folders.filter(|(from, _)| !from.as_os_str().is_empty());
    // The folder of a registry is named after its host; the last match counts.
    let registries = cargo_home.as_ref().and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let registries = registries.into_iter().flatten().flatten().map(|registry| (registry.path(), "crates"));
    let flag = |(from, to): (PathBuf, &str)| format!("--remap-path-prefix={}={to}", from.display());
    folders.chain(registries).map(flag).collect()
}

/// The wasm linker that every rustup toolchain brings for its host.
fn own_linker() -> Result<PathBuf> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let host = output(Command::new("rustc").args(["--print", "host-tuple"]))?;
    let folder = Path::new(sysroot.trim()).join("lib/rustlib").join(host.trim());
    let linker = folder.join("bin/rust-lld");
    ensure!(linker.is_file(), "no rust-lld at {}", linker.display());
    Ok(linker)
}

fn libraries(prefix: &Path) -> PathBuf {
    prefix.join("usr/lib").join(format!("{}-linux-gnu", env::consts::ARCH))
}

/// Debian's compiler, downloaded and unpacked where it is not yet.
fn debian(target_dir: &Path) -> Result<Toolchain> {
    let prefix = cache_folder()?.join("rustc-web");
    let rustc = prefix.join("usr/bin/rustc");
    if !rustc.is_file() {
        unpack(&prefix).context("unpacking Debian's rustc-web")?;
    }
    let version = output(Command::new(&rustc).arg("--version").env("LD_LIBRARY_PATH", libraries(&prefix)))?;
    let version = version.trim().to_owned();
    Ok(Toolchain { kind: Kind::Debian, rustc, version, prefix, target_dir: target_dir.join("debian") })
}

fn cache_folder() -> Result<PathBuf> {
    let folder = match (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
        (Some(cache), _) if !cache.is_empty() => PathBuf::from(cache),
        (_, Some(home)) => PathBuf::from(home).join(".cache"),
        (_, None) => bail!("neither XDG_CACHE_HOME nor HOME is set"),
    };
    Ok(folder.join("stepwell"))
}

fn unpack(prefix: &Path) -> Result<()> {
    let mut packages =
        vec!["rustc-web".to_owned(), "libstd-rust-web-dev".to_owned(), "rust-web-src".to_owned()];
    // Their names carry versions: the library that the development package needs, and the LLVM that it needs.
    let library = dependency("libstd-rust-web-dev", "libstd-rust-web-")?;
    packages.push(dependency(&library, "libllvm")?);
    packages.push(library);

    let fresh = prefix.with_extension("new");
    let _ = fs::remove_dir_all(&fresh);
    let archives = fresh.join("archives");
    fs::create_dir_all(&archives)?;
    eprintln!("guests: downloading {}", packages.join(" "));
    run(Command::new("apt-get").arg("download").args(&packages).current_dir(&archives))?;
    for entry in fs::read_dir(&archives)? {
        run(Command::new("dpkg-deb").arg("-x").arg(entry?.path()).arg(&fresh))?;
    }
    fs::remove_dir_all(&archives)?;
    // Whole or not at all: a download that stops half-way leaves nothing that looks like a compiler.
    fs::rename(&fresh, prefix)?;
    Ok(())
}

/// The package beginning with `prefix` that `package` depends on.
fn dependency(package: &str, prefix: &str) -> Result<String> {
    let depends = output(Command::new("apt-cache").args(["depends", package]))?;
    let names = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    names
        .into_iter()
        .find(|name| name.starts_with(prefix))
        .map(ToOwned::to_owned)
        .with_context(|| format!("{package} depends on no {prefix}*"))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("starting {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?)
}
