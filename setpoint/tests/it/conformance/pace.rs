use std::time::Duration;

/// What a client on the network needs for a pod, so that controllers see pods change one by one.
const USUAL: Duration = Duration::from_millis(5);

/// How fast pods are brought into a state.
///
/// It is free how many of them a controller has seen when it looks. Where that shows in a recording, `paces.txt` has
/// the pace that it was made in.
pub(super) struct Pace(Vec<Duration>);

impl Pace {
    /// That of a scenario.
    pub(super) fn of(scenario: &str) -> Self {
        let lines =
            include_str!("paces.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut paces =
            lines.map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line:?} has no pace")));
        let Some((_, pace)) = paces.find(|(name, _)| *name == scenario) else { return Self(vec![USUAL]) };
        let (pace, _) = pace.split_once(": ").unwrap_or_else(|| panic!("{pace:?} gives no reason"));
        let millis = |text: &str| Duration::from_millis(text.parse().expect("milliseconds"));
        Self(pace.split(' ').map(millis).collect())
    }

    /// How long to wait after the pod at this place of a step.
    pub(super) fn after(&self, place: usize) -> Duration {
        self.0.get(place).or(self.0.last()).copied().unwrap_or(USUAL)
    }
}
