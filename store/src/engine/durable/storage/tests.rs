use super::*;

fn written(storage: &dyn Storage, name: &str, bytes: &[u8]) -> Box<dyn StorageFile> {
    let mut file = storage.create(name).expect("nothing fails");
    file.write_at(0, bytes).expect("nothing fails");
    file
}

fn keeps_what_it_is_told(storage: &dyn Storage) {
    let mut file = written(storage, "a", b"hello");
    file.write_at(7, b"you").expect("nothing fails");
    assert_eq!(read_all(&*file).expect("nothing fails"), b"hello\0\0you");
    file.truncate(5).expect("nothing fails");
    file.sync().expect("nothing fails");
    storage.rename("a", "b").expect("nothing fails");
    storage.sync_directory().expect("nothing fails");
    assert_eq!(storage.list().expect("nothing fails"), ["b"]);
    assert_eq!(read_all(&*storage.open("b").expect("it is there")).expect("nothing fails"), b"hello");
    assert_eq!(storage.open("a").err().map(|error| error.kind()), Some(io::ErrorKind::NotFound));
    let lock = storage.lock().expect("it is free");
    assert_eq!(storage.lock().err().map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
    drop(lock);
    storage.lock().expect("it is free again");
    storage.remove("b").expect("it is there");
    assert!(storage.list().expect("nothing fails").is_empty());
}

#[test]
fn both_worlds_are_folders_of_files() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    keeps_what_it_is_told(&Disk::at(folder.path().join("new")).expect("a folder can be made"));
    keeps_what_it_is_told(&Faulty::new());
}

#[test]
fn what_is_not_synced_is_lost_and_what_is_synced_is_not() {
    let storage = Faulty::new();
    let mut file = written(&storage, "a", b"one");
    file.sync().expect("nothing fails");
    assert_eq!(storage.crash(Crash::Lost, 0).content("a"), b"", "the name was not durable");
    storage.sync_directory().expect("nothing fails");
    file.write_at(3, b"two").expect("nothing fails");
    assert_eq!(storage.crash(Crash::Lost, 0).content("a"), b"one");
    assert_eq!(storage.crash(Crash::Kept, 0).content("a"), b"onetwo");
    file.sync().expect("nothing fails");
    for mode in Crash::ALL {
        assert_eq!(storage.crash(mode, 3).content("a"), b"onetwo", "{mode:?}");
    }
}

#[test]
fn unsynced_sectors_are_kept_in_no_order() {
    let storage = Faulty::new();
    let file = written(&storage, "a", &[1; 2048]);
    storage.sync_directory().expect("nothing fails");
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..64 {
        let left = storage.crash(Crash::Reordered, seed).content("a");
        seen.insert(left.chunks(512).map(|sector| sector.iter().all(|byte| *byte == 1)).collect::<Vec<_>>());
    }
    assert!(seen.contains(&vec![false, true]) && seen.contains(&vec![true]), "{seen:?}");
    drop(file);
}

#[test]
fn a_failed_sync_lies_afterwards() {
    let storage = Faulty::new();
    let mut file = written(&storage, "a", b"one");
    storage.sync_directory().expect("nothing fails");
    storage.set_faults(Faults { failed_syncs: vec![1], ..Faults::default() });
    file.sync().expect_err("it fails once");
    file.sync().expect("and says that all is well");
    assert_eq!(read_all(&*file).expect("nothing fails"), b"one", "the system still sees it");
    assert_eq!(storage.crash(Crash::Lost, 0).content("a"), [0; 3], "it is not on the disk");
}

#[test]
fn a_full_disk_takes_a_part() {
    let storage = Faulty::new();
    storage.set_faults(Faults { capacity: Some(4), ..Faults::default() });
    let mut file = storage.create("a").expect("nothing fails");
    let error = file.write_at(0, b"hello").expect_err("there is no room");
    assert_eq!((error.kind(), storage.content("a")), (io::ErrorKind::StorageFull, b"hell".to_vec()));
}

/// Which names there are after each crash that leaves some of the changes.
#[test]
fn unsynced_names_change_in_no_order() {
    let storage = Faulty::new();
    for name in ["a", "b", "c"] {
        written(&storage, name, b"x");
    }
    storage.sync_directory().expect("nothing fails");
    assert_eq!(storage.unsynced_names(), 0);
    storage.remove("a").expect("it is there");
    storage.remove("b").expect("it is there");
    storage.rename("c", "d").expect("it is there");
    assert_eq!(storage.unsynced_names(), 4);
    let left = |kept: &[usize]| {
        storage.crash_with_names(Crash::Kept, 0, |place| kept.contains(&place)).names().concat()
    };
    let rows: [(&[usize], &str); 6] =
        [(&[], "abc"), (&[0], "bc"), (&[1], "ac"), (&[2], "ab"), (&[3], "abcd"), (&[0, 1, 2, 3], "d")];
    for (kept, expected) in rows {
        assert_eq!(left(kept), expected, "{kept:?}");
    }
    let seen = |mode| -> std::collections::BTreeSet<String> {
        (0..200).map(|seed| storage.crash(mode, seed).names().concat()).collect()
    };
    assert_eq!(seen(Crash::Torn).len(), 5, "each beginning");
    assert_eq!(seen(Crash::Reordered).len(), 16, "each choice");
    storage.sync_directory().expect("nothing fails");
    assert_eq!((storage.unsynced_names(), seen(Crash::Reordered)), (0, ["d".to_owned()].into()));
}
