//! Tests are made of the scenario files and documents that there are when they are compiled.

fn main() {
    for source in ["scenarios", "docs", "README.md", "CONTRIBUTING.md"] {
        println!("cargo::rerun-if-changed={source}");
    }
}
