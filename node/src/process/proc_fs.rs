//! What the kernel tells about processes.
//!
//! Only Linux tells enough. Elsewhere nothing is found, so that no process is taken for another; what that
//! means for a runtime is said in the [module above](super).

use std::collections::BTreeMap;
use std::fs;

/// Whether the kernel has the files that are read here, in the form that is expected.
const IS_TOLD: bool = cfg!(target_os = "linux");

/// One process as `/proc/<pid>/stat` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// Its state: `Z` and `X` are dead.
    pub(super) state: char,
    /// Its process group.
    pub(super) group: i32,
    /// Processor time of it and of the children it has waited for, in clock ticks.
    pub(super) cpu_ticks: u64,
    /// When it started, in clock ticks since boot.
    pub(super) start_ticks: u64,
}

impl Stat {
    /// That of a process, if there is such a process.
    pub(super) fn of(pid: i32) -> Option<Self> {
        Self::parse(&read(&format!("/proc/{pid}/stat"))?)
    }

    pub(super) fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X' | 'x')
    }

    fn parse(text: &str) -> Option<Self> {
        // The second field is a name in brackets, which may hold brackets and spaces itself.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // Counted as proc(5) does, where the state is field 3.
        let number = |field: usize| fields.get(field - 3)?.parse::<i64>().ok();
        let ticks = |field: usize| number(field).map(|ticks| u64::try_from(ticks).unwrap_or(0));
        Some(Self {
            state: fields.first()?.chars().next()?,
            group: i32::try_from(number(5)?).ok()?,
            cpu_ticks: ticks(14)?
                .saturating_add(ticks(15)?)
                .saturating_add(ticks(16)?)
                .saturating_add(ticks(17)?),
            start_ticks: ticks(22)?,
        })
    }
}

/// The id of this boot; empty where there is none.
pub(super) fn boot_id() -> String {
    read("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// The ids of all processes; empty where that cannot be told.
pub(super) fn process_ids() -> Vec<i32> {
    let Some(entries) = IS_TOLD.then(|| fs::read_dir("/proc").ok()).flatten() else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// All processes of this user that have the variable `name` in their environment, by its value.
///
/// It is the environment each began with. A process that overwrote it is not found.
pub(super) fn processes_by_variable(name: &str) -> BTreeMap<String, Vec<i32>> {
    let mut found: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for pid in process_ids() {
        if let Some(value) = variable_of(pid, name) {
            found.entry(value).or_default().push(pid);
        }
    }
    found
}

fn variable_of(pid: i32, name: &str) -> Option<String> {
    // Gone, or another user's.
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let value = variables.find_map(|variable| variable.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    String::from_utf8(value.to_vec()).ok()
}

/// A small file of the kernel, if it is there.
pub(super) fn read(path: &str) -> Option<String> {
    IS_TOLD.then(|| fs::read_to_string(path).ok()).flatten()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_stat_is_read_whatever_the_name_of_the_program() {
        let rest = "S 1 42 42 0 -1 4194304 100 0 0 0 7 5 2 1 20 0 1 0 12345 1000 50 18446744073709551615";
        let expected = Stat { state: 'S', group: 42, cpu_ticks: 15, start_ticks: 12345 };
        for name in ["sh", "a b", "a) S 1 2 (", ")))"] {
            assert_eq!(Stat::parse(&format!("42 ({name}) {rest}")), Some(expected), "{name}");
        }
        for broken in ["", "42", "42 (sh", "42 (sh) S", "42 (sh) S 1 x"] {
            assert_eq!(Stat::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn this_process_is_alive_and_knows_its_boot() {
        let own = i32::try_from(std::process::id()).expect("a process id");
        let stat = Stat::of(own).expect("this process");
        assert!(stat.is_alive() && stat.start_ticks > 0);
        assert!(process_ids().contains(&own));
        assert!(!boot_id().is_empty());
    }
}
