//! What only AWS refuses of a template is a mistake of the template, when it is checked and when it is run.

use std::path::Path;

use rehearsal::outcome::NotRun;
use rehearsal::run::{DEFAULT_SEED, Settings, check, run};
use rehearsal::{App, Apps};

const TEMPLATE: &str = "
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties: { RedriveAllowPolicy: { redrivePermission: allowAll, sourceQueueArns: [] } }
";
const SCENARIO: &str = "version: 1\nname: Nothing happens\ntemplate: template.yaml\nsteps: [{ settle: {} }]\n";

#[test]
fn what_cannot_be_provisioned_is_told_at_its_place_in_the_template() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refused-by-aws");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let scenario = folder.join("scenario.yaml");
    for (file, text) in [(&folder.join("template.yaml"), TEMPLATE), (&scenario, SCENARIO)] {
        std::fs::write(file, text).expect("the target folder can be written");
    }
    let apps = Apps::new(&folder).app("template.yaml", App::new());
    let checked = check(&scenario, &apps).expect_err("SQS refuses it");
    let finished = run(&scenario, &apps, Settings::embedded(DEFAULT_SEED));
    let Err(NotRun::Invalid(told)) = finished.result else { panic!("it was run") };
    assert_eq!(checked, told);
    let told = told.render(false);
    assert!(told.contains("template.yaml:3:3\n") && told.contains("`Orders` could not be created: "), "{told}");
    assert!(told.contains("sourceQueueArns is allowed only when redrivePermission is byQueue."), "{told}");
}
