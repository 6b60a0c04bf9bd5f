//! Operators of two sides.

use crate::code::{Kind, Node};
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::syntax::{BinaryOp, Id};
use crate::val::{Frame, Items, SEQUENCE, Val};
use stepwell_types::Value;

/// Items that one range may hold. Source: the reference.
const RANGE_ITEMS_MAX: f64 = 1e7;

impl<'a> Machine<'a> {
    pub(super) fn eval_binary(
        &mut self,
        node: &'a Node,
        op: BinaryOp,
        lhs: Id,
        rhs: Id,
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        // Chains such as `a & b & c` lean to the left; they are walked, not nested.
        let left = self.node(lhs);
        if matches!(left.kind, Kind::Binary { .. }) && left.extra.is_none() && !left.keep_array {
            return self.eval_chain(node, input, env);
        }
        let left = self.eval(lhs, input, env)?;
        self.operate(node, op, left, rhs, input, env)
    }

    fn eval_chain(&mut self, node: &'a Node, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let mut chain = vec![node];
        let mut at = node;
        let first = loop {
            let Kind::Binary { lhs, .. } = &at.kind else { return Ok(Val::Undefined) };
            let left = self.node(*lhs);
            if !matches!(left.kind, Kind::Binary { .. }) || left.extra.is_some() || left.keep_array {
                break *lhs;
            }
            self.charge(1)?;
            chain.push(left);
            at = left;
        };
        let mut value = self.eval(first, input, env)?;
        while let Some(node) = chain.pop() {
            if let Kind::Binary { op, rhs, .. } = &node.kind {
                value = self.operate(node, *op, value, *rhs, input, env)?;
                value = super::finish(node, value);
            }
        }
        Ok(value)
    }

    fn operate(
        &mut self,
        node: &'a Node,
        op: BinaryOp,
        left: Val<'a>,
        rhs: Id,
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            return self.logical(op, left, rhs, input, env).map_err(|mut fault| {
                place(&mut fault, node, op);
                fault
            });
        }
        let right = self.eval(rhs, input, env)?;
        if let (Val::Num(a), Val::Num(b)) = (left, right)
            && let Some(value) = fast(op, a, b)
        {
            return Ok(value);
        }
        self.apply_operator(op, left, right).map_err(|mut fault| {
            place(&mut fault, node, op);
            fault
        })
    }

    fn logical(
        &mut self,
        op: BinaryOp,
        left: Val<'a>,
        rhs: Id,
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let left = self.truthy(left)?;
        let decided = if op == BinaryOp::And { !left } else { left };
        if decided {
            return Ok(Val::Bool(left));
        }
        let right = self.eval(rhs, input, env)?;
        Ok(Val::Bool(self.truthy(right)?))
    }

    fn apply_operator(&mut self, op: BinaryOp, left: Val<'a>, right: Val<'a>) -> Res<Val<'a>> {
        match op {
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
                self.arithmetic(op, left, right)
            }
            BinaryOp::Equal | BinaryOp::NotEqual => {
                if left.is_undefined() || right.is_undefined() {
                    return Ok(Val::Bool(false));
                }
                Ok(Val::Bool(self.deep_equal(left, right, 0)? == (op == BinaryOp::Equal)))
            }
            BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual => {
                self.comparison(op, left, right)
            }
            BinaryOp::Concatenate => self.concatenate(left, right),
            BinaryOp::In => self.includes(left, right),
            BinaryOp::Range => self.range(left, right),
            BinaryOp::And | BinaryOp::Or => Ok(Val::Undefined),
        }
    }

    fn arithmetic(&mut self, op: BinaryOp, left: Val<'a>, right: Val<'a>) -> Res<Val<'a>> {
        for (side, code) in [(left, "T2001"), (right, "T2002")] {
            if !side.is_undefined() && !self.is_numeric(side)? {
                return Err(self.with_value(Fault::new(code), side));
            }
        }
        let (Val::Num(a), Val::Num(b)) = (left, right) else { return Ok(Val::Undefined) };
        Ok(Val::Num(match op {
            BinaryOp::Add => a + b,
            BinaryOp::Subtract => a - b,
            BinaryOp::Multiply => a * b,
            BinaryOp::Divide => a / b,
            _ => a % b,
        }))
    }

    fn comparison(&mut self, op: BinaryOp, left: Val<'a>, right: Val<'a>) -> Res<Val<'a>> {
        let comparable = |side: Val<'a>| matches!(side, Val::Undefined | Val::Str(_) | Val::Num(_));
        if !comparable(left) || !comparable(right) {
            let culprit = if matches!(left, Val::Str(_) | Val::Num(_)) { right } else { left };
            return Err(self.with_value(Fault::new("T2010"), culprit));
        }
        let order = match (left, right) {
            (Val::Undefined, _) | (_, Val::Undefined) => return Ok(Val::Undefined),
            (Val::Num(a), Val::Num(b)) => a.partial_cmp(&b),
            (Val::Str(a), Val::Str(b)) => {
                let (a, b) = (a.as_str(), b.as_str());
                self.charge(a.len().min(b.len()) as u64 >> 4)?;
                Some(crate::text::compare(a, b))
            }
            _ => {
                let mut fault = self.with_value(Fault::new("T2009"), left);
                fault.value2_text = Some(self.json_text(right)?);
                return Err(fault);
            }
        };
        Ok(Val::Bool(order.is_some_and(|order| match op {
            BinaryOp::Less => order.is_lt(),
            BinaryOp::LessOrEqual => order.is_le(),
            BinaryOp::Greater => order.is_gt(),
            _ => order.is_ge(),
        })))
    }

    fn concatenate(&mut self, left: Val<'a>, right: Val<'a>) -> Res<Val<'a>> {
        let left = self.string_of(left)?;
        let right = self.string_of(right)?;
        let (a, b) = (left.as_str().unwrap_or_default(), right.as_str().unwrap_or_default());
        if b.is_empty() && !left.is_undefined() {
            return Ok(left);
        }
        if a.is_empty() && !right.is_undefined() {
            return Ok(right);
        }
        self.charge_bytes(a.len() + b.len())?;
        let bump = self.bump;
        let mut text = bumpalo::collections::String::with_capacity_in(a.len() + b.len(), bump);
        text.push_str(a);
        text.push_str(b);
        Ok(Val::plain(text.into_bump_str()))
    }

    fn includes(&mut self, left: Val<'a>, right: Val<'a>) -> Res<Val<'a>> {
        if left.is_undefined() || right.is_undefined() {
            return Ok(Val::Bool(false));
        }
        let items = right.items_or_one();
        self.charge_items(items.len())?;
        Ok(Val::Bool(items.iter().any(|item| identical(item, left))))
    }

    fn range(&mut self, left: Val<'a>, right: Val<'a>) -> Res<Val<'a>> {
        for (side, code) in [(left, "T2003"), (right, "T2004")] {
            let integer = matches!(side, Val::Num(n) if n.is_finite() && n.fract() == 0.0);
            if !side.is_undefined() && !integer {
                return Err(self.with_value(Fault::new(code), side));
            }
        }
        let (Val::Num(first), Val::Num(last)) = (left, right) else { return Ok(Val::Undefined) };
        if first > last {
            return Ok(Val::Undefined);
        }
        let size = last - first + 1.0;
        if size > RANGE_ITEMS_MAX {
            let mut fault = Fault::new("D2014").number_value(size);
            fault.value = crate::number::to_value(size).or(Some(Value::Null));
            return Err(fault);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 10^7")]
        let len = size as usize;
        // Paid as if every item were there: what it costs must not depend on what is done with it.
        self.charge_bytes(len * 8)?;
        self.array_of(Items::Range { first, len }, SEQUENCE)
    }
}

/// The common case: two finite numbers.
#[inline]
fn fast<'a>(op: BinaryOp, a: f64, b: f64) -> Option<Val<'a>> {
    if !a.is_finite() || !b.is_finite() {
        return None;
    }
    Some(match op {
        BinaryOp::Add => Val::Num(a + b),
        BinaryOp::Subtract => Val::Num(a - b),
        BinaryOp::Multiply => Val::Num(a * b),
        BinaryOp::Divide => Val::Num(a / b),
        BinaryOp::Modulo => Val::Num(a % b),
        #[expect(clippy::float_cmp, reason = "JavaScript compares exactly")]
        BinaryOp::Equal => Val::Bool(a == b),
        #[expect(clippy::float_cmp, reason = "JavaScript compares exactly")]
        BinaryOp::NotEqual => Val::Bool(a != b),
        BinaryOp::Less => Val::Bool(a < b),
        BinaryOp::LessOrEqual => Val::Bool(a <= b),
        BinaryOp::Greater => Val::Bool(a > b),
        BinaryOp::GreaterOrEqual => Val::Bool(a >= b),
        BinaryOp::Concatenate | BinaryOp::And | BinaryOp::Or | BinaryOp::In | BinaryOp::Range => return None,
    })
}

fn place(fault: &mut Fault, node: &Node, op: BinaryOp) {
    fault.position = Some(node.position);
    fault.token = Some(Value::str(op.symbol()));
}

/// JavaScript's `===`.
pub(crate) fn identical<'a>(a: Val<'a>, b: Val<'a>) -> bool {
    match (a, b) {
        (Val::Null, Val::Null) | (Val::Undefined, Val::Undefined) => true,
        (Val::Bool(a), Val::Bool(b)) => a == b,
        #[expect(clippy::float_cmp, reason = "JavaScript compares exactly")]
        (Val::Num(a), Val::Num(b)) => a == b,
        (Val::Str(a), Val::Str(b)) => a.as_str() == b.as_str(),
        (Val::Array(a), Val::Array(b)) => std::ptr::eq(a, b),
        (Val::List(a), Val::List(b)) => std::sync::Arc::ptr_eq(a, b),
        (Val::Object(a), Val::Object(b)) => std::ptr::eq(a, b),
        (Val::Record(a), Val::Record(b)) => std::sync::Arc::ptr_eq(a, b),
        (Val::Func(a), Val::Func(b)) => std::ptr::eq(a, b),
        _ => false,
    }
}
