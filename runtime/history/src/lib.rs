//! The execution history: one variant per AWS HistoryEventType, its JSON, and its bytes on disk.
