use std::fmt;
use std::str::FromStr;

use proptest::prelude::*;

/// What a user does, or what happens to pods.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Makes the Deployment if there is none.
    Create(i32),
    Image(u8),
    Replicas(i32),
    Rolling(u8, u8),
    Recreate,
    Pause,
    Resume,
    /// To a revision, 0 for the one before.
    RollBack(u8),
    /// A label on the Deployment and on its template.
    Label(u8),
    MinReady(i32),
    Deadline(i32),
    HistoryLimit(i32),
    /// So many pods that were not become ready.
    Ready(u8),
    Unready(u8),
    Fail(u8),
    /// A user deletes so many pods.
    Lose(u8),
    /// So many pods on their way out are gone.
    Gone(u8),
    /// All pods of a node are gone at once.
    LoseNode(u8),
    /// A pod that nobody owns and the youngest ReplicaSet selects.
    OrphanPod,
    /// The n-th ReplicaSet is deleted.
    DeleteSet(u8, Policy),
    DeleteDeployment(Policy),
    /// No more than so many pods may be made from now on.
    Quota(u8),
    NoQuota,
    Seconds(u16),
}

/// What becomes of what an object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Background,
    Foreground,
    Orphan,
}

/// Steps in their order, written one a line.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct History(pub(super) Vec<Step>);

fn step() -> impl Strategy<Value = Step> {
    let policy = || prop_oneof![Just(Policy::Background), Just(Policy::Foreground), Just(Policy::Orphan)];
    prop_oneof![
        3 => (0..9_i32).prop_map(Step::Create),
        6 => (0..4_u8).prop_map(Step::Image),
        4 => (0..12_i32).prop_map(Step::Replicas),
        2 => (0..4_u8, 0..4_u8).prop_map(|(surge, unavailable)| Step::Rolling(surge, unavailable)),
        1 => Just(Step::Recreate),
        2 => Just(Step::Pause),
        2 => Just(Step::Resume),
        2 => (0..5_u8).prop_map(Step::RollBack),
        1 => (0..3_u8).prop_map(Step::Label),
        1 => prop_oneof![Just(0), 1..20_i32].prop_map(Step::MinReady),
        1 => (21..60_i32).prop_map(Step::Deadline),
        3 => (0..3_i32).prop_map(Step::HistoryLimit),
        8 => (1..9_u8).prop_map(Step::Ready),
        2 => (1..4_u8).prop_map(Step::Unready),
        2 => (1..3_u8).prop_map(Step::Fail),
        2 => (1..3_u8).prop_map(Step::Lose),
        4 => (1..9_u8).prop_map(Step::Gone),
        1 => (0..3_u8).prop_map(Step::LoseNode),
        1 => Just(Step::OrphanPod),
        1 => (0..4_u8, policy()).prop_map(|(set, policy)| Step::DeleteSet(set, policy)),
        1 => policy().prop_map(Step::DeleteDeployment),
        1 => (0..12_u8).prop_map(Step::Quota),
        2 => Just(Step::NoQuota),
        2 => (1..90_u16).prop_map(Step::Seconds),
    ]
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(replicas) => write!(f, "create {replicas}"),
            Self::Image(image) => write!(f, "image {image}"),
            Self::Replicas(replicas) => write!(f, "replicas {replicas}"),
            Self::Rolling(surge, unavailable) => write!(f, "strategy rolling {surge} {unavailable}"),
            Self::Recreate => write!(f, "strategy recreate"),
            Self::Pause => write!(f, "pause"),
            Self::Resume => write!(f, "resume"),
            Self::RollBack(revision) => write!(f, "roll back {revision}"),
            Self::Label(label) => write!(f, "label {label}"),
            Self::MinReady(seconds) => write!(f, "min ready {seconds}"),
            Self::Deadline(seconds) => write!(f, "deadline {seconds}"),
            Self::HistoryLimit(limit) => write!(f, "history {limit}"),
            Self::Ready(count) => write!(f, "ready {count}"),
            Self::Unready(count) => write!(f, "unready {count}"),
            Self::Fail(count) => write!(f, "fail {count}"),
            Self::Lose(count) => write!(f, "lose {count}"),
            Self::Gone(count) => write!(f, "gone {count}"),
            Self::LoseNode(node) => write!(f, "lose node {node}"),
            Self::OrphanPod => write!(f, "orphan pod"),
            Self::DeleteSet(set, policy) => write!(f, "delete set {set} {policy}"),
            Self::DeleteDeployment(policy) => write!(f, "delete deployment {policy}"),
            Self::Quota(pods) => write!(f, "quota {pods}"),
            Self::NoQuota => write!(f, "no quota"),
            Self::Seconds(seconds) => write!(f, "seconds {seconds}"),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Background => "background",
            Self::Foreground => "foreground",
            Self::Orphan => "orphan",
        })
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As it can be put among those that were found.
impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}\n")
    }
}

/// Most begin with a Deployment that is available: what goes wrong there is far from nothing.
pub(super) fn history(steps_max: usize) -> impl Strategy<Value = History> {
    let begun = (2..9_i32).prop_map(|replicas| vec![Step::Create(replicas), Step::Ready(8)]);
    let beginning = prop_oneof![1 => Just(Vec::new()), 3 => begun];
    (beginning, prop::collection::vec(step(), 1..=steps_max)).prop_map(|(mut steps, more)| {
        steps.extend(more);
        History(steps)
    })
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| word.parse::<i32>().map_err(|error| format!("{line:?}: {error}"));
        let small = |word: &str| word.parse::<u8>().map_err(|error| format!("{line:?}: {error}"));
        Ok(match words[..] {
            ["create", count] => Self::Create(number(count)?),
            ["image", image] => Self::Image(small(image)?),
            ["replicas", count] => Self::Replicas(number(count)?),
            ["strategy", "rolling", surge, unavailable] => Self::Rolling(small(surge)?, small(unavailable)?),
            ["strategy", "recreate"] => Self::Recreate,
            ["pause"] => Self::Pause,
            ["resume"] => Self::Resume,
            ["roll", "back", revision] => Self::RollBack(small(revision)?),
            ["label", label] => Self::Label(small(label)?),
            ["min", "ready", seconds] => Self::MinReady(number(seconds)?),
            ["deadline", seconds] => Self::Deadline(number(seconds)?),
            ["history", limit] => Self::HistoryLimit(number(limit)?),
            ["ready", count] => Self::Ready(small(count)?),
            ["unready", count] => Self::Unready(small(count)?),
            ["fail", count] => Self::Fail(small(count)?),
            ["lose", count] => Self::Lose(small(count)?),
            ["gone", count] => Self::Gone(small(count)?),
            ["lose", "node", node] => Self::LoseNode(small(node)?),
            ["orphan", "pod"] => Self::OrphanPod,
            ["delete", "set", set, policy] => Self::DeleteSet(small(set)?, policy.parse()?),
            ["delete", "deployment", policy] => Self::DeleteDeployment(policy.parse()?),
            ["quota", pods] => Self::Quota(small(pods)?),
            ["no", "quota"] => Self::NoQuota,
            ["seconds", seconds] => Self::Seconds(small(seconds)?.into()),
            _ => return Err(format!("{line:?} is no step")),
        })
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "background" => Ok(Self::Background),
            "foreground" => Ok(Self::Foreground),
            "orphan" => Ok(Self::Orphan),
            _ => Err(format!("{word:?} is no policy")),
        }
    }
}

impl FromStr for History {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.lines().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}
