//! Templates that are broken, or that depend on themselves.

use crate::kit::{folder, read, stack_of};

#[test]
fn no_input_panics() {
    let mut random = fastrand::Rng::with_seed(7);
    for name in ["everything.yaml", "cdk.json"] {
        let text = read(&folder().join(name));
        for _ in 0..400 {
            let mutated = mutate(&text, &mut random);
            // Either outcome will do; that there is one, and that it can be shown, is what is tested.
            if let Err(diagnostics) = stack_of(&mutated, &[]) {
                assert!(!diagnostics.render(false).is_empty());
            }
        }
    }
}

/// A few bytes changed, removed, or a line moved elsewhere.
fn mutate(text: &str, random: &mut fastrand::Rng) -> String {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    for _ in 0..random.usize(1..4) {
        let from = random.usize(..lines.len());
        let to = random.usize(..lines.len());
        match random.u8(..4) {
            0 => {
                let line = lines[from].clone();
                lines[to] = line;
            }
            1 => {
                lines.remove(from);
            }
            2 => lines.swap(from, to),
            _ => {
                let mut bytes = lines[from].clone().into_bytes();
                if !bytes.is_empty() {
                    let at = random.usize(..bytes.len());
                    bytes[at] = *random.choice(b"{}[]!&*:\"'$-# aZ0\n\xff").expect("the list is not empty");
                }
                lines[from] = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
    }
    lines.join("\n")
}

#[test]
fn whatever_depends_on_itself_or_nests_deeply_is_refused() {
    let chain: String = (0..400)
        .map(|at| {
            format!(
                "  Q{at}: {{ Type: AWS::SQS::Queue, Properties: {{ QueueName: !Sub \"${{Q{}.QueueName}}\" }} }}\n",
                at + 1
            )
        })
        .collect();
    let conditions: String = (0..400).map(|at| format!("  C{at}: !Not [!Condition C{}]\n", at + 1)).collect();
    let doubling: String = (0..40)
        .map(|at| format!("  Q{at}: {{ Type: AWS::SQS::Queue, Properties: {{ QueueName: !Sub \"${{Q{n}.QueueName}}${{Q{n}.QueueName}}\" }} }}\n", n = at + 1))
        .collect();
    let queue = "{ Type: AWS::SQS::Queue, Properties: { QueueName: end } }\n";
    let cases = [
        (format!("Resources:\n{chain}  Q400: {queue}"), "more than 140 levels deep"),
        (
            format!("Conditions:\n{conditions}  C400: !Equals [a, b]\nResources:\n  Q: {queue}"),
            "more than 140 levels deep",
        ),
        (format!("Resources:\n{doubling}  Q40: {queue}"), "a name must have 1 to 512 characters"),
    ];
    for (text, expected) in cases {
        let diagnostics = stack_of(&text, &[]).expect_err(expected);
        assert!(diagnostics.iter().any(|each| each.message.contains(expected)), "{}", diagnostics.render(false));
    }
}
