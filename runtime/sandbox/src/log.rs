//! What a guest says about itself: lines of its output streams and of its logger.

use std::time::{Duration, Instant};

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// `stepwell:task/logging`, level trace.
    Trace,
    /// `stepwell:task/logging`, level debug.
    Debug,
    /// `stepwell:task/logging`, level info.
    Info,
    /// `stepwell:task/logging`, level warn.
    Warn,
    /// `stepwell:task/logging`, level error.
    Error,
    /// The host: what it dropped, why it stopped the guest.
    Host,
}

/// One line of an invocation's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When, after the invocation got its core.
    pub at: Duration,
    /// Where from.
    pub stream: LogStream,
    /// The line without its end. Bytes that are no UTF-8 appear as U+FFFD.
    pub text: String,
}

/// Bytes that a line costs beyond its text, so that empty lines are bounded, too.
const LINE_OVERHEAD_BYTES: usize = 32;

/// The lines of one invocation, up to a limit in bytes; what comes after is counted and dropped.
#[derive(Debug)]
pub(crate) struct LogBuffer {
    started: Instant,
    left_bytes: usize,
    limit_bytes: usize,
    lines: Vec<LogLine>,
    dropped_lines: u64,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl LogBuffer {
    pub(crate) fn new(started: Instant, limit_bytes: usize) -> Self {
        Self {
            started,
            left_bytes: limit_bytes,
            limit_bytes,
            lines: Vec::new(),
            dropped_lines: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
        }
    }

    /// Appends one line. A line that does not fit whole is cut, and the log is full then.
    pub(crate) fn line(&mut self, stream: LogStream, text: &[u8]) {
        let room = self.left_bytes.saturating_sub(LINE_OVERHEAD_BYTES);
        if room == 0 {
            self.dropped_lines += 1;
            return;
        }
        let kept = text.get(..room).unwrap_or(text);
        if kept.len() < text.len() {
            self.dropped_lines += 1;
        }
        self.left_bytes = room - kept.len();
        let text = String::from_utf8_lossy(kept).into_owned();
        self.lines.push(LogLine { at: self.started.elapsed(), stream, text });
    }

    /// Appends a line of the host's own, whether the log is full or not.
    pub(crate) fn host_line(&mut self, text: String) {
        self.lines.push(LogLine { at: self.started.elapsed(), stream: LogStream::Host, text });
    }

    /// Takes bytes of an output stream; whole lines are appended, the rest waits for its end.
    pub(crate) fn write(&mut self, output: Output, bytes: &[u8]) {
        let mut parts = bytes.split(|byte| *byte == b'\n');
        let Some(mut part) = parts.next() else { return };
        for next in parts {
            let mut line = std::mem::take(self.partial(output));
            line.extend_from_slice(part);
            self.line(output.stream(), line.strip_suffix(b"\r").unwrap_or(&line));
            part = next;
        }
        let room = self.left_bytes;
        let partial = self.partial(output);
        // One byte beyond the room is enough to know, later, that the line was cut.
        let room = (room + 1).saturating_sub(partial.len());
        partial.extend_from_slice(part.get(..room).unwrap_or(part));
    }

    /// Ends the log: unfinished lines count as lines.
    pub(crate) fn finish(&mut self) -> (Vec<LogLine>, u64) {
        for output in [Output::Stdout, Output::Stderr] {
            let rest = std::mem::take(self.partial(output));
            if !rest.is_empty() {
                self.line(output.stream(), &rest);
            }
        }
        if self.dropped_lines > 0 {
            let (dropped, limit_bytes) = (self.dropped_lines, self.limit_bytes);
            self.host_line(format!(
                "{dropped} log lines were dropped or cut: the log of an invocation holds {limit_bytes} bytes; log less"
            ));
        }
        (std::mem::take(&mut self.lines), self.dropped_lines)
    }

    fn partial(&mut self, output: Output) -> &mut Vec<u8> {
        match output {
            Output::Stdout => &mut self.stdout,
            Output::Stderr => &mut self.stderr,
        }
    }
}

/// One of the two output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Stdout,
    Stderr,
}

impl Output {
    fn stream(self) -> LogStream {
        match self {
            Self::Stdout => LogStream::Stdout,
            Self::Stderr => LogStream::Stderr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(limit_bytes: usize, writes: &[&str], lines: &[&str], dropped: u64) {
        let mut log = LogBuffer::new(Instant::now(), limit_bytes);
        for bytes in writes {
            log.write(Output::Stdout, bytes.as_bytes());
        }
        let (got, got_dropped) = log.finish();
        let texts: Vec<_> = got
            .iter()
            .filter(|line| line.stream == LogStream::Stdout)
            .map(|line| line.text.as_str())
            .collect();
        assert_eq!((texts.as_slice(), got_dropped), (lines, dropped));
    }

    #[test]
    fn output_becomes_lines() {
        check(1000, &["a\nb", "c\r\n", "\nend"], &["a", "bc", "", "end"], 0);
        check(1000, &[], &[], 0);
        check(1000, &["", ""], &[], 0);
    }

    #[test]
    fn a_full_log_cuts_and_counts() {
        check(40, &["0123456789\n", "x\n", "y\n"], &["01234567"], 3);
        check(40, &["0123456", "78901234567890"], &["01234567"], 1);
        check(0, &["a\n", "b"], &[], 2);
    }

    #[test]
    fn empty_lines_are_bounded() {
        let mut log = LogBuffer::new(Instant::now(), 330);
        log.write(Output::Stderr, &[b'\n'; 10_000]);
        let (lines, dropped) = log.finish();
        assert_eq!((lines.len(), dropped), (11, 9_990));
    }
}
