//! The description holds what there is, and nothing else.

use super::{super::routes, support::Open};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "PATCH"];

#[test]
fn every_path_and_method_is_described_and_every_description_is_true() {
    let open = Open::new(10);
    let document = open.get("/api/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let described = document["paths"].as_object().unwrap();
    let table = routes::table();
    assert_eq!(described.len(), table.len());
    for (path, _) in table {
        let operations = &described[path];
        for method in METHODS {
            let answer = open.ask(method, &path.replace("{id}", "nobody"), &[], b"");
            let is_described = operations.get(method.to_lowercase()).is_some();
            assert_eq!(answer.status != 405, is_described, "{method} {path}");
        }
    }
}

#[test]
fn operations_say_what_they_answer_and_schemas_are_there() {
    let document = Open::new(1).get("/api/openapi.json").json();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let has = |key: &str| operation[key].as_str().is_some_and(|text| !text.is_empty());
            assert!(has("summary") || has("description"), "{method} {path}");
            assert!(!operation["responses"].as_object().unwrap().is_empty());
        }
    }
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is nowhere");
    }
    assert!(document["components"]["securitySchemes"]["bearer"].is_object());
}
