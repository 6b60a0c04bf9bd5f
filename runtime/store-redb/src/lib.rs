//! The store on redb: group commit, append-ordered journal, merged indexes.
