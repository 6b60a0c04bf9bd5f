//! Catalog rows and blobs.

use super::Backend;
use super::fixture::Bench;
use crate::blob::BlobId;
use crate::catalog::{CatalogKey, CatalogKind, CatalogScope, CatalogWrite};
use crate::commit::{Commit, Precondition, Refusal};
use crate::port::Order;
use crate::sequence::Sequence;
use bytes::Bytes;
use std::time::{Duration, SystemTime};
use stepwell_types::{AccountId, Region};

fn key(account: u64, region: &str, name: &str) -> CatalogKey {
    let region = Region::new(region).expect("a region");
    let account = AccountId::from_u64(account).expect("twelve digits");
    CatalogKey::new(CatalogKind::Function, account, &region, name).expect("a key")
}

fn put(bench: &Bench<'_>, key: &CatalogKey, value: &'static str, precondition: Precondition) -> Commit {
    let mut commit = bench.commit();
    commit.preconditions.push(precondition);
    commit.catalog.push(CatalogWrite::Put(key.clone(), Bytes::from_static(value.as_bytes())));
    commit
}

fn row(bench: &Bench<'_>, key: &CatalogKey) -> Option<(Sequence, Bytes)> {
    bench.read(bench.store().catalog(key.clone())).map(|row| (row.revision, row.value))
}

pub(super) fn rows_have_revisions(backend: &mut dyn Backend) {
    let mut bench = Bench::new(backend);
    let key = key(1, "us-east-1", "f");
    let absent = Precondition::CatalogAbsent(key.clone());
    let at = |revision| Precondition::CatalogRevision(key.clone(), revision);
    let differs = |found| Err(Refusal::CatalogDiffers { key: key.clone(), found });
    assert_eq!(bench.try_commit(put(&bench, &key, "a", at(1))), differs(None));
    assert_eq!(bench.try_commit(put(&bench, &key, "a", absent.clone())), Ok(1));
    assert_eq!(bench.try_commit(put(&bench, &key, "b", absent.clone())), differs(Some(1)));
    assert_eq!(bench.try_commit(put(&bench, &key, "b", at(1))), Ok(2));
    assert_eq!(bench.try_commit(put(&bench, &key, "c", at(1))), differs(Some(2)));
    assert_eq!(bench.try_commit(put(&bench, &key, "c", Precondition::CatalogPresent(key.clone()))), Ok(3));
    bench.reopen();
    assert_eq!(row(&bench, &key), Some((3, Bytes::from_static(b"c"))));
    let mut delete = bench.commit();
    delete.catalog.push(CatalogWrite::Delete(key.clone()));
    let tickets =
        [delete, put(&bench, &key, "d", at(3)), put(&bench, &key, "e", absent)].map(|c| bench.submit(c));
    bench.settle();
    let outcomes = tickets.each_ref().map(super::fixture::outcome);
    assert_eq!(outcomes, [Ok(4), differs(None), Ok(5)]);
    assert_eq!(row(&bench, &key), Some((5, Bytes::from_static(b"e"))));
}

fn names(bench: &Bench<'_>, scope: &CatalogScope, order: Order) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = bench.read(bench.store().catalog_scan(scope.clone(), order, after, 2));
        assert!(page.rows.len() <= 2);
        found.extend(page.rows.iter().map(|row| format!("{}:{}", row.key.name(), row.key.version())));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

pub(super) fn scans_page_in_both_orders(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    let mut commit = bench.commit();
    for (name, version) in [("b", 2), ("a", 0), ("b", 10), ("ab", 1), ("b", 1)] {
        let key = key(1, "us-east-1", name).with_version(version);
        commit.catalog.push(CatalogWrite::Put(key, Bytes::new()));
    }
    bench.must_commit(commit);
    let sample = key(1, "us-east-1", "b");
    let region = CatalogScope::Region(sample.kind(), sample.account(), sample.region().clone());
    let all = ["a:0", "ab:1", "b:1", "b:2", "b:10"];
    assert_eq!(names(&bench, &region, Order::Ascending), all);
    let mut reversed = all;
    reversed.reverse();
    assert_eq!(names(&bench, &region, Order::Descending), reversed);
    let name = CatalogScope::Name(sample.kind(), sample.account(), sample.region().clone(), "b".into());
    assert_eq!(names(&bench, &name, Order::Descending), ["b:10", "b:2", "b:1"]);
}

pub(super) fn accounts_and_regions_do_not_meet(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    let keys = [key(1, "us-east-1", "f"), key(2, "us-east-1", "f"), key(1, "us-east-11", "f")];
    let mut commit = bench.commit();
    for key in &keys {
        commit.catalog.push(CatalogWrite::Put(key.clone(), Bytes::from(key.to_string())));
    }
    bench.must_commit(commit);
    for key in &keys {
        let scope = CatalogScope::Region(key.kind(), key.account(), key.region().clone());
        let page = bench.read(bench.store().catalog_scan(scope, Order::Ascending, None, 10));
        let rows: Vec<_> = page.rows.iter().map(|row| (row.key.clone(), row.value.clone())).collect();
        assert_eq!(rows, [(key.clone(), Bytes::from(key.to_string()))]);
    }
    let all = CatalogScope::Kind(CatalogKind::Function);
    assert_eq!(bench.read(bench.store().catalog_scan(all, Order::Ascending, None, 10)).rows.len(), 3);
}

pub(super) fn blobs_are_kept_by_their_content(backend: &mut dyn Backend) {
    let bench = Bench::new(backend);
    let blobs = bench.store().blobs();
    let put = |bytes: &'static [u8]| blobs.put(Bytes::from_static(bytes)).wait().expect("room for a blob");
    let (one, two) = (put(b"one"), put(b"two"));
    assert_eq!((put(b"one"), one), (one, BlobId::of(b"one")));
    assert_eq!(blobs.get(two).wait(), Ok(Some(Bytes::from_static(b"two"))));
    assert_eq!(blobs.get(BlobId::of(b"three")).wait(), Ok(None));
    let hour = Duration::from_secs(3_600);
    let mut listed = blobs.list().wait().expect("a list");
    listed.sort_by_key(|entry| entry.id);
    let mut both = [one, two];
    both.sort();
    assert_eq!(listed.iter().map(|entry| entry.id).collect::<Vec<_>>(), both);
    assert!(listed.iter().all(|entry| entry.used <= SystemTime::now()));
    let remove = |ids: &[BlobId], unused_before| {
        let report = blobs.remove(ids.to_vec(), unused_before).wait().expect("a removal");
        (report.removed, report.removed_bytes)
    };
    assert_eq!(remove(&[one, two, BlobId::of(b"three")], SystemTime::now() - hour), (0, 0));
    assert_eq!(remove(&[two], SystemTime::now() + hour), (1, 3));
    // Whoever uses one again keeps it, as if it were new.
    let before = SystemTime::now();
    assert_eq!((blobs.touch(one).wait(), blobs.touch(two).wait()), (Ok(()), Ok(())));
    assert_eq!(remove(&[one], before), (0, 0));
    let before = SystemTime::now();
    assert_eq!(put(b"one"), one);
    assert_eq!(remove(&[one], before), (0, 0));
    for _ in 0..50 {
        let before = SystemTime::now();
        let (again, removal) = (blobs.put(Bytes::from_static(b"one")), blobs.remove(vec![one], before));
        let (again, removal) = (again.wait(), removal.wait());
        assert!(again == Ok(one) && removal.is_ok());
        assert!(matches!(blobs.get(one).wait(), Ok(Some(_))), "a removal took what was being put");
    }
    assert_eq!(
        (blobs.get(two).wait(), blobs.get(one).wait().map(|blob| blob.is_some())),
        (Ok(None), Ok(true))
    );
    assert_eq!(one.to_string().parse(), Ok(one));
    assert!("zz".parse::<BlobId>().is_err());
}
