//! Templates that no one would write: whatever is read, reading ends, nothing panics, and every mistake is at a place
//! of the file. The corpus of the fuzz targets is read here too, so that every run of the tests has read it.

mod reading;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use rehearsal::backend::Embedded;
use rehearsal::diagnostic::Source;
use rehearsal::findings::{Findings, Verdict};
use rehearsal::scenario;
use rehearsal::template::{Template, examine, load};

/// Words that templates are made of, and some that they are not.
const WORDS: &[&str] = &[
    "Resources",
    "Parameters",
    "Conditions",
    "Mappings",
    "Outputs",
    "Transform",
    "Globals",
    "Rules",
    "Metadata",
    "Type",
    "Properties",
    "Condition",
    "DependsOn",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "MinValue",
    "Value",
    "Export",
    "Name",
    "Ref",
    "Fn::Sub",
    "Fn::GetAtt",
    "Fn::Join",
    "Fn::If",
    "Fn::Select",
    "Fn::Split",
    "Fn::FindInMap",
    "Fn::Cidr",
    "Fn::GetAZs",
    "Fn::Length",
    "Fn::ToJsonString",
    "Fn::ForEach::L",
    "Fn::Equals",
    "Fn::And",
    "Fn::Not",
    "Fn::ImportValue",
    "Fn::Transform",
    "AWS::NoValue",
    "AWS::Region",
    "AWS::LanguageExtensions",
    "AWS::Serverless-2016-10-31",
    "AWS::SQS::Queue",
    "AWS::S3::Bucket",
    "AWS::Lambda::Function",
    "AWS::Serverless::Function",
    "AWS::Serverless::Api",
    "AWS::DynamoDB::Table",
    "AWS::SNS::Topic",
    "AWS::SNS::Subscription",
    "AWS::Events::Rule",
    "AWS::IoT::TopicRule",
    "AWS::Lambda::EventSourceMapping",
    "AWS::CloudFormation::Stack",
    "AWS::IAM::Role",
    "Custom::Thing",
    "QueueName",
    "BucketName",
    "FunctionName",
    "Handler",
    "Events",
    "S3",
    "SQS",
    "Schedule",
    "Api",
    "HttpApi",
    "Queue",
    "Bucket",
    "NotificationConfiguration",
    "LambdaConfigurations",
    "RedrivePolicy",
    "Environment",
    "Variables",
    "Targets",
    "EventPattern",
    "ScheduleExpression",
    "rate(1 day)",
    "KeySchema",
    "AttributeDefinitions",
    "StreamSpecification",
    "A",
    "B",
    "${A}",
    "${A.Arn}",
    "${!A}",
    "${",
    "A.Arn",
    "a,b",
    "String",
    "Number",
    "CommaDelimitedList",
    "10.0.0.0/8",
    "0",
    "-1",
    "4294967296",
    "1e400",
    "true",
    "null",
    "(?",
    "{{resolve:ssm:x}}",
    "\u{1F980}",
    "\u{0}",
    "",
];
const TAGS: &[&str] =
    &["", "", "", "", "!Ref ", "!Sub ", "!GetAtt ", "!If ", "!Join ", "!Select ", "!Unknown ", "!!str "];

/// A text of YAML in flow style: words of templates, put together at random.
fn tree() -> impl Strategy<Value = String> {
    let word = || (0..WORDS.len()).prop_map(|at| format!("{:?}", WORDS[at]));
    let tagged = || (0..TAGS.len()).prop_map(|at| TAGS[at]);
    (tagged(), word()).prop_map(|(tag, word)| format!("{tag}{word}")).prop_recursive(6, 96, 6, move |inner| {
        let list =
            (tagged(), vec(inner.clone(), 0..5)).prop_map(|(tag, members)| format!("{tag}[{}]", members.join(", ")));
        let entry = (word(), inner).prop_map(|(key, value)| format!("{key}: {value}"));
        let map = (tagged(), vec(entry, 0..6)).prop_map(|(tag, entries)| format!("{tag}{{{}}}", entries.join(", ")));
        prop_oneof![list, map]
    })
}

/// A template whose sections, resources and properties are in their places, and hold anything.
fn shaped() -> impl Strategy<Value = String> {
    let kinds: Vec<&str> = WORDS.iter().filter(|word| word.matches("::").count() == 2).copied().collect();
    let resource = (0..kinds.len(), vec((0..WORDS.len(), tree()), 0..5)).prop_map(move |(kind, properties)| {
        let properties: Vec<String> =
            properties.iter().map(|(name, value)| format!("{:?}: {value}", WORDS[*name])).collect();
        format!("{{ Type: {}, Properties: {{ {} }} }}", kinds[kind], properties.join(", "))
    });
    let rest = (tree(), tree(), tree(), tree());
    (vec(resource, 1..4), rest).prop_map(|(resources, (condition, mapping, parameter, output))| {
        let resources: Vec<String> =
            resources.iter().zip(["A", "B", "C"]).map(|(resource, id)| format!("  {id}: {resource}\n")).collect();
        format!(
            "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\nConditions: {{ A: {condition} }}\n\
             Mappings: {{ A: {{ A: {{ A: {mapping} }} }} }}\nParameters: {{ D: {{ Type: String, Default: {parameter} }} }}\n\
             Resources:\n{}Outputs: {{ A: {{ Value: {output} }} }}\n",
            resources.concat()
        )
    })
}

/// The corpus of a fuzz target.
fn corpus(target: &str) -> Vec<PathBuf> {
    files(&format!("corpus/{target}"))
}

/// The files in a folder of the fuzz targets.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the corpus").filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files
}

fn texts(target: &str) -> Vec<String> {
    corpus(target).iter().map(|file| std::fs::read_to_string(file).expect("the corpus is text")).collect()
}

/// Reads a text in every way there is.
fn read(text: &str) {
    reading::template(text);
    reading::scenario(text);
}

fn config(cases: u32) -> ProptestConfig {
    // The seed of a case that fails is committed beside this file.
    let failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("regressions")) as _);
    ProptestConfig { cases, failure_persistence, max_shrink_iters: 2_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(250))]

    #[test]
    fn a_tree_of_anything_is_read_or_refused(text in tree()) {
        read(&text);
    }

    #[test]
    fn a_template_that_holds_anything_is_read_or_refused(text in shaped()) {
        read(&text);
    }

    #[test]
    fn a_template_that_is_cut_or_changed_is_read_or_refused(
        at in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), "[\\[\\]{}!&*:\"'$#\\- ,\n\t\\\\a0é]{0,3}"), 0..4),
        scenario in any::<bool>(),
    ) {
        let texts = texts(if scenario { "scenario" } else { "template" });
        let mut characters: Vec<char> = at.get(&texts).chars().collect();
        for (place, insertion) in changes {
            let place = place.index(characters.len() + 1);
            let end = (place + insertion.chars().count() / 2).min(characters.len());
            characters.splice(place..end, insertion.chars());
        }
        if cut.index(3) == 0 {
            characters.truncate(cut.index(characters.len() + 1));
        }
        read(&characters.into_iter().collect::<String>());
    }

    #[test]
    fn bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn every_template_of_the_corpus_loads_at_least_in_part() {
    let files = corpus("template");
    assert!(files.len() >= 12, "templates of the corpus are missing");
    for file in files {
        let template = Template::of_file(&file).expect("the corpus is text");
        read(&template.source.text);
        let examined = examine(&[template], &BTreeMap::new(), &Embedded::naming("app"));
        let rendered = examined.diagnostics.render(false);
        let found = Findings::of(file.display().to_string(), examined);
        assert!(found.verdict != Verdict::Refused, "{}\n{rendered}", found.file);
        assert!(!found.simulated.is_empty(), "{}: nothing of it is simulated", found.file);
    }
}

/// What once was read wrongly, however little it looks like a template.
#[test]
fn what_the_fuzz_targets_have_found_is_read_or_refused() {
    let found = files("found");
    assert!(!found.is_empty(), "the inputs that were found are missing");
    found.iter().for_each(|file| read(&String::from_utf8_lossy(&std::fs::read(file).expect("a file"))));
}

#[test]
fn every_scenario_of_the_corpus_is_read() {
    for text in texts("scenario") {
        read(&text);
        let source = Source::new("scenario.yaml", text);
        if let Err(diagnostics) = scenario::parse_source(&source, Path::new("")) {
            panic!("{}", diagnostics.render(false));
        }
    }
}

/// What would take for ever, or all memory, were it not noticed.
#[test]
fn what_explodes_is_refused() {
    let queue = "Resources: { Q: { Type: AWS::SQS::Queue } }\n";
    let laughs: String = (0..12)
        .map(|at| format!("  l{}: &l{} [*l{at}, *l{at}, *l{at}, *l{at}, *l{at}, *l{at}, *l{at}]\n", at + 1, at + 1))
        .collect();
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    let output =
        |value: &str| format!("Transform: AWS::LanguageExtensions\n{queue}Outputs: {{ O: {{ Value: {value} }} }}\n");
    let loops = (0..6).fold("'K${V}': x".to_owned(), |body, at| {
        let items: Vec<String> = (0..30).map(|item| item.to_string()).collect();
        format!("'Fn::ForEach::L{at}': [V{at}, [{}], {{ {body} }}]", items.join(", "))
    });
    let cases = [
        (format!("Metadata:\n  l0: &l0 x\n{laughs}{queue}"), "values in one file"),
        (nested("[", "", "]", 5_000), "recursion limit exceeded"),
        (nested("{ a: ", "b", " }", 5_000), "nested more than 128 levels deep"),
        (output(&nested("!ToJsonString [", "'\"'", "]", 40)), "more than 16 MB"),
        (output(&nested("!Sub ['${a}${a}', { a: ", "x", " }]", 50)), "more than 16 MB"),
        (output(&nested("!Join ['', [x, ", "x", "]]", 60)), ""),
        (
            format!("Transform: AWS::LanguageExtensions\nResources: {{ {loops} }}\n"),
            "the loops of this template come to more than",
        ),
        (format!("Conditions: {{ A: !Not [!Condition B], B: !Not [!Condition A] }}\n{queue}"), "depends on itself"),
        (
            format!(
                "Mappings: {{ M: {{ a: {{ b: [!FindInMap [M, a, b], !FindInMap [M, a, b]] }} }} }}\n{}",
                output("!Select [0, !FindInMap [M, a, b]]")
            ),
            "must be text",
        ),
        (format!("? [a, b]\n: c\n? {{ a: b }}\n: d\n{queue}"), "is not a section"),
        (format!("a: &a {{ b: 1 }}\n<<: *a\n{queue}"), "is not a section"),
        (format!("{queue}{queue}"), "stands here twice"),
    ];
    for (text, expected) in cases {
        read(&text);
        let result = load(&Source::new("template.yaml", text.as_str()), &BTreeMap::new(), &Embedded::naming("app"));
        let message = result.err().map(|diagnostics| diagnostics.render(false)).unwrap_or_default();
        assert!(message.contains(expected), "{expected}:\n{}", message.chars().take(2_000).collect::<String>());
    }
}
