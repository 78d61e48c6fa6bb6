//! A new scenario file is a new test: compile the tests again.

fn main() {
    println!("cargo::rerun-if-changed=scenarios");
}
