//! The command line as a process, and projects of scenarios to run it on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The workspace's root.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How a run of the command line ended.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

#[allow(dead_code, reason = "not every test binary that shares this module uses all of it")]
impl Run {
    /// The ended run of a process.
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the command line writes UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The run, if it ended with this exit code.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard output has each of the texts, in their order.
    #[track_caller]
    pub fn says(&self, texts: &[&str]) {
        let mut rest = self.stdout.as_str();
        for text in texts {
            let Some(at) = rest.find(text) else {
                panic!("`{text}` is missing, or is not in its place, in:\n{}\nstderr:\n{}", self.stdout, self.stderr)
            };
            rest = &rest[at + text.len()..];
        }
    }
}

/// Runs `rehearsal` in a directory.
pub fn rehearsal_in(directory: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehearsal"));
    Run::of(command.args(arguments).current_dir(directory).output().expect("the binary was built for this test"))
}

/// Runs `rehearsal` in the workspace's root.
#[allow(dead_code, reason = "not every test binary that shares this module uses all of it")]
pub fn rehearsal(arguments: &[&str]) -> Run {
    rehearsal_in(Path::new(ROOT), arguments)
}

/// A folder of scenarios over the documented templates, new for one test.
pub struct Project {
    pub path: PathBuf,
}

#[allow(dead_code, reason = "not every test binary that shares this module uses all of it")]
impl Project {
    /// An empty folder. Tests run side by side, so each needs a name of its own.
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if path.exists() {
            fs::remove_dir_all(&path).expect("an earlier run made it");
        }
        fs::create_dir_all(&path).expect("the target directory can be written");
        Self { path }
    }

    /// With a scenario that creates one order, and expects the function to be invoked so often.
    pub fn with_order(self, file: &str, invocations: u32) -> Self {
        self.with(file, &ORDER.replace("INVOCATIONS", &invocations.to_string()))
    }

    /// With a file. `ROOT` in the text stands for the workspace's root.
    pub fn with(self, file: &str, text: &str) -> Self {
        let path = self.path.join(file);
        fs::create_dir_all(path.parent().expect("it is in the project")).expect("the project can be written");
        fs::write(path, text.replace("ROOT", ROOT)).expect("the project can be written");
        self
    }

    /// What is in a file now.
    #[track_caller]
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Runs `rehearsal` in the project.
    pub fn rehearsal(&self, arguments: &[&str]) -> Run {
        rehearsal_in(&self.path, arguments)
    }
}

const ORDER: &str = r"version: 1
name: An order is created
template: ROOT/scenarios/orders/template.yaml
steps:
  - http:
      api: OrdersApi
      method: POST
      path: /orders
      headers: { content-type: application/json, idempotency-key: k-1 }
      json: { customerId: c-1, items: [{ sku: BOOK-1, quantity: 2, unitPriceCents: 1250 }] }
      expect: { status: 201 }
expect:
  invocations: { CreateOrder: INVOCATIONS }
  tables: { Orders: { snapshot: true, count: 1 } }
";
