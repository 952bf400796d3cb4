//! What is nearest, as people and programs read it.

use serde_json::Value;

/// A match on a line: distance, source, second, modality.
pub fn line(found: &Value, as_json: bool) -> String {
    if as_json {
        return found.to_string();
    }
    let distance = found["distance"].as_f64().unwrap_or_default();
    let text = |key: &str| found[key].as_str().unwrap_or_default();
    let segment = &found["segment"];
    format!(
        "{distance:.3}  {}/{segment}  {}",
        text("source"),
        text("modality")
    )
}

/// A change on a line: `+` and a match that is among the nearest now, `-` and one that is not.
pub fn change(change: &Value, as_json: bool) -> String {
    if as_json {
        return change.to_string();
    }
    if change["holds"] == true {
        return format!("+ {}", line(&change["answer"], false));
    }
    // `nearest/QUERY/SOURCE/SEGMENT/MODALITY`
    let key = change["key"].as_str().unwrap_or_default();
    match key.split('/').collect::<Vec<_>>()[..] {
        [_, _, source, segment, modality] => format!("-        {source}/{segment}  {modality}"),
        _ => format!("- {key}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn matches_are_read_by_people_and_programs() {
        let found = json!({
            "source": "cam", "segment": 7, "modality": "sound", "distance": 0.51234
        });
        assert_eq!(line(&found, false), "0.512  cam/7  sound");
        let read: Value = serde_json::from_str(&line(&found, true)).unwrap();
        assert_eq!(read, found);
        let come = json!({ "key": "nearest/q/cam/7/sound", "holds": true, "answer": found });
        assert_eq!(change(&come, false), "+ 0.512  cam/7  sound");
        let gone = json!({ "key": "nearest/q/cam/7/sound", "holds": false, "answer": null });
        assert_eq!(change(&gone, false), "-        cam/7  sound");
    }
}
