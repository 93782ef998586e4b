use serde::{Deserialize, Serialize};

use super::proc_fs::{Stat, boot_id};

/// One process and no other, also after its id was given to another process or the machine was started again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity {
    pub(super) pid: i32,
    start_ticks: u64,
    boot_id: String,
}

impl Identity {
    /// That of the process which has this id now. Where the kernel does not tell when a process started, it is
    /// the identity of none: [`Identity::is_alive`] is then always false.
    pub(super) fn of(pid: i32) -> Self {
        let start_ticks = Stat::of(pid).map_or(0, |stat| stat.start_ticks);
        Self { pid, start_ticks, boot_id: boot_id() }
    }

    /// Whether this very process lives. One that is dead and not yet waited for does not.
    pub(super) fn is_alive(&self) -> bool {
        self.is_of(&boot_id())
            && Stat::of(self.pid).is_some_and(|stat| stat.is_alive() && stat.start_ticks == self.start_ticks)
    }

    fn is_of(&self, boot: &str) -> bool {
        !boot.is_empty() && self.boot_id == boot
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_not_taken_for_another() {
        let own = Identity::of(i32::try_from(std::process::id()).expect("a process id"));
        assert!(own.is_alive());
        let later = Identity { start_ticks: own.start_ticks + 1, ..own.clone() };
        let before_boot = Identity { boot_id: "another".to_owned(), ..own.clone() };
        let nowhere = Identity { boot_id: String::new(), ..own.clone() };
        for other in [later, before_boot, nowhere] {
            assert!(!other.is_alive(), "{other:?}");
        }
        let text = serde_json::to_string(&own).expect("written");
        assert_eq!(serde_json::from_str::<Identity>(&text).expect("read"), own);
    }
}
