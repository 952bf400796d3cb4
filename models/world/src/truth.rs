//! The truth about a clip, as it lies beside it in a JSON file.

use serde::{Deserialize, Serialize};

/// What is true of a clip.
///
/// ```
/// # use sonoscope_world::Truth;
/// let json = r#"{"class":"bell","width":320,"height":240,"seed":7,"clip":0,
///     "seconds":[{"second":0,"box":[90,60,180,150],"silent":false,"off_screen":false}]}"#;
/// let truth: Truth = serde_json::from_str(json)?;
/// assert_eq!(truth.seconds[0].bounds, Some([90, 60, 180, 150]));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// The class that sounds, a name in [`class_names`](crate::class_names).
    pub class: String,
    /// Columns of the picture, in pixels.
    pub width: u32,
    /// Rows of the picture, in pixels.
    pub height: u32,
    /// Seed of the world.
    pub seed: u64,
    /// Number of the clip in its world.
    pub clip: u64,
    /// One entry a second, in order.
    pub seconds: Vec<SecondTruth>,
}

/// What is true of one second of a clip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondTruth {
    /// Which second, from 0.
    pub second: u32,
    /// Where the sounding object is in the frame shown at the middle of the second: left, top,
    /// right, bottom in pixels, right and bottom exclusive. `None` if it is off screen. An object
    /// that is silent just now still has its box.
    #[serde(rename = "box")]
    pub bounds: Option<[u32; 4]>,
    /// Where the objects are that do not sound, likewise; none in files of older worlds.
    #[serde(default)]
    pub others: Vec<[u32; 4]>,
    /// Whether nothing but the recording's noise is heard.
    pub silent: bool,
    /// Whether the sound's object is not in the picture.
    pub off_screen: bool,
}
