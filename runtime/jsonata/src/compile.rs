//! Text to code.

use crate::code::{Code, Kind, Place};
use crate::expression::VariableUse;
use crate::fault::Res;
use crate::options::Options;
use crate::{parser, process, resolve};

pub(crate) struct Compiled {
    pub(crate) code: Code,
    pub(crate) uses: Vec<VariableUse>,
}

pub(crate) fn compile(text: &str, options: &Options<'_>) -> Res<Compiled> {
    let mut parsed = parser::parse(text)?;
    let mut code = process::process(&mut parsed)?;
    let uses = resolve::resolve(&mut code, &parsed, options);
    resolve::check_dialect(&code, &uses, options)?;
    Ok(Compiled { code, uses })
}

/// Compiles what `$eval` was given: its variables are found by name, since frames of other code stand around it.
pub(crate) fn compile_eval(text: &str) -> Res<Code> {
    let mut code = compile(text, &Options::standard())?.code;
    for node in &mut code.nodes {
        if let Kind::Variable { place, .. } = &mut node.kind
            && !matches!(place, Place::Context)
        {
            *place = Place::Dynamic;
        }
    }
    Ok(code)
}
