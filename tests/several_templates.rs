//! A scenario over several templates: their stacks stand beside each other, and the functions of all are bound.

mod common;

use common::{Project, ROOT};

fn scenario(templates: &str) -> String {
    format!(
        "version: 1
name: A file is read, and no order is found
template: {templates}
steps:
  - s3.put: {{ bucket: Uploads, key: incoming/one.csv, file: one.csv }}
  - http: {{ api: OrdersApi, method: GET, path: /orders/none, expect: {{ status: 404 }} }}
expect:
  invocations: {{ ReadCsv: 1, GetOrder: 1 }}
  tables: {{ Airports: {{ count: 1 }} }}
"
    )
}

const FILE: &str = "iata,name,city,state,country,latitude,longitude\nORD,O'Hare,Chicago,IL,USA,41.97,-87.90\n";

#[test]
fn functions_of_several_templates_are_replayed_together() {
    let both = format!("[{ROOT}/scenarios/csv/template.yaml, {ROOT}/scenarios/orders/template.yaml]");
    let project = Project::new("several-templates").with("s.yaml", &scenario(&both)).with("one.csv", FILE);
    project.rehearsal(&["run", "s.yaml"]).with_code(0).says(&["     ok A file is read, and no order is found"]);
}

#[test]
fn every_template_of_a_list_must_be_there() {
    let both = format!("[{ROOT}/scenarios/csv/template.yaml, gone.yaml]");
    let project = Project::new("several-templates-gone").with("s.yaml", &scenario(&both)).with("one.csv", FILE);
    project.rehearsal(&["check", "s.yaml"]).with_code(2).says(&["error: there is no file `gone.yaml`\n --> s.yaml:3:"]);
    let project = Project::new("several-templates-none").with("s.yaml", &scenario("[]")).with("one.csv", FILE);
    project.rehearsal(&["check", "s.yaml"]).with_code(2).says(&["error: no template is named here\n --> s.yaml:3:1\n"]);
}
