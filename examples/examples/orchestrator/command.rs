/// What it understands.
pub(crate) const HELP: &str = "apply -f FILE                      makes what a manifest says
get KIND [NAME] [-n NS] [-o json]   shows objects
delete KIND NAME [-n NS]            deletes one, its dependents afterwards
wait KIND [NAME] CONDITION [-n NS] [-t SECONDS]
                                    waits until a condition, such as Available, is true
quit                                ends everything";

/// How long `wait` waits if nothing is said.
const WAIT_SECONDS: u64 = 30;

/// One line of input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Apply { file: String },
    Get(Target),
    Delete(Target),
    Wait { target: Target, condition: String, seconds: u64 },
    Help,
    Quit,
}

/// Which objects a command is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: String,
    pub(crate) name: Option<String>,
    pub(crate) namespace: String,
    pub(crate) json: bool,
}

impl Command {
    /// Reads a line; `None` if there is nothing in it.
    pub(crate) fn parse(line: &str) -> Result<Option<Self>, String> {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() || words[0].starts_with('#') {
            return Ok(None);
        }
        let verb = words.remove(0);
        let file = option(&mut words, "-f")?;
        let namespace = option(&mut words, "-n")?.unwrap_or("default").to_owned();
        let json = match option(&mut words, "-o")? {
            None => false,
            Some("json") => true,
            Some(other) => return Err(format!("-o {other}: json is all there is")),
        };
        let seconds = match option(&mut words, "-t")? {
            None => WAIT_SECONDS,
            Some(text) => text.parse().map_err(|_| format!("-t {text}: a number of seconds is expected"))?,
        };
        if let Some(word) = words.iter().find(|word| word.starts_with('-')) {
            return Err(format!("{word} is not understood; `help` lists the commands"));
        }
        let target = |kind: &str, name: Option<&str>| Target {
            kind: kind.to_owned(),
            name: name.map(str::to_owned),
            namespace: namespace.clone(),
            json,
        };
        let command = match (verb, &words[..], file) {
            ("apply", [], Some(file)) => Self::Apply { file: file.to_owned() },
            ("get", [kind], None) => Self::Get(target(kind, None)),
            ("get", [kind, name], None) => Self::Get(target(kind, Some(name))),
            ("delete", [kind, name], None) => Self::Delete(target(kind, Some(name))),
            ("wait", [kind, condition], None) => {
                Self::Wait { target: target(kind, None), condition: (*condition).to_owned(), seconds }
            }
            ("wait", [kind, name, condition], None) => {
                Self::Wait { target: target(kind, Some(name)), condition: (*condition).to_owned(), seconds }
            }
            ("help", [], None) => Self::Help,
            ("quit" | "exit", [], None) => Self::Quit,
            _ => return Err(format!("{line:?} is not understood; `help` lists the commands")),
        };
        Ok(Some(command))
    }
}

/// Takes an option and its value out of the words.
fn option<'a>(words: &mut Vec<&'a str>, name: &str) -> Result<Option<&'a str>, String> {
    let Some(at) = words.iter().position(|word| *word == name) else { return Ok(None) };
    words.remove(at);
    if at < words.len() { Ok(Some(words.remove(at))) } else { Err(format!("{name} needs a value")) }
}
