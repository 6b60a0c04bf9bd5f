//! A JSON object's fields.

use crate::value::Value;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Above this many fields an index is built; below it a scan is faster than a hash.
const INDEX_FIELDS_MIN: usize = 17;

/// The fields of an object, in the order in which their keys were first inserted.
///
/// Look-up scans small objects and uses a hash index for larger ones.
#[derive(Clone, Default)]
pub struct Map {
    entries: Vec<(Arc<str>, Value)>,
    index: Option<Box<Index>>,
}

#[derive(Clone, Default)]
struct Index {
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Map {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new(), index: None }
    }

    /// No fields, with room for `capacity`.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), index: None }
    }

    /// These fields, in this order. No key may occur twice: the caller knows, and nothing is compared.
    #[must_use]
    pub fn from_unique(entries: Vec<(Arc<str>, Value)>) -> Self {
        let mut map = Self { entries, index: None };
        map.rebuild_index();
        map
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A field's value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        Some(&self.entries.get(self.position(key)?)?.1)
    }

    /// A field's value, to be changed in place.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let at = self.position(key)?;
        Some(&mut self.entries.get_mut(at)?.1)
    }

    /// The place of a key, if it is there.
    #[must_use]
    pub fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            None => self.entries.iter().position(|(k, _)| **k == *key),
            Some(index) => {
                let hash = index.hasher.hash_one(key);
                index.places.find(hash, |&at| *self.entries[at as usize].0 == *key).map(|&at| at as usize)
            }
        }
    }

    /// Whether there is such a field.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Sets a field and returns what it held. A key that exists keeps its place.
    pub fn insert(&mut self, key: impl Into<Arc<str>> + AsRef<str>, value: Value) -> Option<Value> {
        if let Some(at) = self.position(key.as_ref()) {
            return Some(std::mem::replace(&mut self.entries[at].1, value));
        }
        let place = u32::try_from(self.entries.len()).expect("an object holds fewer than 2^32 fields");
        self.entries.push((key.into(), value));
        if self.index.is_some() {
            self.index_entry(place);
        } else if self.entries.len() >= INDEX_FIELDS_MIN {
            self.rebuild_index();
        }
        None
    }

    /// Removes a field; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.position(key)?;
        let (_, value) = self.entries.remove(at);
        self.rebuild_index();
        Some(value)
    }

    /// The fields in order.
    pub fn iter(&self) -> std::slice::Iter<'_, (Arc<str>, Value)> {
        self.entries.iter()
    }

    /// The field at a place.
    #[must_use]
    pub fn get_index(&self, at: usize) -> Option<&(Arc<str>, Value)> {
        self.entries.get(at)
    }

    /// The keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The values in order, to be changed in place.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Value> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    fn index_entry(&mut self, place: u32) {
        if let Some(index) = &mut self.index {
            let Index { places, hasher } = &mut **index;
            let hash = hasher.hash_one(&*self.entries[place as usize].0);
            places.insert_unique(hash, place, |&at| hasher.hash_one(&*self.entries[at as usize].0));
        }
    }

    fn rebuild_index(&mut self) {
        self.index = (self.entries.len() >= INDEX_FIELDS_MIN).then(Box::default);
        if self.index.is_some() {
            for place in 0..u32::try_from(self.entries.len()).unwrap_or(u32::MAX) {
                self.index_entry(place);
            }
        }
    }
}

impl PartialEq for Map {
    /// Two objects are equal if they have the same fields, in any order.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries.iter().map(|(k, v)| (k, v))).finish()
    }
}

impl<K: Into<Arc<str>> + AsRef<str>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(fields: I) -> Self {
        let mut map = Self::new();
        map.extend(fields);
        map
    }
}

impl<K: Into<Arc<str>> + AsRef<str>> Extend<(K, Value)> for Map {
    fn extend<I: IntoIterator<Item = (K, Value)>>(&mut self, fields: I) {
        for (key, value) in fields {
            self.insert(key, value);
        }
    }
}

impl IntoIterator for Map {
    type Item = (Arc<str>, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = &'a (Arc<str>, Value);
    type IntoIter = std::slice::Iter<'a, (Arc<str>, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_objects_answer_alike() {
        let mut map = Map::new();
        for n in 0..100_i64 {
            assert_eq!(map.insert(format!("k{n}"), Value::I64(n)), None);
            assert_eq!(map.get(&format!("k{n}")), Some(&Value::I64(n)));
            assert_eq!(map.get("none"), None);
        }
        assert_eq!(map.insert("k50", Value::Null), Some(Value::I64(50)));
        assert_eq!(map.remove("k0"), Some(Value::I64(0)));
        assert_eq!(map.get("k0"), None);
        assert_eq!(map.get("k99"), Some(&Value::I64(99)));
        assert_eq!(map.keys().next().map(|k| &**k), Some("k1"));
        for n in 1..95_i64 {
            map.remove(&format!("k{n}"));
        }
        assert_eq!(map.len(), 5);
        assert_eq!(map.get("k97"), Some(&Value::I64(97)));
    }

    #[test]
    fn order_does_not_matter_for_equality() {
        let a: Map = [("a", Value::Null), ("b", Value::Bool(true))].into_iter().collect();
        let b: Map = [("b", Value::Bool(true)), ("a", Value::Null)].into_iter().collect();
        assert_eq!(a, b);
    }
}
