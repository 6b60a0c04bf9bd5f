//! The Choice state: rules and their conditions.

use super::object::{self, Object, wrong_type};
use super::template::{expression, looks_like_path};
use super::{Context, Lower, fields};
use crate::definition::{
    Choice, ChoiceRule, Comparison, Condition, NumericOperand, Operand, Order, QueryLanguage, Test,
};
use crate::diagnostic::{Code, Severity};
use crate::place::{Findings, Place};
use crate::reachability::Exits;
use crate::suggest::did_you_mean;
use std::sync::Arc;
use stepwell_types::{ExactTimestamp, Value};

impl<'t> Lower<'t> {
    pub(super) fn choice(
        &mut self,
        state: Object<'t, '_>,
        context: &Context<'_, 't>,
        exits: &mut Exits,
    ) -> Option<Choice> {
        let default_given = state.has("Default");
        let default = if default_given { self.target_field(state, "Default", context, exits) } else { None };
        if !state.require(&mut self.findings, &["Choices"]) {
            exits.unknown = true;
            return None;
        }
        let Some(entries) = state.filled_array(&mut self.findings, "Choices") else {
            exits.unknown = true;
            return None;
        };
        let list_at = state.at.field("Choices");
        let mut rules = Vec::with_capacity(entries.len());
        for (n, value) in entries.iter().enumerate() {
            let at = list_at.item(n);
            match object::object(&mut self.findings, value, &at) {
                Some(object) => rules.extend(self.rule(object, context, exits)),
                None => exits.unknown = true,
            }
        }
        Some(Choice { rules, default })
    }

    fn rule(
        &mut self,
        object: Object<'t, '_>,
        context: &Context<'_, 't>,
        exits: &mut Exits,
    ) -> Option<ChoiceRule> {
        let language = context.language;
        object.require(&mut self.findings, &["Next"]);
        let next = self.target_field(object, "Next", context, exits);
        let comment = object.comment(&mut self.findings);
        let assign = object.assign(&mut self.findings, context);
        let (condition, output) = match language {
            QueryLanguage::JsonPath => (condition(&mut self.findings, object, Level::Rule), None),
            QueryLanguage::Jsonata => {
                let operators: Vec<_> = OPERATORS.iter().map(|name| fields::json_path_only(name)).collect();
                fields::check(&mut self.findings, object, &[fields::JSONATA_RULE, &operators], language);
                let condition = jsonata_condition(&mut self.findings, object);
                (condition, object.template(&mut self.findings, "Output", language))
            }
        };
        Some(ChoiceRule { comment, condition: condition?, next: next?, assign, output })
    }
}

fn jsonata_condition(findings: &mut Findings, rule: Object<'_, '_>) -> Option<Condition> {
    if !rule.require(findings, &["Condition"]) {
        return None;
    }
    let at = rule.at.field("Condition");
    match rule.get("Condition")? {
        Value::Bool(fixed) => Some(Condition::Fixed(*fixed)),
        Value::Str(text) => {
            let before = findings.errors();
            let found = expression(findings, text, &at);
            if found.is_none() && findings.errors() == before {
                wrong_type(findings, "Boolean", &at);
            }
            found.map(Condition::Jsonata)
        }
        _ => {
            wrong_type(findings, "Boolean", &at);
            None
        }
    }
}

/// Where a condition stands: a rule has fields of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Rule,
    Inner,
}

/// One condition in its JSONPath form. It calls itself as deeply as the JSON is nested, which is bounded.
fn condition(findings: &mut Findings, object: Object<'_, '_>, level: Level) -> Option<Condition> {
    let (mut selectors, mut operators) = (Vec::new(), Vec::new());
    let mut has_unknown = false;
    for key in object.map.keys() {
        match &**key {
            "Comment" => {}
            "Next" | "Assign" if level == Level::Rule => {}
            name @ ("And" | "Or" | "Not" | "Variable") => selectors.push(name),
            name if Operator::parse(name).is_some() => operators.push(name),
            name => {
                has_unknown = true;
                unknown_field(findings, object, name);
            }
        }
    }
    if level == Level::Inner {
        object.comment(findings);
    }
    let [selector] = *selectors.as_slice() else {
        let message =
            "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]";
        findings.schema(message, object.at);
        return None;
    };
    if selector != "Variable" {
        for operator in operators {
            unknown_field(findings, object, operator);
        }
        return combination(findings, object, selector);
    }
    let variable = object.operand_path(findings, "Variable");
    let [operator] = *operators.as_slice() else {
        let message = format!("There should only be one of the following fields: [{}]", operators.join(", "));
        if !operators.is_empty() {
            findings.schema(message, object.at);
        } else if !has_unknown {
            // A misspelt operator is told already.
            findings.schema("A choice rule with a Variable must have a comparison operator", object.at);
        }
        return None;
    };
    let test = test(findings, object, operator);
    Some(Condition::Compare(Comparison { variable: variable?, test: test? }))
}

fn unknown_field(findings: &mut Findings, object: Object<'_, '_>, name: &str) {
    let (message, help) = if matches!(name, "Condition" | "Output") {
        let message = format!(
            "The QueryLanguage is set to 'JSONPath', but field '{name}' is only supported for the 'JSONata' \
             QueryLanguage"
        );
        (message, None)
    } else {
        let known = ["And", "Or", "Not", "Next", "Variable", "Comment", "Assign"].into_iter();
        (
            format!("Field '{name}' is not supported"),
            did_you_mean(name, known.chain(OPERATORS.iter().copied())),
        )
    };
    let at = object.at.field(name);
    findings.add(Severity::Error, Code::SchemaValidationFailed, message, object.at, &at, help);
}

fn combination(findings: &mut Findings, object: Object<'_, '_>, operator: &str) -> Option<Condition> {
    let at = object.at.field(operator);
    if operator == "Not" {
        let inner = object::object(findings, object.get(operator)?, &at)?;
        return condition(findings, inner, Level::Inner).map(Box::new).map(Condition::Not);
    }
    let items = object.filled_array(findings, operator)?;
    let mut inner = Vec::with_capacity(items.len());
    for (n, value) in items.iter().enumerate() {
        let at = at.item(n);
        if let Some(object) = object::object(findings, value, &at) {
            inner.extend(condition(findings, object, Level::Inner));
        }
    }
    Some(if operator == "And" { Condition::And(inner) } else { Condition::Or(inner) })
}

/// A comparison operator, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Ordered(Kind, Order, Side),
    BooleanEquals(Side),
    StringMatches,
    Is(Sort),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    Numeric,
    Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Null,
    Present,
    Numeric,
    String,
    Boolean,
    Timestamp,
}

/// Whether the right side is written out or found by a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Fixed,
    Path,
}

/// All 39, for suggestions.
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringEqualsPath",
    "StringLessThan",
    "StringLessThanPath",
    "StringGreaterThan",
    "StringGreaterThanPath",
    "StringLessThanEquals",
    "StringLessThanEqualsPath",
    "StringGreaterThanEquals",
    "StringGreaterThanEqualsPath",
    "StringMatches",
    "NumericEquals",
    "NumericEqualsPath",
    "NumericLessThan",
    "NumericLessThanPath",
    "NumericGreaterThan",
    "NumericGreaterThanPath",
    "NumericLessThanEquals",
    "NumericLessThanEqualsPath",
    "NumericGreaterThanEquals",
    "NumericGreaterThanEqualsPath",
    "BooleanEquals",
    "BooleanEqualsPath",
    "TimestampEquals",
    "TimestampEqualsPath",
    "TimestampLessThan",
    "TimestampLessThanPath",
    "TimestampGreaterThan",
    "TimestampGreaterThanPath",
    "TimestampLessThanEquals",
    "TimestampLessThanEqualsPath",
    "TimestampGreaterThanEquals",
    "TimestampGreaterThanEqualsPath",
    "IsNull",
    "IsPresent",
    "IsNumeric",
    "IsString",
    "IsBoolean",
    "IsTimestamp",
];

impl Operator {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "StringMatches" => return Some(Self::StringMatches),
            "BooleanEquals" => return Some(Self::BooleanEquals(Side::Fixed)),
            "BooleanEqualsPath" => return Some(Self::BooleanEquals(Side::Path)),
            "IsNull" => return Some(Self::Is(Sort::Null)),
            "IsPresent" => return Some(Self::Is(Sort::Present)),
            "IsNumeric" => return Some(Self::Is(Sort::Numeric)),
            "IsString" => return Some(Self::Is(Sort::String)),
            "IsBoolean" => return Some(Self::Is(Sort::Boolean)),
            "IsTimestamp" => return Some(Self::Is(Sort::Timestamp)),
            _ => {}
        }
        let kinds = [("String", Kind::String), ("Numeric", Kind::Numeric), ("Timestamp", Kind::Timestamp)];
        let (rest, kind) =
            kinds.into_iter().find_map(|(head, kind)| Some((name.strip_prefix(head)?, kind)))?;
        let (rest, side) = rest.strip_suffix("Path").map_or((rest, Side::Fixed), |rest| (rest, Side::Path));
        let order = match rest {
            "Equals" => Order::Equals,
            "LessThan" => Order::LessThan,
            "GreaterThan" => Order::GreaterThan,
            "LessThanEquals" => Order::LessThanEquals,
            "GreaterThanEquals" => Order::GreaterThanEquals,
            _ => return None,
        };
        Some(Self::Ordered(kind, order, side))
    }
}

fn test(findings: &mut Findings, object: Object<'_, '_>, name: &str) -> Option<Test> {
    let value = object.get(name)?;
    let at = object.at.field(name);
    match Operator::parse(name)? {
        Operator::Ordered(kind, order, Side::Path) => {
            let path = object.operand_path(findings, name)?;
            Some(match kind {
                Kind::String => Test::String(order, Operand::Path(path)),
                Kind::Numeric => Test::Numeric(order, Operand::Path(path)),
                Kind::Timestamp => Test::Timestamp(order, Operand::Path(path)),
            })
        }
        Operator::Ordered(Kind::String, order, Side::Fixed) => {
            Some(Test::String(order, Operand::Fixed(operand_text(findings, object, name, value, &at)?)))
        }
        Operator::Ordered(Kind::Numeric, order, Side::Fixed) => match value {
            Value::I64(_) | Value::U64(_) | Value::F64(_) => {
                Some(Test::Numeric(order, Operand::Fixed(NumericOperand(value.clone()))))
            }
            _ => {
                wrong_type(findings, "Number", &at);
                None
            }
        },
        Operator::Ordered(Kind::Timestamp, order, Side::Fixed) => {
            let text = object.text(findings, name)?;
            match ExactTimestamp::parse_rfc3339(text) {
                Ok(time) => Some(Test::Timestamp(order, Operand::Fixed(time))),
                Err(_) => {
                    findings.schema("String does not match RFC3339 timestamp", &at);
                    None
                }
            }
        }
        Operator::BooleanEquals(Side::Path) => {
            object.operand_path(findings, name).map(Operand::Path).map(Test::BooleanEquals)
        }
        Operator::BooleanEquals(Side::Fixed) => {
            object.boolean(findings, name).map(Operand::Fixed).map(Test::BooleanEquals)
        }
        Operator::StringMatches => object.text(findings, name).map(Arc::clone).map(Test::StringMatches),
        Operator::Is(kind) => {
            let want = object.boolean(findings, name)?;
            Some(match kind {
                Sort::Null => Test::IsNull(want),
                Sort::Present => Test::IsPresent(want),
                Sort::Numeric => Test::IsNumeric(want),
                Sort::String => Test::IsString(want),
                Sort::Boolean => Test::IsBoolean(want),
                Sort::Timestamp => Test::IsTimestamp(want),
            })
        }
    }
}

fn operand_text(
    findings: &mut Findings,
    object: Object<'_, '_>,
    name: &str,
    value: &Value,
    at: &Place<'_>,
) -> Option<Arc<str>> {
    if value.as_str().is_some_and(looks_like_path) {
        let message =
            format!("The value of field '{name}' looks like a path, but its name does not end with 'Path'");
        findings.warning(Code::NoPath, message, at);
    }
    object.text(findings, name).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_39_operators() {
        assert_eq!(OPERATORS.len(), 39);
        for (n, name) in OPERATORS.iter().enumerate() {
            let operator = Operator::parse(name);
            assert!(operator.is_some(), "{name}");
            assert!(OPERATORS.iter().skip(n + 1).all(|other| Operator::parse(other) != operator), "{name}");
        }
        for bad in [
            "",
            "Equals",
            "StringMatchesPath",
            "IsNullPath",
            "BooleanLessThan",
            "NumericPath",
            "stringEquals",
        ] {
            assert_eq!(Operator::parse(bad), None, "{bad}");
        }
    }
}
