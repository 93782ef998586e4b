use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use setpoint::env::Env;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program, with a home and a configuration of its own.
pub(super) struct Kubectl {
    env: Env,
    program: PathBuf,
    folder: TempDir,
}

impl Kubectl {
    /// `None`, said aloud, if there is none on the path.
    #[expect(clippy::print_stderr, reason = "who runs the tests should know what was left out")]
    pub(super) fn find(env: &Env) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program =
            std::env::split_paths(&path).map(|folder| folder.join("kubectl")).find(|it| it.is_file());
        let Some(program) = program else {
            eprintln!("skipped: there is no kubectl on the path");
            return None;
        };
        let folder = TempDir::with_prefix("setpoint-kubectl-").expect("a folder can be made");
        Some(Self { env: env.clone(), program, folder })
    }

    /// Its home, which goes with it.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where it looks for its server.
    pub(super) fn config(&self) -> PathBuf {
        self.folder().join("config")
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(words(arguments))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder())
            .env("KUBECONFIG", self.config())
            .env("KUBE_EDITOR", "sed -i s/before/after/")
            .current_dir(self.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs it to its end. Arguments are separated by blanks, except within single quotes.
    pub(super) async fn run(&self, arguments: &str, input: &str) -> Output {
        let mut child = self.command(arguments).spawn().expect("kubectl starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        // It may end before it has read all of it.
        drop(stdin.write_all(input.as_bytes()).await);
        drop(stdin);
        let output = self.env.timeout(PATIENCE, child.wait_with_output()).await;
        output.unwrap_or_else(|_| panic!("kubectl {arguments} takes too long")).expect("its output is text")
    }

    /// Starts it, and lets it run.
    pub(super) fn start(&self, arguments: &str) -> Child {
        self.command(arguments).spawn().expect("kubectl starts")
    }

    /// What it prints; it must succeed.
    pub(super) async fn ok(&self, arguments: &str) -> String {
        self.with_input(arguments, "").await
    }

    /// What it prints when it reads this; it must succeed.
    pub(super) async fn with_input(&self, arguments: &str, input: &str) -> String {
        let output = self.run(arguments, input).await;
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "kubectl {arguments}: {}\n{out}{err}", output.status);
        out
    }

    /// Its exit code and what it complains of; it must fail.
    pub(super) async fn fails(&self, arguments: &str, input: &str) -> (i32, String) {
        let output = self.run(arguments, input).await;
        assert!(!output.status.success(), "kubectl {arguments} succeeds: {}", text(&output.stdout));
        (output.status.code().unwrap_or(-1), text(&output.stderr))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Words between blanks, of which those within single quotes are part of a word.
fn words(arguments: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    for character in arguments.chars() {
        match character {
            '\'' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            blank if blank.is_whitespace() && !is_quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}
