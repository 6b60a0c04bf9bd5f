//! Writes one service's module: constraint tables, types, errors.

use super::model::{Models, printed_order};
use super::{Override, Service};
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Writes the module of a service.
pub(crate) fn module(service: &Service, models: &Models) -> Result<String> {
    let emitter = Emitter { service, model: models.of(service) };
    let mut text = format!(
        "//! {}, as modelled in botocore {}; written by `cargo xtask codegen`, not by hand.\n\n",
        service.title, models.version
    );
    text.push_str("use super::prelude::*;\n\n");
    emitter.known_operations(&mut text)?;
    emitter.errors(&mut text)?;
    let mut inputs = Reachable::default();
    let mut outputs = Reachable::default();
    for operation in service.operations {
        emitter.operation(&mut text, operation)?;
        let operation = &emitter.model["operations"][operation];
        emitter.reach(&mut inputs, shape_name(&operation["input"])?, Direction::Input)?;
        if let Ok(output) = shape_name(&operation["output"])
            && emitter.shape(output)?["payload"].is_null()
        {
            emitter.reach(&mut outputs, output, Direction::Output)?;
        }
    }
    text.push('\n');
    for name in &inputs.tables {
        emitter.table(&mut text, name)?;
    }
    text.push('\n');
    let mut types: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    inputs.types.iter().for_each(|name| types.entry(name).or_default().0 = true);
    outputs.types.iter().for_each(|name| types.entry(name).or_default().1 = true);
    for (name, (read, written)) in types {
        emitter.rust_type(&mut text, name, read, written)?;
    }
    Ok(text)
}

/// What an operation's request or answer is made of.
#[derive(Default)]
struct Reachable<'a> {
    /// Shapes that need a constraint table.
    tables: BTreeSet<&'a str>,
    /// Shapes that need a Rust type.
    types: BTreeSet<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Input,
    Output,
}

struct Emitter<'a> {
    service: &'a Service,
    model: &'a Value,
}

fn shape_name(reference: &Value) -> Result<&str> {
    reference["shape"].as_str().context("a reference without a shape")
}

impl<'a> Emitter<'a> {
    fn shape(&self, name: &str) -> Result<&'a Value> {
        self.model["shapes"].get(name).with_context(|| format!("no shape {name}"))
    }

    fn is_document(&self, name: &str) -> bool {
        self.service.documents.contains(&name)
    }

    fn override_of(&self, name: &str) -> Option<Override> {
        self.service.overrides.iter().find(|(shape, _)| *shape == name).map(|(_, over)| *over)
    }

    fn reach(&self, reachable: &mut Reachable<'a>, name: &'a str, direction: Direction) -> Result<()> {
        self.reach_tables(reachable, name, direction)?;
        self.reach_types(reachable, name)
    }

    fn reach_tables(&self, reachable: &mut Reachable<'a>, name: &'a str, direction: Direction) -> Result<()> {
        if direction == Direction::Output || !reachable.tables.insert(name) {
            return Ok(());
        }
        for inner in self.inner(self.shape(name)?)? {
            self.reach_tables(reachable, inner, direction)?;
        }
        Ok(())
    }

    fn reach_types(&self, reachable: &mut Reachable<'a>, name: &'a str) -> Result<()> {
        let shape = self.shape(name)?;
        let is_enum = !shape["enum"].is_null() && self.override_of(name).is_none();
        if self.is_document(name) || reachable.types.contains(name) {
            return Ok(());
        }
        if shape["type"] == "structure" || is_enum {
            reachable.types.insert(name);
        }
        for inner in self.inner(shape)? {
            self.reach_types(reachable, inner)?;
        }
        Ok(())
    }

    /// The shapes that a shape is made of.
    fn inner(&self, shape: &'a Value) -> Result<Vec<&'a str>> {
        match shape["type"].as_str() {
            Some("structure") => {
                shape["members"].as_object().into_iter().flat_map(|m| m.values()).map(shape_name).collect()
            }
            Some("list") => Ok(vec![shape_name(&shape["member"])?]),
            Some("map") => Ok(vec![shape_name(&shape["key"])?, shape_name(&shape["value"])?]),
            _ => Ok(Vec::new()),
        }
    }

    fn known_operations(&self, text: &mut String) -> Result<()> {
        text.push_str("pub(crate) static KNOWN_OPERATIONS: &[KnownOperation] = &[\n");
        for (name, operation) in self.model["operations"].as_object().context("no operations")? {
            let (method, uri) = (&operation["http"]["method"], &operation["http"]["requestUri"]);
            writeln!(text, "    KnownOperation {{ name: {name:?}, method: {method}, uri: {uri} }},")?;
        }
        text.push_str("];\n\n");
        Ok(())
    }

    fn errors(&self, text: &mut String) -> Result<()> {
        let mut names: BTreeSet<&str> = self.service.errors.iter().copied().collect();
        for operation in self.service.operations {
            let errors = self.model["operations"][operation]["errors"].as_array();
            for error in errors.into_iter().flatten() {
                names.insert(shape_name(error)?);
            }
        }
        if names.is_empty() {
            return Ok(());
        }
        writeln!(text, "wire_errors!({}Error {{", pascal(self.service.module))?;
        for name in names {
            let shape = self.shape(name)?;
            let status = shape["error"]["httpStatusCode"].as_u64().unwrap_or(400);
            let members = &shape["members"];
            let message = if members["Message"].is_null() { "message" } else { "Message" };
            let fault = if members["Type"].is_null() { "None" } else { "Type" };
            writeln!(text, "    {name} = {status}, {message:?}, {fault};")?;
        }
        text.push_str("});\n\n");
        Ok(())
    }

    fn operation(&self, text: &mut String, name: &str) -> Result<()> {
        let operation = self.model["operations"].get(name).with_context(|| format!("no operation {name}"))?;
        let input = shape_name(&operation["input"])?;
        let output = match shape_name(&operation["output"]) {
            Ok(output) if self.shape(output)?["payload"].is_null() => pascal(output),
            _ => "()".to_owned(),
        };
        let http = &operation["http"];
        let status = http["responseCode"].as_u64().unwrap_or(200);
        writeln!(text, "impl Operation for {} {{", pascal(input))?;
        writeln!(text, "    const NAME: &'static str = {name:?};")?;
        writeln!(
            text,
            "    const HTTP: Http = Http {{ method: {}, uri: {}, status: {status} }};",
            http["method"], http["requestUri"]
        )?;
        writeln!(text, "    const INPUT: &'static Shape = &{};", screaming(input))?;
        writeln!(text, "    type Output = {output};\n}}")?;
        Ok(())
    }

    /// One static: the shape and its constraints.
    fn table(&self, text: &mut String, name: &str) -> Result<()> {
        let shape = self.shape(name)?;
        let over = self.override_of(name);
        let max = match over {
            Some(Override::Max(max)) => Some(max),
            _ => shape["max"].as_i64(),
        };
        let min = shape["min"].as_i64();
        let lengths = || {
            let max = max.map_or("NO_LENGTH".to_owned(), |max| max.to_string());
            format!("{}, {max}", min.unwrap_or(0))
        };
        let range = || {
            let bound =
                |bound: Option<i64>, none: &str| bound.map_or(none.to_owned(), |bound| bound.to_string());
            format!("{}, {}", bound(min, "i64::MIN"), bound(max, "i64::MAX"))
        };
        let call = match shape["type"].as_str().context("a shape without a type")? {
            "string" => {
                let any = matches!(over, Some(Override::AnyText));
                let pattern = shape["pattern"].as_str().filter(|_| !any).unwrap_or_default();
                let values: Vec<&str> = shape["enum"]
                    .as_array()
                    .filter(|_| !any)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                format!("text({name:?}, {}, {pattern:?}, &{:?})", lengths(), printed_order(&values))
            }
            "integer" | "long" => format!("integer({name:?}, {})", range()),
            "float" | "double" => format!("float({name:?}, {})", range()),
            "boolean" => format!("boolean({name:?})"),
            "timestamp" => format!("timestamp({name:?})"),
            "blob" => format!("blob({name:?})"),
            "list" => format!("list({name:?}, &{}, {})", screaming(shape_name(&shape["member"])?), lengths()),
            "map" => {
                let (key, value) = (shape_name(&shape["key"])?, shape_name(&shape["value"])?);
                format!("map({name:?}, &{}, &{}, {})", screaming(key), screaming(value), lengths())
            }
            "structure" => self.structure_table(name, shape)?,
            other => bail!("{name} has type {other}"),
        };
        let call = if shape["sensitive"] == true { format!("sensitive({call})") } else { call };
        writeln!(text, "static {}: Shape = {call};", screaming(name))?;
        Ok(())
    }

    fn structure_table(&self, name: &str, shape: &Value) -> Result<String> {
        let required: Vec<&str> =
            shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut call = format!("structure({name:?}, &[");
        for (member, reference) in shape["members"].as_object().context("a structure without members")? {
            let presence = if required.contains(&member.as_str()) { "required" } else { "optional" };
            let item = format!("{presence}({member:?}, &{})", screaming(shape_name(reference)?));
            let place = reference["locationName"].as_str().unwrap_or(member);
            let item = match reference["location"].as_str() {
                _ if shape["payload"] == member.as_str() => format!("at(Place::Payload, {item})"),
                None => item,
                Some("uri") => format!("at(Place::Uri, {item})"),
                Some("querystring") => format!("at(Place::Query({place:?}), {item})"),
                Some("header") => format!("at(Place::Header({:?}), {item})", place.to_lowercase()),
                Some(other) => bail!("{name}.{member} is in {other}"),
            };
            write!(call, "\n    {item},")?;
        }
        call.push_str(if call.ends_with('[') { "])" } else { "\n])" });
        Ok(call)
    }

    /// A struct or an enum.
    fn rust_type(&self, text: &mut String, name: &str, read: bool, written: bool) -> Result<()> {
        let shape = self.shape(name)?;
        if let Some(values) = shape["enum"].as_array() {
            write!(text, "wire_enum!({} {{", pascal(name))?;
            for value in values.iter().filter_map(Value::as_str) {
                write!(text, " {} = {value:?},", pascal(&value.to_lowercase_if_screaming()))?;
            }
            text.push_str(" });\n");
            return Ok(());
        }
        let required: Vec<&str> =
            shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let members: Vec<(&String, &Value)> = shape["members"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(member, reference)| {
                let answers_elsewhere = matches!(reference["location"].as_str(), Some("statusCode"))
                    || (!read && reference["location"] == "header");
                shape["payload"] != member.as_str() && !answers_elsewhere
            })
            .collect();
        // Whoever writes a long answer names what it has; the rest is absent.
        let derives =
            [(written && required.is_empty(), "Default"), (read, "Deserialize"), (written, "Serialize")];
        let derives: Vec<&str> =
            derives.iter().filter(|(wanted, _)| *wanted).map(|(_, derive)| *derive).collect();
        let camel = members.first().is_some_and(|(member, _)| member.starts_with(char::is_lowercase));
        let rename_all = if camel { "camelCase" } else { "PascalCase" };
        writeln!(text, "#[derive({})]", derives.join(", "))?;
        if members.is_empty() {
            writeln!(text, "pub(crate) struct {} {{}}", pascal(name))?;
            return Ok(());
        }
        writeln!(text, "#[serde(rename_all = {rename_all:?})]\npub(crate) struct {} {{", pascal(name))?;
        for (member, reference) in members {
            let field = snake(member);
            let rust = self.rust_name(shape_name(reference)?)?;
            let mut attributes = Vec::new();
            let printed = if camel { lower_first(&pascal(&field)) } else { pascal(&field) };
            if printed != *member {
                attributes.push(format!("rename = {member:?}"));
            }
            let is_required = required.contains(&member.as_str());
            if written && !is_required {
                attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
            }
            if !attributes.is_empty() {
                writeln!(text, "    #[serde({})]", attributes.join(", "))?;
            }
            let field = if field == "type" { "r#type".to_owned() } else { field };
            let rust = if is_required { rust } else { format!("Option<{rust}>") };
            writeln!(text, "    pub(crate) {field}: {rust},")?;
        }
        text.push_str("}\n");
        Ok(())
    }

    /// The Rust type of a shape.
    fn rust_name(&self, name: &str) -> Result<String> {
        let shape = self.shape(name)?;
        if self.is_document(name) {
            return Ok("Value".to_owned());
        }
        Ok(match shape["type"].as_str().context("a shape without a type")? {
            "string" if !shape["enum"].is_null() && self.override_of(name).is_none() => pascal(name),
            "string" => "Arc<str>".to_owned(),
            "integer" | "long" => "i64".to_owned(),
            "float" | "double" => "f64".to_owned(),
            "boolean" => "bool".to_owned(),
            "timestamp" => "EpochSeconds".to_owned(),
            "blob" => "Blob".to_owned(),
            "list" => format!("Vec<{}>", self.rust_name(shape_name(&shape["member"])?)?),
            "map" => format!("BTreeMap<Arc<str>, {}>", self.rust_name(shape_name(&shape["value"])?)?),
            "structure" => pascal(name),
            other => bail!("{name} has type {other}"),
        })
    }
}

trait Lowering {
    fn to_lowercase_if_screaming(&self) -> String;
}

impl Lowering for str {
    /// `TIMED_OUT` to `timed_out`, so that it becomes `TimedOut`; `RequestResponse` stays.
    fn to_lowercase_if_screaming(&self) -> String {
        if self.chars().any(char::is_lowercase) { self.to_owned() } else { self.to_lowercase() }
    }
}

/// Words of a name: `KMSKeyArn` is `KMS Key Arn`, `code_sha256` is `code sha256`.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let after_lower = at > 0 && (chars[at - 1].is_lowercase() || chars[at - 1].is_ascii_digit());
        let before_lower = at > 0
            && chars[at - 1].is_uppercase()
            && chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_lower || before_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn snake(name: &str) -> String {
    words(name).join("_").to_lowercase()
}

fn screaming(name: &str) -> String {
    words(name).join("_").to_uppercase()
}

fn pascal(name: &str) -> String {
    words(name)
        .iter()
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
        .collect()
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().to_string() + chars.as_str())
}
