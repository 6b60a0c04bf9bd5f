//! A journal in memory, and the proof that an execution may leave memory at any time.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use stepwell_asl::StateMachine;
use stepwell_history::{PayloadSource, Reader, SequenceCell, Writer};
use stepwell_interpreter::frame::CompletionLink;
use stepwell_interpreter::{
    Cause, Execution, FrameChanges, FrameId, Input, NeedFrames, Reason, Record, StartInput, Status,
    Transition, Waiting, history_only,
};
use stepwell_types::{Payload, Timestamp};

const OWNER: u64 = 7;

struct Entry {
    bytes: Vec<u8>,
    references: Vec<u64>,
    content_len: usize,
}

/// What one transition costs on disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Bytes without the texts of new payloads.
    pub(crate) content: usize,
    /// Earlier transitions that it refers to.
    pub(crate) references: usize,
}

pub(crate) struct Journal {
    machine: Arc<StateMachine>,
    entries: Vec<Entry>,
    /// The newest version of each live frame.
    live: BTreeMap<FrameId, u64>,
    /// How often a restored execution has asked for frames, and for results.
    pub(crate) asked: (Cell<usize>, Cell<usize>),
}

impl PayloadSource for Journal {
    fn payload(&self, sequence: u64, slot: u32) -> Option<Payload> {
        self.reader(sequence, &()).introduced(slot)
    }
}

impl Journal {
    pub(crate) fn new(machine: Arc<StateMachine>) -> Self {
        Self { machine, entries: Vec::new(), live: BTreeMap::new(), asked: Default::default() }
    }

    fn reader<'a>(&'a self, sequence: u64, source: &'a dyn PayloadSource) -> Reader<'a> {
        let entry = &self.entries[usize::try_from(sequence).unwrap() - 1];
        Reader::open(OWNER, sequence, &entry.bytes, &entry.references, source).unwrap()
    }

    pub(crate) fn record(&self, sequence: u64) -> Record {
        Record::decode(&self.machine, &mut self.reader(sequence, self), sequence).unwrap()
    }

    fn changes(&self, sequence: u64) -> FrameChanges {
        FrameChanges::decode(&self.machine, &mut self.reader(sequence, self), sequence).unwrap()
    }

    /// Writes a transition, unless there is nothing to write.
    pub(crate) fn write(&mut self, transition: &Transition, cause: &Cause, now: Timestamp) {
        if transition.is_transient() {
            return;
        }
        let cell = SequenceCell::default();
        let entry = encode(transition, cause, now, &cell);
        let sequence = self.entries.len() as u64 + 1;
        cell.set(sequence).unwrap();
        self.entries.push(entry);
        for frame in &transition.frames.upserts {
            self.live.insert(frame.id, sequence);
        }
        for removal in &transition.frames.removals {
            self.live.remove(removal).expect("only a frame that was written is removed");
        }
        let live: Vec<_> = self.live.keys().copied().collect();
        assert!(transition.next.live_frames().into_iter().eq(live), "the rows know every live frame");
        let record = self.record(sequence);
        assert_eq!(record.events, transition.events);
        assert_eq!(record.now, now);
    }

    pub(crate) fn cost(&self) -> Vec<Cost> {
        let cost = |entry: &Entry| Cost { content: entry.content_len, references: entry.references.len() };
        self.entries.iter().map(cost).collect()
    }

    /// Gives the same input to executions restored from the journal, whole and with as little as possible, and
    /// holds what they do against what the one in memory does.
    pub(crate) fn check_restored(&mut self, execution: &Execution, input: &Input, now: Timestamp) {
        if execution.progress().status != Status::Running {
            return;
        }
        let want = Self::outcome_of(execution.clone(), input, now, |_, _| unreachable!("nothing is missing"));
        let all = self.live.keys().copied().collect::<Vec<_>>();
        let whole = self.restore(execution, &all);
        assert_eq!(Self::outcome_of(whole, input, now, |e, n| self.load(e, n)), want, "restored as a whole");
        let bare = self.restore(execution, &[FrameId::ROOT]);
        assert_eq!(Self::outcome_of(bare, input, now, |e, n| self.load(e, n)), want, "restored step by step");
    }

    /// Reduces every record to its history, which then reads as before.
    pub(crate) fn check_history_only(&self) {
        let reduce = |(sequence, entry): (u64, &Entry)| {
            let bytes = history_only(OWNER, sequence, &entry.bytes, &entry.references).unwrap();
            let again = history_only(OWNER, sequence, &bytes, &entry.references).unwrap();
            assert_eq!(again, bytes, "what is reduced stays so");
            Entry { bytes, references: entry.references.clone(), content_len: 0 }
        };
        let mut reduced = Self::new(Arc::clone(&self.machine));
        reduced.entries = (1..).zip(&self.entries).map(reduce).collect();
        for (sequence, entry) in (1..).zip(&reduced.entries) {
            let (whole, left) = (self.record(sequence), reduced.record(sequence));
            assert_eq!((whole.events, whole.now), (left.events, left.now));
            assert!(left.frames.upserts.is_empty() && left.frames.completions.is_empty());
            assert!(matches!(left.cause, Cause::Took(Input::Resumed)));
            assert!(
                entry.bytes.len() <= self.entries[usize::try_from(sequence).unwrap() - 1].bytes.len() + 2
            );
        }
    }

    /// Runs the whole life again from what caused each transition, and holds the bytes against those written.
    pub(crate) fn check_replay(&self) {
        let mut execution: Option<Execution> = None;
        for (sequence, entry) in (1..).zip(&self.entries) {
            let mut record = self.record(sequence);
            if let Cause::Took(input) = &record.cause {
                record.cause = Cause::Took(detached(input));
            }
            let transition = match (record.cause.clone(), execution.take()) {
                (Cause::Started(start), None) => {
                    let start = StartInput { input: start.input.detached(), ..(*start).clone() };
                    Execution::start(Arc::clone(&self.machine), start, record.now)
                }
                (Cause::Took(input), Some(execution)) => execution.step(input, record.now).unwrap(),
                (cause, _) => panic!("{cause:?} in a wrong place"),
            };
            let cell = SequenceCell::default();
            let cause = match record.cause {
                Cause::Started(_) => Cause::Started(Arc::clone(transition.next.start_input())),
                Cause::Took(input) => Cause::Took(input),
            };
            let again = encode(&transition, &cause, record.now, &cell);
            cell.set(sequence).unwrap();
            assert!(
                again.bytes == entry.bytes && again.references == entry.references,
                "transition {sequence}"
            );
            execution = Some(transition.next);
        }
    }

    fn outcome_of(
        mut execution: Execution,
        input: &Input,
        now: Timestamp,
        load: impl Fn(&mut Execution, &NeedFrames),
    ) -> String {
        loop {
            let input = &detached(input);
            match execution.step(input.clone(), now) {
                Ok(transition) => {
                    let cause = Cause::Took(input.clone());
                    let entry = encode(&transition, &cause, now, &SequenceCell::default());
                    let Transition { events, commands, frames, .. } = transition;
                    return format!("{events:?} {commands:?} {:?} {:?}", frames.progress, entry.bytes);
                }
                Err(rejected) => match rejected.reason {
                    Reason::NeedFrames(need) => {
                        execution = rejected.execution;
                        assert!(!need.frames.is_empty() || !need.results.is_empty(), "asks for something");
                        load(&mut execution, &need);
                    }
                    reason => return reason.to_string(),
                },
            }
        }
    }

    /// The execution as the journal has it, with the given frames in memory.
    fn restore(&self, execution: &Execution, frames: &[FrameId]) -> Execution {
        let Cause::Started(start) = self.record(1).cause else { panic!("the first transition starts") };
        assert_eq!(start.seed, execution.start_input().seed);
        let start: Arc<StartInput> = start;
        let progress = self.changes(self.entries.len() as u64).progress;
        assert_eq!(progress, *execution.progress());
        let machine = Arc::clone(&self.machine);
        let frames: Vec<_> = frames.iter().map(|id| self.frame(*id)).collect();
        Execution::restore(machine, start, progress, self.live.keys().copied(), frames).unwrap()
    }

    fn frame(&self, id: FrameId) -> stepwell_interpreter::Frame {
        let changes = self.changes(self.live[&id]);
        changes.upserts.into_iter().find(|frame| frame.id == id).expect("its newest version")
    }

    fn load(&self, execution: &mut Execution, need: &NeedFrames) {
        let (frames, results) = &self.asked;
        frames.set(frames.get() + usize::from(!need.frames.is_empty()));
        results.set(results.get() + usize::from(!need.results.is_empty()));
        execution.add_frames(need.frames.iter().map(|id| self.frame(*id)).collect()).unwrap();
        for (frame, head) in &need.results {
            execution.add_results(*frame, self.results(head)).unwrap();
        }
    }

    /// Follows a chain to its end.
    fn results(&self, head: &CompletionLink) -> Vec<(u32, Payload)> {
        let mut results = Vec::new();
        let mut next = Some(head.clone());
        while let Some(link) = next {
            let address = link.address().unwrap();
            let changes = self.changes(*address.sequence.get().unwrap());
            let completion = changes.completions.into_iter().nth(address.slot as usize).unwrap();
            next = completion.previous.clone();
            results.push(completion.into());
        }
        results
    }
}

fn encode(transition: &Transition, cause: &Cause, now: Timestamp, cell: &SequenceCell) -> Entry {
    let mut writer = Writer::new(OWNER, Arc::clone(cell));
    transition.encode(&mut writer, cell, cause, now);
    let content_len = writer.content_len();
    let body = writer.finish();
    let sequence = |cell: &Arc<OnceLock<u64>>| *cell.get().expect("an earlier transition");
    Entry { references: body.references.iter().map(sequence).collect(), bytes: body.bytes, content_len }
}

/// How many frames wait in an execution, for tests of what is alive.
pub(crate) fn waiting(execution: &Execution, is: impl Fn(&Waiting) -> bool) -> usize {
    execution.frames().filter(|frame| is(&frame.waiting)).count()
}

/// The same input with payloads that nobody has written yet, so that each trial writes its own.
fn detached(input: &Input) -> Input {
    match input.clone() {
        Input::TaskSubmitted { attempt, output } => {
            Input::TaskSubmitted { attempt, output: output.detached() }
        }
        Input::TaskSucceeded { attempt, output } => {
            Input::TaskSucceeded { attempt, output: output.detached() }
        }
        Input::ChildClosed { attempt, result } => {
            Input::ChildClosed { attempt, result: result.map(|output| output.detached()) }
        }
        other => other,
    }
}
