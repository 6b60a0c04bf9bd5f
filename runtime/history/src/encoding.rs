//! Bytes on disk.
//!
//! A transition is written as one body: a header, the texts of the payloads that it introduced, then its content
//! (events, frames and whatever else the caller writes). A payload's text is written once; content refers to it by
//! its slot, and later transitions of the same execution by `(sequence, slot)`. Other texts (names, ARNs, pointers) stand
//! where they are first needed, and after that by their number; an instant is its distance from the one before. (40
//! iterations that begin at once name the same states and the same instant.) Since the store hands out
//! sequences when it forms a group, a reference goes through a table of [`SequenceCell`]s that the store resolves
//! when it writes the entry.
//!
//! INVARIANT: what was written by any release is read by every later one; tags and versions are never reused.

use crate::event::{AssignedVariables, EventId, EventKind, HistoryEvent, Parameters, TaskCredentials};
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use stepwell_types::{ErrorName, Payload, PayloadAddress, Timestamp};

/// The journal sequence of a transition, filled when the store places it in a group.
pub type SequenceCell = Arc<OnceLock<u64>>;

/// The first byte of every body.
const FORMAT_VERSION: u8 = 2;
/// The version that wrote every text and every instant out, however often it came.
const FORMAT_VERSION_PLAIN: u8 = 1;
/// Bytes of the shortest text that is written once in a body and then named by its number.
const REPEATED_BYTES_MIN: usize = 4;
/// Texts of one body that have numbers.
const REPEATED_TEXTS_MAX: usize = 64;
/// Codec of a body: plain.
const CODEC_PLAIN: u8 = 0;
/// Key id of a body: not encrypted.
const KEY_NONE: u8 = 0;
/// Texts up to this length are written where they are referred to: a reference would cost as much.
const INLINE_BYTES_MAX: usize = 24;

/// Why bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They end too early.
    #[error("the bytes end within a value")]
    Truncated,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// A newer release wrote them, or they are damaged.
    #[error("format version {0} is not known")]
    Version(u8),
    /// They are compressed or encrypted in a way that is not known.
    #[error("codec {codec} with key {key} is not known")]
    Codec {
        /// The codec's number.
        codec: u8,
        /// The key's number.
        key: u8,
    },
    /// A variant is not known.
    #[error("{what} {tag} is not known")]
    UnknownTag {
        /// Kind of thing.
        what: &'static str,
        /// Its byte.
        tag: u8,
    },
    /// A number does not fit, or a reference leads nowhere.
    #[error("{0} is out of range")]
    Range(&'static str),
    /// A payload of an earlier transition is not at hand.
    #[error("payload {slot} of transition {sequence} is missing")]
    MissingPayload {
        /// The transition.
        sequence: u64,
        /// The payload's place in it.
        slot: u32,
    },
}

/// Where a [`Reader`] finds payloads of earlier transitions.
pub trait PayloadSource {
    /// The payload at `slot` of the transition at `sequence`, or `None` if it is not at hand.
    fn payload(&self, sequence: u64, slot: u32) -> Option<Payload>;
}

/// No earlier transitions.
impl PayloadSource for () {
    fn payload(&self, _sequence: u64, _slot: u32) -> Option<Payload> {
        None
    }
}

/// A body and the sequences that it refers to, as [`Writer::finish`] gives them.
#[derive(Debug, Clone)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Earlier transitions that the bytes refer to, by index.
    pub references: Vec<SequenceCell>,
}

/// Writes one transition's body.
#[derive(Debug)]
pub struct Writer {
    owner: u64,
    sequence: SequenceCell,
    texts: Vec<Arc<str>>,
    references: Vec<SequenceCell>,
    content: Vec<u8>,
    /// Where in `content` the texts stand that have numbers.
    repeated: Vec<Range<usize>>,
    /// The instant written last.
    instant_ms: i64,
}

impl Writer {
    /// A body of the execution with number `owner`, which will get `sequence`.
    #[must_use]
    pub fn new(owner: u64, sequence: SequenceCell) -> Self {
        Self {
            owner,
            sequence,
            texts: Vec::new(),
            references: Vec::new(),
            content: Vec::with_capacity(512),
            repeated: Vec::new(),
            instant_ms: 0,
        }
    }

    /// The whole body.
    #[must_use]
    pub fn finish(self) -> Body {
        let texts_len: usize = self.texts.iter().map(|text| text.len() + 5).sum();
        let mut bytes = Vec::with_capacity(8 + texts_len + self.content.len());
        bytes.extend([FORMAT_VERSION, CODEC_PLAIN, KEY_NONE]);
        push_varint(&mut bytes, self.texts.len() as u64);
        for text in &self.texts {
            push_varint(&mut bytes, text.len() as u64);
            bytes.extend(text.as_bytes());
        }
        bytes.extend(self.content);
        Body { bytes, references: self.references }
    }

    /// Bytes of content so far, without payload texts: what a transition costs beyond new data.
    #[must_use]
    pub fn content_len(&self) -> usize {
        self.content.len()
    }

    /// One byte.
    pub fn byte(&mut self, byte: u8) {
        self.content.push(byte);
    }

    /// A number, small ones in fewer bytes.
    pub fn number(&mut self, number: u64) {
        push_varint(&mut self.content, number);
    }

    /// A text that is no payload: twice its length and its bytes, or, where it stands in this body already, twice its
    /// number there and one.
    pub fn text(&mut self, text: &str) {
        let stands = |range: &Range<usize>| self.content.get(range.clone()) == Some(text.as_bytes());
        if let Some(at) = self.repeated.iter().position(stands) {
            return self.number((at as u64) << 1 | 1);
        }
        self.number((text.len() as u64) << 1);
        let start = self.content.len();
        self.content.extend(text.as_bytes());
        if is_repeatable(text, self.repeated.len()) {
            self.repeated.push(start..self.content.len());
        }
    }

    /// What follows refers to no text or instant before it, so that what stands before may be cut out of the body.
    pub fn begin_part(&mut self) {
        self.repeated.clear();
        self.instant_ms = 0;
    }

    /// An instant, by its distance from the one before.
    pub fn instant(&mut self, instant: Timestamp) {
        let before_ms = std::mem::replace(&mut self.instant_ms, instant.as_millis());
        self.number(zigzag(instant.as_millis().wrapping_sub(before_ms)));
    }

    /// The index of an earlier transition in the table of references, for content that points to it.
    pub fn reference(&mut self, sequence: &SequenceCell) -> u64 {
        let known = |cell: &SequenceCell| {
            Arc::ptr_eq(cell, sequence) || cell.get().is_some_and(|known| sequence.get() == Some(known))
        };
        if let Some(at) = self.references.iter().position(known) {
            return at as u64;
        }
        self.references.push(Arc::clone(sequence));
        self.references.len() as u64 - 1
    }

    /// A payload: its text if this body introduces it, else a reference to the transition that did.
    pub fn payload(&mut self, payload: &Payload) {
        if payload.encoded_len() <= INLINE_BYTES_MAX {
            self.byte(0);
            self.text(payload.text());
            return;
        }
        if let Some(address) = payload.address().filter(|address| address.owner == self.owner) {
            if Arc::ptr_eq(&address.sequence, &self.sequence) {
                self.byte(1);
            } else {
                let reference = self.reference(&address.sequence);
                self.byte(2);
                self.number(reference);
            }
            self.number(u64::from(address.slot));
            return;
        }
        let slot = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        payload.set_address(PayloadAddress { owner: self.owner, sequence: Arc::clone(&self.sequence), slot });
        self.texts.push(Arc::clone(payload.text()));
        self.byte(1);
        self.number(u64::from(slot));
    }

    /// Anything that knows how to write itself.
    pub fn field<T: Field>(&mut self, field: &T) {
        field.encode(self);
    }
}

/// Whether a text gets a number, where so many have one.
fn is_repeatable(text: &str, repeated: usize) -> bool {
    text.len() >= REPEATED_BYTES_MIN && repeated < REPEATED_TEXTS_MAX
}

/// Small numbers of either sign as small ones.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        // The low seven bits, with the mark that more follow.
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads one transition's body.
pub struct Reader<'a> {
    owner: u64,
    sequence: SequenceCell,
    texts: Vec<&'a str>,
    /// Payloads made from `texts`, so that equal references share one payload.
    payloads: Vec<Option<Payload>>,
    references: &'a [u64],
    source: &'a dyn PayloadSource,
    content: &'a [u8],
    form: Form,
    /// Texts that have numbers.
    repeated: Vec<&'a str>,
    /// The instant read last.
    instant_ms: i64,
}

/// How texts and instants are written.
#[derive(Clone, Copy)]
enum Form {
    /// Each where it is needed.
    Plain,
    /// Texts once, then by their numbers; instants by their distances.
    Compact,
}

impl<'a> Reader<'a> {
    /// Opens the body of the transition at `sequence` of execution `owner`; `references` is its table of earlier
    /// sequences, `source` knows the payloads that these introduced.
    ///
    /// # Errors
    /// [`DecodeError`] for a header that is not known or texts that are damaged.
    pub fn open(
        owner: u64,
        sequence: u64,
        bytes: &'a [u8],
        references: &'a [u64],
        source: &'a dyn PayloadSource,
    ) -> Result<Self, DecodeError> {
        let mut reader = Self {
            owner,
            sequence: Arc::new(OnceLock::from(sequence)),
            texts: Vec::new(),
            payloads: Vec::new(),
            references,
            source,
            content: bytes,
            form: Form::Plain,
            repeated: Vec::new(),
            instant_ms: 0,
        };
        let form = match reader.byte()? {
            FORMAT_VERSION => Form::Compact,
            FORMAT_VERSION_PLAIN => Form::Plain,
            version => return Err(DecodeError::Version(version)),
        };
        let (codec, key) = (reader.byte()?, reader.byte()?);
        if (codec, key) != (CODEC_PLAIN, KEY_NONE) {
            return Err(DecodeError::Codec { codec, key });
        }
        let count = reader.length()?;
        for _ in 0..count {
            let text = reader.str()?;
            reader.texts.push(text);
        }
        reader.payloads = vec![None; reader.texts.len()];
        // Payloads' texts stand before the content, each once, in any version.
        reader.form = form;
        Ok(reader)
    }

    /// The payload that this transition introduced at `slot`.
    #[must_use]
    pub fn introduced(&mut self, slot: u32) -> Option<Payload> {
        let at = slot as usize;
        let text = *self.texts.get(at)?;
        let cached = self.payloads.get_mut(at)?;
        Some(
            cached
                .get_or_insert_with(|| {
                    let payload = Payload::from_checked_text(text);
                    let sequence = Arc::clone(&self.sequence);
                    payload.set_address(PayloadAddress { owner: self.owner, sequence, slot });
                    payload
                })
                .clone(),
        )
    }

    /// How many payloads this transition introduced.
    #[must_use]
    pub fn introduced_len(&self) -> u32 {
        u32::try_from(self.texts.len()).unwrap_or(u32::MAX)
    }

    /// What is left to be read: the end of the body.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.content
    }

    /// Whether all content has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// One byte.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.content.split_first().ok_or(DecodeError::Truncated)?;
        self.content = rest;
        Ok(*first)
    }

    /// A number.
    ///
    /// # Errors
    /// [`DecodeError`] at the end or beyond 64 bits.
    pub fn number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(DecodeError::Range("a number"))
    }

    /// A count of things that follow, at least one byte each; so a damaged count cannot ask for memory.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if fewer bytes are left.
    pub fn length(&mut self) -> Result<usize, DecodeError> {
        let length = usize::try_from(self.number()?).map_err(|_| DecodeError::Range("a length"))?;
        if length > self.content.len() { Err(DecodeError::Truncated) } else { Ok(length) }
    }

    /// A text that is no payload.
    ///
    /// # Errors
    /// [`DecodeError`] at the end or if it is not UTF-8.
    pub fn str(&mut self) -> Result<&'a str, DecodeError> {
        let number = self.number()?;
        match self.form {
            Form::Plain => self.literal(number),
            Form::Compact if number & 1 == 1 => {
                let at = usize::try_from(number >> 1).ok();
                let text = at.and_then(|at| self.repeated.get(at));
                text.copied().ok_or(DecodeError::Range("a text's number"))
            }
            Form::Compact => {
                let text = self.literal(number >> 1)?;
                if is_repeatable(text, self.repeated.len()) {
                    self.repeated.push(text);
                }
                Ok(text)
            }
        }
    }

    fn literal(&mut self, length: u64) -> Result<&'a str, DecodeError> {
        let length = usize::try_from(length).map_err(|_| DecodeError::Range("a length"))?;
        let (text, rest) = self.content.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.content = rest;
        std::str::from_utf8(text).map_err(|_| DecodeError::Utf8)
    }

    /// See [`Writer::begin_part`]; to be called where that was.
    pub fn begin_part(&mut self) {
        self.repeated.clear();
        self.instant_ms = 0;
    }

    /// An instant.
    ///
    /// # Errors
    /// [`DecodeError`] at the end or beyond 64 bits.
    pub fn instant(&mut self) -> Result<Timestamp, DecodeError> {
        let number = unzigzag(self.number()?);
        self.instant_ms = match self.form {
            Form::Plain => number,
            Form::Compact => self.instant_ms.wrapping_add(number),
        };
        Ok(Timestamp::from_millis(self.instant_ms))
    }

    /// The sequence behind an index into the table of references.
    ///
    /// # Errors
    /// [`DecodeError::Range`] if there is none.
    pub fn reference(&mut self) -> Result<u64, DecodeError> {
        let at = usize::try_from(self.number()?).map_err(|_| DecodeError::Range("a reference"))?;
        self.references.get(at).copied().ok_or(DecodeError::Range("a reference"))
    }

    /// A payload.
    ///
    /// # Errors
    /// [`DecodeError`] if it is damaged or its text is not at hand.
    pub fn payload(&mut self) -> Result<Payload, DecodeError> {
        match self.byte()? {
            0 => Ok(Payload::from_checked_text(self.str()?)),
            1 => {
                let slot = self.slot()?;
                self.introduced(slot).ok_or(DecodeError::Range("a slot"))
            }
            2 => {
                let sequence = self.reference()?;
                let slot = self.slot()?;
                self.source.payload(sequence, slot).ok_or(DecodeError::MissingPayload { sequence, slot })
            }
            tag => Err(DecodeError::UnknownTag { what: "payload", tag }),
        }
    }

    fn slot(&mut self) -> Result<u32, DecodeError> {
        u32::try_from(self.number()?).map_err(|_| DecodeError::Range("a slot"))
    }

    /// Anything that knows how to read itself.
    ///
    /// # Errors
    /// As its own.
    pub fn field<T: Field>(&mut self) -> Result<T, DecodeError> {
        T::decode(self)
    }
}

/// Something with bytes on disk.
pub trait Field: Sized {
    /// Appends it.
    fn encode(&self, writer: &mut Writer);
    /// Takes it off the front.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are damaged or newer than this release.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

impl Field for u64 {
    fn encode(&self, writer: &mut Writer) {
        writer.number(*self);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.number()
    }
}

impl Field for u32 {
    fn encode(&self, writer: &mut Writer) {
        writer.number(u64::from(*self));
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::try_from(reader.number()?).map_err(|_| DecodeError::Range("a number"))
    }
}

impl Field for bool {
    fn encode(&self, writer: &mut Writer) {
        writer.byte(u8::from(*self));
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            tag => Err(DecodeError::UnknownTag { what: "boolean", tag }),
        }
    }
}

impl Field for Timestamp {
    fn encode(&self, writer: &mut Writer) {
        writer.instant(*self);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.instant()
    }
}

impl Field for Arc<str> {
    fn encode(&self, writer: &mut Writer) {
        writer.text(self);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.str().map(Self::from)
    }
}

impl Field for ErrorName {
    fn encode(&self, writer: &mut Writer) {
        writer.text(self.as_str());
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.str().map(Self::from)
    }
}

impl Field for Payload {
    fn encode(&self, writer: &mut Writer) {
        writer.payload(self);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.payload()
    }
}

impl Field for Parameters {
    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.payload().map(Self)
    }
}

impl Field for TaskCredentials {
    fn encode(&self, writer: &mut Writer) {
        self.role_arn.encode(writer);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { role_arn: Field::decode(reader)? })
    }
}

impl Field for AssignedVariables {
    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Field::decode(reader).map(Self)
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
        self.1.encode(writer);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok((A::decode(reader)?, B::decode(reader)?))
    }
}

impl<T: Field> Field for Vec<T> {
    fn encode(&self, writer: &mut Writer) {
        writer.number(self.len() as u64);
        for item in self {
            item.encode(writer);
        }
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = reader.length()?;
        (0..length).map(|_| T::decode(reader)).collect()
    }
}

impl<T: Field> Field for Option<T> {
    fn encode(&self, writer: &mut Writer) {
        writer.byte(u8::from(self.is_some()));
        if let Some(value) = self {
            value.encode(writer);
        }
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if bool::decode(reader)? { T::decode(reader).map(Some) } else { Ok(None) }
    }
}

impl Field for EventId {
    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.number().map(Self)
    }
}

impl Field for HistoryEvent {
    fn encode(&self, writer: &mut Writer) {
        self.id.encode(writer);
        self.previous_id.encode(writer);
        self.timestamp.encode(writer);
        self.kind.encode(writer);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            id: Field::decode(reader)?,
            previous_id: Field::decode(reader)?,
            timestamp: Field::decode(reader)?,
            kind: EventKind::decode(reader)?,
        })
    }
}
