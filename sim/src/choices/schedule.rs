use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Departures from the plain course of a run: at which choice of which site, which value.
///
/// Written as text, one departure a line:
///
/// ```
/// let text = "# setpoint-sim schedule 1\nids 7\nwrite/control-plane 12 2\n";
/// let schedule: setpoint_sim::Schedule = text.parse()?;
/// assert_eq!(schedule.get("write/control-plane", 12), 2);
/// assert_eq!(schedule.to_string(), text);
/// # Ok::<(), setpoint_sim::NotASchedule>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The seed of random bits that no fault depends on.
    pub ids: u64,
    departures: BTreeMap<Box<str>, BTreeMap<u64, u32>>,
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no departure: {text:?}")]
pub struct NotASchedule {
    /// Which line, counted from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
}

const HEADER: &str = "# setpoint-sim schedule 1";

impl Schedule {
    /// The plain course.
    pub fn plain(ids: u64) -> Self {
        Self { ids, departures: BTreeMap::new() }
    }

    /// The same with one departure more.
    #[must_use]
    pub fn with(mut self, site: &str, index: u64, value: u32) -> Self {
        self.set(site, index, value);
        self
    }

    /// The value of a choice.
    pub fn get(&self, site: &str, index: u64) -> u32 {
        self.departures.get(site).and_then(|site| site.get(&index)).copied().unwrap_or(0)
    }

    /// How many departures there are.
    pub fn len(&self) -> usize {
        self.departures.values().map(BTreeMap::len).sum()
    }

    /// Whether it is the plain course.
    pub fn is_empty(&self) -> bool {
        self.departures.is_empty()
    }

    /// All departures: site, number, value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64, u32)> {
        self.departures
            .iter()
            .flat_map(|(site, choices)| choices.iter().map(|(index, value)| (&**site, *index, *value)))
    }

    /// Only the departures that are asked for.
    #[must_use]
    pub fn only(&self, mut keep: impl FnMut(&str, u64, u32) -> bool) -> Self {
        let mut kept = Self::plain(self.ids);
        for (site, index, value) in self.iter().filter(|(site, index, value)| keep(site, *index, *value)) {
            kept.set(site, index, value);
        }
        kept
    }

    pub(crate) fn set(&mut self, site: &str, index: u64, value: u32) {
        match (value, self.departures.get_mut(site)) {
            (0, None) => {}
            (0, Some(choices)) => {
                choices.remove(&index);
                if choices.is_empty() {
                    self.departures.remove(site);
                }
            }
            (_, Some(choices)) => {
                choices.insert(index, value);
            }
            (_, None) => {
                self.departures.insert(site.into(), BTreeMap::from([(index, value)]));
            }
        }
    }

    pub(super) fn of_site(&self, site: &str) -> BTreeMap<u64, u32> {
        self.departures.get(site).cloned().unwrap_or_default()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nids {}", self.ids)?;
        self.iter().try_for_each(|(site, index, value)| writeln!(f, "{site} {index} {value}"))
    }
}

impl FromStr for Schedule {
    type Err = NotASchedule;

    fn from_str(text: &str) -> Result<Self, NotASchedule> {
        let mut schedule = Self::default();
        for (number, line) in text.lines().enumerate() {
            let wrong = || NotASchedule { line: number + 1, text: line.to_owned() };
            let content = line.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            match content.split_whitespace().collect::<Vec<_>>()[..] {
                ["ids", ids] => schedule.ids = ids.parse().map_err(|_| wrong())?,
                [site, index, value] => {
                    let index = index.parse().map_err(|_| wrong())?;
                    let value = value.parse().map_err(|_| wrong())?;
                    schedule.set(site, index, value);
                }
                _ => return Err(wrong()),
            }
        }
        Ok(schedule)
    }
}
