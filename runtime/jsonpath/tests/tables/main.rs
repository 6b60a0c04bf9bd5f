//! Tables of what paths, templates and intrinsic functions give; what was recorded on AWS is marked so.

mod bounds;
mod filters;
mod intrinsics;
mod paths;
mod reference_paths;
mod support;
mod templates;
