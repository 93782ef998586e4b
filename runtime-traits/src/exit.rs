use serde::{Deserialize, Serialize};

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// It is gone and nobody saw how, as happens to a container whose agent was away (AGENT-38).
    Unknown,
}

/// The exit code shown for a container that vanished (AGENT-11): that of a KILL.
const CODE_UNKNOWN: i32 = 137;

impl Exit {
    /// The exit code as a pod's status shows it: 128 and the signal's number for a signal.
    pub const fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128i32.saturating_add(signal),
            Self::Unknown => CODE_UNKNOWN,
        }
    }

    /// Whether it ended well.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }

    /// The signal, as far as one ended it.
    pub const fn signal(self) -> Option<i32> {
        match self {
            Self::Signal(signal) => Some(signal),
            Self::Code(_) | Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_a_shell() {
        let table = [
            (Exit::Code(0), 0, true),
            (Exit::Code(3), 3, false),
            (Exit::Signal(9), 137, false),
            (Exit::Signal(15), 143, false),
            (Exit::Unknown, 137, false),
            (Exit::Signal(i32::MAX), i32::MAX, false),
        ];
        for (exit, code, success) in table {
            assert_eq!((exit.code(), exit.is_success()), (code, success), "{exit:?}");
        }
    }
}
