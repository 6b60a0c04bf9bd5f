//! Which variables the states of a definition read, as `DescribeStateMachine` tells it.

use crate::definition::{
    Condition, DataPath, JsonataExpression, MapMode, Operand, Setting, State, StateKind, StateMachine,
    Template, Test, TextSetting, Wait,
};
use std::collections::{BTreeMap, BTreeSet};
use stepwell_jsonpath::Path;
use stepwell_types::Value;

/// The variables that each state reads, by the state's name; states that read none are left out.
///
/// Source: `variableReferences` of `DescribeStateMachine` and `DescribeStateMachineForExecution`.
#[must_use]
pub fn variable_references(machine: &StateMachine) -> BTreeMap<String, Vec<String>> {
    let mut references = BTreeMap::new();
    for (_, state) in machine.states() {
        let mut reader = Reader::default();
        reader.state(state);
        if !reader.names.is_empty() {
            references.insert(state.name.to_string(), reader.names.into_iter().collect());
        }
    }
    references
}

#[derive(Default)]
struct Reader {
    names: BTreeSet<String>,
}

impl Reader {
    fn state(&mut self, state: &State) {
        self.data_path(&state.input_path);
        self.data_path(&state.output_path);
        let templates = [&state.parameters, &state.result_selector, &state.assign, &state.output];
        self.templates(templates);
        for catcher in &state.catch {
            self.templates([&catcher.assign, &catcher.output]);
        }
        match &state.kind {
            StateKind::Task(task) => {
                self.setting(task.timeout_seconds.as_ref());
                self.setting(task.heartbeat_seconds.as_ref());
                self.text(task.role_arn.as_ref());
            }
            StateKind::Choice(choice) => {
                for rule in &choice.rules {
                    self.condition(&rule.condition);
                    self.templates([&rule.assign, &rule.output]);
                }
            }
            StateKind::Wait(Wait::Seconds(seconds)) => self.setting(Some(seconds)),
            StateKind::Wait(Wait::Timestamp(timestamp)) => self.setting(Some(timestamp)),
            StateKind::Fail(fail) => {
                self.text(fail.error.as_ref());
                self.text(fail.cause.as_ref());
            }
            StateKind::Map(map) => {
                map.items_path.iter().for_each(|path| self.path(path));
                self.templates([&map.items, &map.item_selector]);
                self.setting(Some(&map.max_concurrency));
                self.setting(map.tolerated_failure_count.as_ref());
                self.setting(map.tolerated_failure_percentage.as_ref());
                match &map.mode {
                    MapMode::Inline => {}
                    MapMode::Distributed(distributed) => {
                        if let Some(reader) = &distributed.item_reader {
                            self.templates([&reader.parameters]);
                            reader.config.iter().for_each(|config| self.expressions(config));
                            self.setting(reader.max_items.as_ref());
                        }
                        if let Some(batcher) = &distributed.item_batcher {
                            self.templates([&batcher.batch_input]);
                            self.setting(batcher.max_items_per_batch.as_ref());
                            self.setting(batcher.max_input_bytes_per_batch.as_ref());
                        }
                        if let Some(writer) = &distributed.result_writer {
                            self.templates([&writer.parameters]);
                            writer.config.iter().for_each(|config| self.expressions(config));
                        }
                    }
                }
            }
            StateKind::Pass(_) | StateKind::Succeed | StateKind::Parallel(_) => {}
        }
    }

    fn add<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        self.names.extend(names.into_iter().map(str::to_owned));
    }

    fn path(&mut self, path: &Path) {
        self.add(path.variables());
    }

    fn data_path(&mut self, path: &DataPath) {
        match path {
            DataPath::Whole | DataPath::Nothing => {}
            DataPath::At(path) => self.path(path),
        }
    }

    fn templates<const N: usize>(&mut self, templates: [&Option<Template>; N]) {
        for template in templates.into_iter().flatten() {
            match template {
                Template::JsonPath(template) => self.add(template.variables()),
                Template::Jsonata(value) => self.expressions(value),
            }
        }
    }

    /// The expressions in a JSONata template.
    fn expressions(&mut self, value: &Value) {
        match value {
            Value::Str(text) => {
                if let Some(inner) = text.strip_prefix("{%").and_then(|text| text.strip_suffix("%}")) {
                    self.names.extend(variables_of(inner));
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.expressions(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.expressions(field)),
            Value::Null | Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) => {}
        }
    }

    fn expression(&mut self, expression: &JsonataExpression) {
        self.names.extend(variables_of(&expression.0));
    }

    fn setting<T>(&mut self, setting: Option<&Setting<T>>) {
        match setting {
            None | Some(Setting::Fixed(_)) => {}
            Some(Setting::Path(path)) => self.path(path),
            Some(Setting::Jsonata(expression)) => self.expression(expression),
        }
    }

    fn text(&mut self, text: Option<&TextSetting>) {
        match text {
            None | Some(TextSetting::Fixed(_)) => {}
            Some(TextSetting::Expression(expression)) => self.add(expression.variables()),
            Some(TextSetting::Jsonata(expression)) => self.expression(expression),
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::And(inner) | Condition::Or(inner) => {
                inner.iter().for_each(|inner| self.condition(inner))
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Compare(comparison) => {
                self.path(&comparison.variable);
                match &comparison.test {
                    Test::String(_, Operand::Path(path))
                    | Test::Numeric(_, Operand::Path(path))
                    | Test::Timestamp(_, Operand::Path(path))
                    | Test::BooleanEquals(Operand::Path(path)) => self.path(path),
                    Test::String(_, Operand::Fixed(_))
                    | Test::Numeric(_, Operand::Fixed(_))
                    | Test::Timestamp(_, Operand::Fixed(_))
                    | Test::BooleanEquals(Operand::Fixed(_))
                    | Test::StringMatches(_)
                    | Test::IsNull(_)
                    | Test::IsPresent(_)
                    | Test::IsNumeric(_)
                    | Test::IsString(_)
                    | Test::IsBoolean(_)
                    | Test::IsTimestamp(_) => {}
                }
            }
            Condition::Jsonata(expression) => self.expression(expression),
            Condition::Fixed(_) => {}
        }
    }
}

/// The variables in a JSONata expression: names after a `$` that are neither called nor bound in it.
///
/// Read word by word, without a parser: strings, comments and names in backticks are skipped.
fn variables_of(expression: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut bound: BTreeSet<&str> = BTreeSet::from(["states"]);
    let mut rest = expression;
    let mut in_parameters = false;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or("");
        match c {
            '"' | '\'' | '`' => {
                rest = skip_quoted(after, c);
                continue;
            }
            '/' if after.starts_with('*') => {
                rest = after.split_once("*/").map_or("", |(_, rest)| rest);
                continue;
            }
            '$' => {
                let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
                let (name, behind) = after.split_at_checked(end).unwrap_or((after, ""));
                let next = behind.trim_start();
                if in_parameters || next.starts_with(":=") {
                    bound.insert(name);
                } else if !name.is_empty() && !next.starts_with('(') {
                    names.insert(name.to_owned());
                }
                rest = behind;
                continue;
            }
            ')' => in_parameters = false,
            'f' | 'λ' => {
                let word = rest.strip_prefix("function").or_else(|| rest.strip_prefix('λ'));
                if let Some(parameters) = word.and_then(|word| word.trim_start().strip_prefix('(')) {
                    in_parameters = true;
                    rest = parameters;
                    continue;
                }
            }
            _ => {}
        }
        rest = after;
    }
    names.retain(|name| !bound.contains(name.as_str()));
    names
}

/// What follows the closing quote.
fn skip_quoted(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return text.get(at + c.len_utf8()..).unwrap_or(""),
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, want: &[&str]) {
        assert_eq!(variables_of(expression).into_iter().collect::<Vec<_>>(), want, "{expression}");
    }

    #[test]
    fn variables_of_expressions() {
        check("$a + $b.c", &["a", "b"]);
        check("$states.input.x & '$no' & \"$no\" & `$no` /* $no */", &[]);
        check("$sum($items)", &["items"]);
        check("($x := 1; $x + $y)", &["y"]);
        check("$map($list, function($v, $i) { $v * $factor })", &["factor", "list"]);
        check("$map($list, λ($v){$v})", &["list"]);
        check("$ + $$", &[]);
        check("'it\\'s $no' & $größe", &["größe"]);
        check("", &[]);
    }
}
