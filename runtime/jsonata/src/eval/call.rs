//! Calls: arguments, signatures, closures, partial application, tail calls.

use crate::code::{Kind, Node};
use crate::fault::{Fault, Res};
use crate::functions::Builtin;
use crate::machine::Machine;
use crate::regex::Regex;
use crate::syntax::Id;
use crate::val::{Frame, Func, FuncKind, LambdaVal, Text, Val};
use stepwell_types::Value;

/// What a call weighs on the stack, in KiB of an unoptimized build.
const CALL_KIB: u32 = 3;
/// What a call from a built-in function weighs besides.
const CALL_BACK_KIB: u32 = 5;

/// The fault with the name and place of a function's last call, as the reference adds them.
fn blame(mut fault: Box<Fault>, function: &Func<'_>) -> Box<Fault> {
    if fault.token.is_none()
        && let Some(Val::Str(token)) = function.token.get()
    {
        fault.token = Some(Value::Str(token.to_arc()));
    }
    let position = function.position.get();
    if position > 0 {
        fault.position = Some(position);
    }
    fault
}

impl<'a> Machine<'a> {
    pub(super) fn eval_function(
        &mut self,
        node: &'a Node,
        procedure: Id,
        arguments: &'a [Id],
        input: Val<'a>,
        env: &'a Frame<'a>,
        applied: Option<Val<'a>>,
    ) -> Res<Val<'a>> {
        let function = self.eval(procedure, input, env)?;
        if function.is_undefined()
            && let Some(name) = self.misspelt(procedure, env)
        {
            let mut fault = Fault::new("T1005").at(node.position);
            fault.token = Some(name);
            return Err(fault);
        }
        let start = self.stack.len();
        if let Some(applied) = applied {
            self.push(applied)?;
        }
        for argument in arguments {
            let value = self.eval(*argument, input, env)?;
            let value = match value {
                Val::Func(inner) if !matches!(inner.kind, FuncKind::Closure(_)) => {
                    self.func(FuncKind::Closure(inner))?
                }
                _ => value,
            };
            self.push(value)?;
        }
        let arguments = self.pop_slice(start)?;
        if let Val::Func(function) = function {
            let is_object = !matches!(
                function.kind,
                FuncKind::Closure(_) | FuncKind::Regex { .. } | FuncKind::RegexNext { .. }
            );
            if is_object {
                let token = match &self.node(procedure).kind {
                    Kind::Variable { name, .. } => {
                        Some(Val::Str(Text::Shared(&self.unit.code.names[*name as usize])))
                    }
                    _ => None,
                };
                function.token.set(token);
                function.position.set(node.position);
            }
        }
        let unit = self.unit;
        match self.apply(function, arguments, input, env) {
            Ok(value) => Ok(value),
            Err(mut fault) => {
                self.unit = unit;
                if fault.lacks_position() {
                    fault.position = Some(node.position);
                }
                if fault.lacks_token() {
                    fault.token = self.procedure_name(procedure);
                }
                Err(fault)
            }
        }
    }

    /// The variable that a call of a bare name probably meant.
    fn misspelt(&self, procedure: Id, env: &'a Frame<'a>) -> Option<Value> {
        let Kind::Path { steps, .. } = &self.node(procedure).kind else { return None };
        let first = self.node(*steps.first()?);
        let Kind::Name { key, .. } = &first.kind else { return None };
        let found = match self.lookup_text(key, env) {
            Val::Undefined => Builtin::of(key, crate::options::Dialect::Standard).is_some(),
            Val::Null | Val::Bool(false) => false,
            Val::Num(number) => number != 0.0,
            Val::Str(text) => !text.as_str().is_empty(),
            _ => true,
        };
        found.then(|| Value::Str(std::sync::Arc::clone(key)))
    }

    /// The `value` of the reference's procedure node, which errors show.
    fn procedure_name(&self, procedure: Id) -> Option<Value> {
        let mut node = self.node(procedure);
        if let Kind::Path { steps, .. } = &node.kind {
            node = self.node(*steps.first()?);
        }
        Some(match &node.kind {
            Kind::Text(text) | Kind::Name { key: text, .. } => Value::Str(std::sync::Arc::clone(text)),
            Kind::Variable { name, .. } => {
                Value::Str(std::sync::Arc::clone(&self.unit.code.names[*name as usize]))
            }
            Kind::Number(number) => crate::number::to_value(*number)?,
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Null => Value::Null,
            Kind::Function { .. } | Kind::Partial { .. } => Value::str("("),
            Kind::Binary { op, .. } => Value::str(op.symbol()),
            Kind::Negate(_) => Value::str("-"),
            Kind::Array(_) => Value::str("["),
            Kind::Object(_) => Value::str("{"),
            Kind::Wildcard => Value::str("*"),
            Kind::Descendant => Value::str("**"),
            Kind::Bind { .. } => Value::str(":="),
            Kind::Apply { .. } => Value::str("~>"),
            Kind::Placeholder => Value::str("?"),
            Kind::Regex(_) => Value::object(stepwell_types::Map::new()),
            Kind::Path { .. }
            | Kind::Parent(_)
            | Kind::Condition { .. }
            | Kind::Block { .. }
            | Kind::Lambda(_)
            | Kind::Thunk(_)
            | Kind::Transform { .. }
            | Kind::Sort(_) => return None,
        })
    }

    /// Calls a function, and the calls in tail position that it leaves.
    pub(crate) fn apply(
        &mut self,
        function: Val<'a>,
        arguments: &[Val<'a>],
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let value = self.apply_inner(function, arguments, input, env)?;
        if matches!(value, Val::Func(_)) { self.tail_calls(value, input, env) } else { Ok(value) }
    }

    /// Calls a function from a built-in one: a lambda without a signature right away.
    pub(crate) fn call_back(
        &mut self,
        function: &'a Func<'a>,
        arguments: &[Val<'a>],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        self.weigh(CALL_BACK_KIB)?;
        let value = self.call_back_inner(function, arguments, env)?;
        self.unweigh(CALL_BACK_KIB);
        Ok(value)
    }

    fn call_back_inner(
        &mut self,
        function: &'a Func<'a>,
        arguments: &[Val<'a>],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let inner = match &function.kind {
            FuncKind::Closure(inner) => inner,
            _ => function,
        };
        if let FuncKind::Lambda(lambda) = &inner.kind
            && lambda.lambda.signature.is_none()
        {
            let value = self.call_lambda(lambda, arguments).map_err(|fault| blame(fault, inner))?;
            return if matches!(value, Val::Func(_)) {
                self.tail_calls(value, Val::Null, env)
            } else {
                Ok(value)
            };
        }
        self.apply(Val::Func(function), arguments, Val::Null, env)
    }

    /// Makes the calls that a lambda left to its caller.
    fn tail_calls(&mut self, value: Val<'a>, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let mut value = value;
        while let Val::Func(func) = value {
            if !matches!(func.kind, FuncKind::Pending) {
                break;
            }
            let Some(pending) = self.pending.take() else { break };
            let outer = std::mem::replace(&mut self.unit, pending.unit);
            let node = self.node(pending.call);
            let Kind::Function { procedure, arguments } = &node.kind else { break };
            let next = self.eval(*procedure, pending.input, pending.env)?;
            let name = match &self.node(*procedure).kind {
                Kind::Variable { name, .. } => {
                    Some(Val::Str(Text::Shared(&self.unit.code.names[*name as usize])))
                }
                _ => None,
            };
            if let Val::Func(next) = next {
                if name.is_some() {
                    next.token.set(name);
                }
                next.position.set(self.node(*procedure).position);
            }
            let start = self.stack.len();
            for argument in arguments {
                let argument = self.eval(*argument, pending.input, pending.env)?;
                self.push(argument)?;
            }
            let arguments = self.pop_slice(start)?;
            let position = node.position;
            self.unit = outer;
            value = self.apply_inner(next, arguments, input, env).map_err(|mut fault| {
                if !matches!(next, Val::Func(_)) && fault.lacks_position() {
                    fault.position = Some(position);
                    fault.token = name.and_then(Val::as_str).map(Value::str);
                }
                fault
            })?;
        }
        Ok(value)
    }

    fn apply_inner(
        &mut self,
        function: Val<'a>,
        arguments: &[Val<'a>],
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let Val::Func(func) = function else { return Err(Fault::new("T1006")) };
        self.invoke(func, arguments, input, env).map_err(|fault| blame(fault, func))
    }

    fn invoke(
        &mut self,
        func: &'a Func<'a>,
        arguments: &[Val<'a>],
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        match &func.kind {
            FuncKind::Builtin(builtin) => self.invoke_builtin(*builtin, arguments, input, env),
            FuncKind::Lambda(lambda) => self.invoke_lambda(lambda, arguments, input),
            FuncKind::Closure(inner) => self.invoke_closure(inner, arguments, env),
            FuncKind::Pending => Ok(Val::Undefined),
            FuncKind::Regex { regex, position } => self.invoke_regex(regex, *position, arguments),
            FuncKind::RegexNext { regex, position, text, from } => {
                self.invoke_regex_next(regex, *position, *text, *from)
            }
            FuncKind::Chain(first, second) => self.invoke_chain(first, second, arguments, env),
            FuncKind::Partial { function, arguments: known } => {
                self.invoke_partial(function, known, arguments, env)
            }
            FuncKind::Transform { .. } => self.invoke_transform(func, arguments, input),
        }
    }

    /// Tail calls inside of a closure are made here, and so nest.
    fn invoke_closure(
        &mut self,
        inner: &'a Func<'a>,
        arguments: &[Val<'a>],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        self.weigh(CALL_KIB)?;
        let value = self.apply(Val::Func(inner), arguments, Val::Null, env)?;
        self.unweigh(CALL_KIB);
        Ok(value)
    }

    fn invoke_builtin(
        &mut self,
        builtin: Builtin,
        arguments: &[Val<'a>],
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let arguments = self.validate(builtin.signature(), arguments, input)?;
        if builtin == Builtin::Eval {
            self.eval_input = input;
        }
        self.call_builtin(builtin, arguments, env)
    }

    fn invoke_lambda(
        &mut self,
        lambda: &LambdaVal<'a>,
        arguments: &[Val<'a>],
        input: Val<'a>,
    ) -> Res<Val<'a>> {
        match &lambda.lambda.signature {
            Some(signature) if lambda.bound.is_none() => {
                let arguments = self.validate(signature, arguments, input)?;
                self.call_lambda(lambda, arguments)
            }
            _ => self.call_lambda(lambda, arguments),
        }
    }

    fn invoke_regex(&mut self, regex: &'a Regex, position: u32, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let text = self.javascript_text(arguments.first().copied().unwrap_or(Val::Undefined), 0)?;
        let from = match arguments.get(1) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
            Some(Val::Num(from)) => *from as usize,
            _ => 0,
        };
        self.regex_match(regex, position, text, from)
    }

    fn invoke_regex_next(
        &mut self,
        regex: &'a Regex,
        position: u32,
        text: Text<'a>,
        from: usize,
    ) -> Res<Val<'a>> {
        if from >= crate::text::utf16_len(text.as_str()) {
            return Ok(Val::Undefined);
        }
        let found = self.regex_match(regex, position, text, from)?;
        if found.field("match").as_str() == Some("") {
            return Err(Fault::new("D1004").at(position).text_value(regex.source()));
        }
        Ok(found)
    }

    fn invoke_chain(
        &mut self,
        first: &'a Func<'a>,
        second: &'a Func<'a>,
        arguments: &[Val<'a>],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        self.weigh(CALL_KIB)?;
        let argument = arguments.first().copied().unwrap_or(Val::Undefined);
        let value = self.apply(Val::Func(first), &[argument], Val::Null, env)?;
        let value = self.apply(Val::Func(second), &[value], Val::Null, env)?;
        self.unweigh(CALL_KIB);
        Ok(value)
    }

    fn invoke_partial(
        &mut self,
        function: &'a Func<'a>,
        known: &[Option<Val<'a>>],
        arguments: &[Val<'a>],
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let mut rest = arguments.iter().copied();
        let start = self.stack.len();
        for argument in known {
            let value = argument.or_else(|| rest.next()).unwrap_or(Val::Undefined);
            self.push(value)?;
        }
        let arguments = self.pop_slice(start)?;
        self.weigh(CALL_KIB)?;
        let value = match &function.kind {
            FuncKind::Builtin(builtin) => self.call_unchecked(*builtin, arguments, env)?,
            _ => self.invoke(function, arguments, Val::Undefined, env)?,
        };
        self.unweigh(CALL_KIB);
        Ok(value)
    }

    fn invoke_transform(
        &mut self,
        func: &'a Func<'a>,
        arguments: &[Val<'a>],
        input: Val<'a>,
    ) -> Res<Val<'a>> {
        let FuncKind::Transform { unit, env, pattern, update, delete, position } = &func.kind else {
            return Ok(Val::Undefined);
        };
        let arguments = self.validate(Builtin::transform_signature(), arguments, input)?;
        let subject = arguments.first().copied().unwrap_or(Val::Undefined);
        self.weigh(CALL_KIB)?;
        let value = self.transform(unit, env, *pattern, *update, *delete, *position, subject)?;
        self.unweigh(CALL_KIB);
        Ok(value)
    }

    fn call_lambda(&mut self, lambda: &LambdaVal<'a>, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        self.charge(1)?;
        self.weigh(CALL_KIB)?;
        let outer = std::mem::replace(&mut self.unit, lambda.unit);
        let code = lambda.lambda;
        let names = &self.unit.code.scopes[code.scope as usize];
        let env = if names.is_empty() { lambda.env } else { self.frame(code.scope, lambda.env)? };
        let mut given = arguments.iter().copied();
        for (at, slot) in code.slots.iter().enumerate() {
            let bound = lambda.bound.and_then(|bound| bound.get(at).copied().flatten());
            let value = match bound {
                Some(value) => value,
                None => given.next().unwrap_or(Val::Undefined),
            };
            if let Some(slot) = env.slots.get(*slot as usize) {
                slot.set(Some(value));
            }
        }
        let value = self.eval(code.body, lambda.input, env)?;
        self.unit = outer;
        self.unweigh(CALL_KIB);
        Ok(value)
    }

    pub(super) fn eval_apply(
        &mut self,
        node: &'a Node,
        lhs: Id,
        rhs: Id,
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let left = self.eval(lhs, input, env)?;
        let right = self.node(rhs);
        if let Kind::Function { procedure, arguments } = &right.kind {
            return self.eval_function(right, *procedure, arguments, input, env, Some(left));
        }
        let function = self.eval(rhs, input, env)?;
        let Val::Func(second) = function else {
            let fault = Fault::new("T2006").at(node.position);
            return Err(self.with_value(fault, function));
        };
        if let Val::Func(first) = left {
            return self.func(FuncKind::Chain(first, second));
        }
        self.apply(function, &[left], Val::Null, env)
    }

    pub(super) fn eval_partial(
        &mut self,
        node: &'a Node,
        procedure: Id,
        arguments: &'a [Id],
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let mut given: Vec<Option<Val<'a>>> = Vec::with_capacity(arguments.len());
        for argument in arguments {
            given.push(match self.node(*argument).kind {
                Kind::Placeholder => None,
                _ => Some(self.eval(*argument, input, env)?),
            });
        }
        let function = self.eval(procedure, input, env)?;
        if function.is_undefined()
            && let Some(name) = self.misspelt(procedure, env)
        {
            let mut fault = Fault::new("T1007").at(node.position);
            fault.token = Some(name);
            return Err(fault);
        }
        let Val::Func(func) = function else {
            let mut fault = Fault::new("T1008").at(node.position);
            fault.token = self.procedure_name(procedure);
            return Err(fault);
        };
        match &func.kind {
            FuncKind::Lambda(lambda) => self.partial_lambda(lambda, &given),
            FuncKind::Closure(_) => {
                // The reference reads parameter names out of the function's text, here `...params`.
                let fault = Fault::new("S0202").at(12).token("..").text_value(")");
                Err(fault)
            }
            FuncKind::Builtin(builtin) => {
                if *builtin == Builtin::String {
                    // Likewise: `prettify = false` is no parameter name.
                    let mut fault = Fault::new("S0208").at(26).token("=");
                    fault.value = Some(Value::I64(2));
                    fault.value_text = Some("2".to_owned());
                    return Err(fault);
                }
                given.resize(builtin.parameters(), Some(Val::Undefined));
                self.partial_native(func, &given)
            }
            FuncKind::Regex { .. } | FuncKind::RegexNext { .. } => {
                given.resize(2, Some(Val::Undefined));
                self.partial_native(func, &given)
            }
            FuncKind::Chain(..)
            | FuncKind::Partial { .. }
            | FuncKind::Transform { .. }
            | FuncKind::Pending => {
                let count = crate::functions::arity(func);
                given.resize(count, Some(Val::Undefined));
                self.partial_native(func, &given)
            }
        }
    }

    fn partial_native(&mut self, func: &'a Func<'a>, given: &[Option<Val<'a>>]) -> Res<Val<'a>> {
        self.charge_bytes(size_of_val(given))?;
        let arguments: &'a [Option<Val<'a>>] = self.bump.alloc_slice_copy(given);
        self.func(FuncKind::Partial { function: func, arguments })
    }

    fn partial_lambda(&mut self, lambda: &LambdaVal<'a>, given: &[Option<Val<'a>>]) -> Res<Val<'a>> {
        let mut given = given.iter().copied();
        let mut bound: Vec<Option<Val<'a>>> = Vec::with_capacity(lambda.lambda.slots.len());
        for at in 0..lambda.lambda.slots.len() {
            let before = lambda.bound.and_then(|bound| bound.get(at).copied().flatten());
            bound.push(match before {
                Some(value) => Some(value),
                None => given.next().unwrap_or(Some(Val::Undefined)),
            });
        }
        self.charge_bytes(size_of_val(bound.as_slice()))?;
        let bound: &'a [Option<Val<'a>>] = self.bump.alloc_slice_copy(&bound);
        self.func(FuncKind::Lambda(LambdaVal { bound: Some(bound), ..*lambda }))
    }
}
