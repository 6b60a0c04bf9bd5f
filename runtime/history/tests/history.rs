//! Events survive the disk, damaged bytes are refused, and JSON is AWS's.

use std::sync::{Arc, OnceLock};
use stepwell_history::encoding::{Field, PayloadSource};
use stepwell_history::event::{
    AssignedVariables, EventKind, ExecutionStarted, FailureDetails, MapIteration, OutputDetails, Parameters,
    StateEntered, StateExited, TaskCredentials, TaskFailure, TaskScheduled,
};
use stepwell_history::{DecodeError, EventId, ExecutionData, HistoryEvent, Reader, TimestampFormat, Writer};
use stepwell_types::{ErrorName, Payload, Timestamp, Value};

const LONG: &str = r#"{"text": "longer than what is written inline"}"#;

fn event(id: u64, previous: u64, kind: EventKind) -> HistoryEvent {
    HistoryEvent {
        id: EventId(id),
        previous_id: EventId(previous),
        timestamp: Timestamp::from_millis(1_700_000_000_123),
        kind,
    }
}

fn some_events() -> Vec<HistoryEvent> {
    let long = Payload::parse(LONG).unwrap();
    let short = Payload::parse("{ }").unwrap();
    vec![
        event(
            1,
            0,
            EventKind::ExecutionStarted(ExecutionStarted {
                input: Some(long.clone()),
                role_arn: Some("arn:aws:iam::000000000042:role/r".into()),
                ..ExecutionStarted::default()
            }),
        ),
        event(
            2,
            0,
            EventKind::TaskStateEntered(StateEntered { name: "T".into(), input: Some(long.clone()) }),
        ),
        event(
            3,
            2,
            EventKind::TaskScheduled(TaskScheduled {
                resource_type: "lambda".into(),
                resource: "invoke".into(),
                region: "us-east-1".into(),
                parameters: Parameters(long.clone()),
                timeout_s: Some(300),
                heartbeat_s: None,
                task_credentials: Some(TaskCredentials {
                    role_arn: "arn:aws:iam::000000000042:role/t".into(),
                }),
            }),
        ),
        event(4, 3, EventKind::LambdaFunctionStarted),
        event(
            5,
            4,
            EventKind::TaskFailed(TaskFailure {
                resource_type: "lambda".into(),
                resource: "invoke".into(),
                error: Some(ErrorName::TIMEOUT),
                cause: None,
            }),
        ),
        event(6, 5, EventKind::MapIterationStarted(MapIteration { name: "M".into(), index: 300 })),
        event(
            7,
            6,
            EventKind::TaskStateExited(StateExited {
                name: "T".into(),
                output: Some(short.clone()),
                assigned_variables: Some(AssignedVariables(vec![(
                    "x".into(),
                    Payload::from_value(Value::str("text")),
                )])),
            }),
        ),
        event(8, 0, EventKind::ExecutionAborted(FailureDetails::default())),
        event(9, 8, EventKind::ExecutionSucceeded(OutputDetails { output: Some(long) })),
    ]
}

fn write(owner: u64, sequence: u64, events: &Vec<HistoryEvent>) -> stepwell_history::encoding::Body {
    let mut writer = Writer::new(owner, Arc::new(OnceLock::from(sequence)));
    writer.field(events);
    writer.finish()
}

fn read(
    bytes: &[u8],
    references: &[u64],
    source: &dyn PayloadSource,
) -> Result<Vec<HistoryEvent>, DecodeError> {
    let mut reader = Reader::open(1, 7, bytes, references, source)?;
    let events = reader.field()?;
    if reader.is_empty() { Ok(events) } else { Err(DecodeError::Range("the end")) }
}

#[test]
fn events_survive_the_disk_and_a_text_is_written_once() {
    let events = some_events();
    let body = write(1, 7, &events);
    assert_eq!(read(&body.bytes, &[], &()).unwrap(), events);
    let text = String::from_utf8_lossy(&body.bytes).into_owned();
    assert_eq!(text.matches(LONG).count(), 1);
    assert!(body.references.is_empty());
}

#[test]
fn damaged_bytes_are_refused_at_every_place() {
    let body = write(1, 7, &some_events());
    for end in 0..body.bytes.len() {
        assert!(read(&body.bytes[..end], &[], &()).is_err(), "cut at {end}");
    }
    for at in 0..body.bytes.len() {
        let mut bytes = body.bytes.clone();
        bytes[at] ^= 0xff;
        // Any answer but a panic or an allocation of what a damaged length asks for.
        let _ = read(&bytes, &[], &());
    }
    let mut newer = body.bytes.clone();
    newer[0] = 9;
    assert_eq!(read(&newer, &[], &()).unwrap_err(), DecodeError::Version(9));
}

#[track_caller]
fn check_texts(texts: &[&str], expected: &[u8]) {
    let mut writer = Writer::new(1, Arc::default());
    texts.iter().for_each(|text| writer.text(text));
    let bytes = writer.finish().bytes;
    assert_eq!(bytes, [&[2, 0, 0, 0], expected].concat());
    check_read(&bytes, texts);
}

#[track_caller]
fn check_read(bytes: &[u8], expected: &[&str]) {
    let mut reader = Reader::open(1, 7, bytes, &[], &()).unwrap();
    for text in expected {
        assert_eq!(reader.str().unwrap(), *text);
    }
    assert!(reader.is_empty());
}

#[test]
fn a_text_that_comes_again_is_named_by_its_number() {
    check_texts(&["Task", "Pass", "Task", "Pass"], b"\x08Task\x08Pass\x01\x03");
    // Where a number would save nothing.
    check_texts(&["abc", "Task", "abc", "Task"], b"\x06abc\x08Task\x06abc\x01");
    check_texts(&["", "größe", "größe"], "\x00\x0egröße\x01".as_bytes());
}

#[test]
fn only_so_many_texts_have_numbers() {
    let names: Vec<String> = (0..100).map(|n| format!("state {n}")).collect();
    let twice: Vec<&str> = names.iter().chain(&names).map(String::as_str).collect();
    let mut writer = Writer::new(1, Arc::default());
    twice.iter().for_each(|text| writer.text(text));
    check_read(&writer.finish().bytes, &twice);
}

#[test]
fn the_first_version_wrote_every_text_out() {
    check_read(b"\x01\0\0\0\x04Task\x04Pass\x04Task", &["Task", "Pass", "Task"]);
}

#[test]
fn an_instant_is_its_distance_from_the_one_before() {
    let instants = [1_000, 1_000, 1_001, 937, -5].map(Timestamp::from_millis);
    let mut writer = Writer::new(1, Arc::default());
    instants.iter().for_each(|instant| writer.field(instant));
    let bytes = writer.finish().bytes;
    assert_eq!(bytes, b"\x02\0\0\0\xd0\x0f\x00\x02\x7f\xdb\x0e");
    let mut reader = Reader::open(1, 7, &bytes, &[], &()).unwrap();
    assert!(instants.iter().all(|instant| reader.field() == Ok(*instant)) && reader.is_empty());
    // The first version wrote each out.
    let mut reader = Reader::open(1, 7, b"\x01\0\0\0\xd0\x0f\xd0\x0f", &[], &()).unwrap();
    assert!((0..2).all(|_| reader.field() == Ok(instants[0])));
}

#[test]
fn a_number_without_a_text_is_refused() {
    let mut reader = Reader::open(1, 7, b"\x02\0\0\0\x08Task\x03", &[], &()).unwrap();
    assert_eq!(reader.str(), Ok("Task"));
    assert_eq!(reader.str(), Err(DecodeError::Range("a text's number")));
}

struct Earlier(Payload);

impl PayloadSource for Earlier {
    fn payload(&self, sequence: u64, slot: u32) -> Option<Payload> {
        ((sequence, slot) == (7, 0)).then(|| self.0.clone())
    }
}

#[test]
fn later_transitions_refer_to_a_text_even_before_its_sequence_is_known() {
    let payload = Payload::parse(LONG).unwrap();
    let output =
        |payload: &Payload| EventKind::ExecutionSucceeded(OutputDetails { output: Some(payload.clone()) });
    let first = Arc::new(OnceLock::new());
    let mut writer = Writer::new(1, Arc::clone(&first));
    event(1, 0, output(&payload)).encode(&mut writer);
    let _ = writer.finish();

    let mut writer = Writer::new(1, Arc::new(OnceLock::new()));
    event(2, 1, output(&payload)).encode(&mut writer);
    event(3, 2, output(&payload)).encode(&mut writer);
    let body = writer.finish();
    assert!(body.bytes.len() < LONG.len());
    assert_eq!(body.references.len(), 1);
    first.set(7).unwrap();
    let references: Vec<u64> = body.references.iter().map(|cell| *cell.get().unwrap()).collect();

    let mut reader = Reader::open(1, 8, &body.bytes, &references, &()).unwrap();
    let missing = reader.field::<HistoryEvent>().unwrap_err();
    assert_eq!(missing, DecodeError::MissingPayload { sequence: 7, slot: 0 });
    let source = Earlier(payload.clone());
    let mut reader = Reader::open(1, 8, &body.bytes, &references, &source).unwrap();
    assert_eq!(reader.field::<HistoryEvent>().unwrap().kind, output(&payload));
}

#[test]
fn another_execution_writes_the_text_again() {
    let payload = Payload::parse(LONG).unwrap();
    let started = |p: &Payload| {
        vec![event(1, 0, EventKind::ExecutionSucceeded(OutputDetails { output: Some(p.clone()) }))]
    };
    let _ = write(2, 3, &started(&payload));
    let body = write(1, 7, &started(&payload.detached()));
    assert_eq!(read(&body.bytes, &[], &()).unwrap(), started(&payload));
    let body = write(1, 7, &started(&payload));
    assert_eq!(read(&body.bytes, &[], &()).unwrap(), started(&payload), "and without detaching, at a cost");
}

#[track_caller]
fn check_json(event: &HistoryEvent, data: ExecutionData, expected: &str) {
    let rendered = event.render(TimestampFormat::EpochSeconds, data);
    assert_eq!(rendered, Value::parse(expected).unwrap(), "{rendered}");
}

#[test]
fn json_is_as_on_aws() {
    let events = some_events();
    check_json(
        &events[1],
        ExecutionData::Include,
        r#"{"timestamp":1700000000.123,"type":"TaskStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":
            {"name":"T","input":"{\"text\": \"longer than what is written inline\"}","inputDetails":{"truncated":false}}}"#,
    );
    check_json(
        &events[1],
        ExecutionData::Omit,
        r#"{"timestamp":1700000000.123,"type":"TaskStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":
            {"name":"T","inputDetails":{"truncated":false}}}"#,
    );
    check_json(
        &events[4],
        ExecutionData::Include,
        r#"{"timestamp":1700000000.123,"type":"TaskFailed","id":5,"previousEventId":4,"taskFailedEventDetails":
            {"resourceType":"lambda","resource":"invoke","error":"States.Timeout"}}"#,
    );
    check_json(
        &events[6],
        ExecutionData::Include,
        r#"{"timestamp":1700000000.123,"type":"TaskStateExited","id":7,"previousEventId":6,"stateExitedEventDetails":
            {"name":"T","output":"{ }","outputDetails":{"truncated":false},
             "assignedVariables":{"x":"\"text\""},"assignedVariablesDetails":{"truncated":false}}}"#,
    );
    check_json(
        &events[7],
        ExecutionData::Include,
        r#"{"timestamp":1700000000.123,"type":"ExecutionAborted","id":8,"previousEventId":0,"executionAbortedEventDetails":{}}"#,
    );
    check_json(
        &events[3],
        ExecutionData::Include,
        r#"{"timestamp":1700000000.123,"type":"LambdaFunctionStarted","id":4,"previousEventId":3}"#,
    );
}

#[test]
fn every_kind_has_its_byte() {
    let mut names = Vec::new();
    for tag in 0..=255_u8 {
        let mut body = vec![1, 0, 0, 0, tag];
        body.extend([0; 64]);
        let mut reader = Reader::open(1, 1, &body, &[], &()).unwrap();
        if let Ok(kind) = reader.field::<EventKind>() {
            names.push(kind.name());
        }
    }
    assert_eq!(names, EventKind::NAMES);
}
