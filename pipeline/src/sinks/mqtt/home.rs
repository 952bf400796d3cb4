//! How Home Assistant finds us: MQTT discovery.

use serde_json::{Value, json};
use sonoscope_operators::SourceId;

use super::topics::{Layout, Message};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What Home Assistant is told of a source as a network sees it: a sensor of its correspondence,
/// and a binary sensor of whether something in the picture sounds. Nothing if it is not to find us.
pub fn discovery(layout: &Layout, source: &SourceId, network: &str) -> Vec<Message> {
    let Some(prefix) = &layout.discovery else {
        return Vec::new();
    };
    let of = |component: &str, what: &str, own: Value| {
        let id = id(layout, source, network, what);
        let mut config = common(layout, source, &id);
        config["name"] = json!(format!("{network} {what}"));
        if let (Value::Object(config), Value::Object(own)) = (&mut config, own) {
            config.extend(own);
        }
        Message {
            topic: format!("{prefix}/{component}/{id}/config"),
            payload: config.to_string().into(),
            is_retained: true,
            kind: "application/json",
            id: None,
        }
    };
    let row = match layout.style.cloudevents {
        true => "value_json.data",
        false => "value_json",
    };
    // Rows of all networks come on one topic; what renders to nothing changes nothing.
    let mine = format!("{row}.network == {}", json!(network));
    let correspondence = json!({
        "value_template": format!("{{{{ {row}.correspondence if {mine} }}}}"),
        "state_class": "measurement",
        "suggested_display_precision": 2,
        "icon": "mdi:ear-hearing",
    });
    let sounding = json!({
        "value_template":
            format!("{{{{ ('ON' if {row}.localizable else 'OFF') if {mine} }}}}"),
        "device_class": "sound",
    });
    vec![
        of("sensor", "correspondence", correspondence),
        of("binary_sensor", "sounding", sounding),
    ]
}

fn common(layout: &Layout, source: &SourceId, id: &str) -> Value {
    json!({
        "unique_id": id,
        "state_topic": layout.topic(Some(source), "score"),
        "availability_topic": layout.topic(None, "available"),
        "device": {
            "identifiers": [format!("sonoscope/{}/{source}", layout.prefix)],
            "name": source,
            "manufacturer": "sonoscope",
            "sw_version": VERSION,
        },
        "origin": { "name": "sonoscope", "sw_version": VERSION },
    })
}

/// An id of letters, digits and `_`, as Home Assistant wants it in a topic: the same for every run,
/// and another for every prefix, source, network and entity.
fn id(layout: &Layout, source: &SourceId, network: &str, what: &str) -> String {
    let whole = format!("{}\n{source}\n{network}", layout.prefix);
    let plain = |letter: char| match letter.is_ascii_alphanumeric() {
        true => letter,
        false => '_',
    };
    let name: String = source.as_str().chars().map(plain).take(40).collect();
    let hash = crc32fast::hash(whole.as_bytes());
    format!("sonoscope_{name}_{hash:08x}_{what}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::delivery::letter::Style;

    fn layout(discovery: Option<&str>) -> Layout {
        Layout {
            prefix: "p".into(),
            discovery: discovery.map(Into::into),
            has_heatmaps: false,
            style: Style::default(),
        }
    }

    #[test]
    fn a_source_is_a_device_with_a_sensor_and_a_binary_sensor() {
        let source = SourceId::slug("двор-1");
        let told = discovery(&layout(Some("ha")), &source, "a\"b");
        let config: Vec<Value> = (told.iter())
            .map(|said| serde_json::from_slice(&said.payload).unwrap())
            .collect();
        assert!(told.iter().all(|said| said.is_retained));
        assert!(told[0].topic.starts_with("ha/sensor/sonoscope______1_"));
        assert!(told[1].topic.starts_with("ha/binary_sensor/sonoscope_"));
        assert!(told[1].topic.ends_with("_sounding/config"));
        assert_ne!(config[0]["unique_id"], config[1]["unique_id"]);
        assert_eq!(config[0]["device"], config[1]["device"]);
        assert_eq!(config[0]["state_topic"], "p/двор-1/score");
        assert_eq!(config[0]["availability_topic"], "p/available");
        assert_eq!(
            config[0]["value_template"],
            "{{ value_json.correspondence if value_json.network == \"a\\\"b\" }}"
        );
        let other = discovery(&layout(Some("ha")), &SourceId::slug("дверь1"), "a\"b");
        assert_ne!(other[0].topic, told[0].topic);
        assert!(discovery(&layout(None), &source, "net").is_empty());
    }
}
