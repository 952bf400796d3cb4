//! Which views a run has, and what is asked of them: `--view NAME` and the `[views]` table.

mod tables;

use serde::Deserialize;
use sonoscope_operators::{
    Provenance,
    views::{
        EpisodeSettings, Heads, MatrixSettings, NearestSettings, Network, RollingSettings,
        RollingWindow, SyncSettings, VersusSettings,
    },
};

pub use tables::{MatrixTable, NearestTable, SyncTable};

use super::ViewName;
use crate::fault::Fault;

/// Longer than this nothing is remembered, 100 years.
const LONGEST_S: u32 = 100 * 365 * 24 * 3600;

/// The `[views]` table: a view that is named there is kept.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ViewTables {
    /// `episodes = { enter = 0.6 }`.
    pub episodes: Option<EpisodesTable>,
    /// `rolling = {}`.
    pub rolling: Option<RollingTable>,
    /// `nearest = {}`.
    pub nearest: Option<NearestTable>,
    /// `sync = {}`.
    pub sync: Option<SyncTable>,
    /// `matrix = { groups = { stage = ["cam-a", "cam-b"] } }`.
    pub matrix: Option<MatrixTable>,
    /// `versus = ["relied-on", "shadow"]`; the two networks of the run if none is named.
    pub versus: Option<Vec<String>>,
}

/// What makes an episode; what is left out is as in [`EpisodeSettings`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct EpisodesTable {
    enter: Option<f32>,
    leave: Option<f32>,
    bridge_s: Option<u32>,
    shortest_s: Option<u32>,
    detail_s: Option<u32>,
    keep_s: Option<u32>,
}

/// Over which windows; what is left out is as in [`RollingSettings`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RollingTable {
    windows: Option<Vec<WindowTable>>,
    late_s: Option<u32>,
}

/// A window of time that slides.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WindowTable {
    length_s: u32,
    #[serde(default = "each_second")]
    step_s: u32,
}

/// A view with all that it has to know.
#[derive(Clone, Debug)]
pub enum ViewSettings {
    /// When sound and picture belonged together.
    Episodes(EpisodeSettings),
    /// A source over windows of time.
    Rolling(RollingSettings),
    /// The seconds that are most like what is asked for.
    Nearest(NearestSettings),
    /// How far the sound of a source is off.
    Sync(SyncSettings),
    /// Whose sound fits whose picture.
    Matrix(MatrixSettings),
    /// Where two networks disagree.
    Versus(VersusSettings),
}

impl ViewTables {
    /// With these views as well, as they are if nothing is said.
    #[must_use]
    pub fn with(mut self, named: &[ViewName]) -> Self {
        for name in named {
            match name {
                ViewName::Episodes => drop(self.episodes.get_or_insert_default()),
                ViewName::Rolling => drop(self.rolling.get_or_insert_default()),
                ViewName::Nearest => drop(self.nearest.get_or_insert_default()),
                ViewName::Sync => drop(self.sync.get_or_insert_default()),
                ViewName::Matrix => drop(self.matrix.get_or_insert_default()),
                ViewName::Versus => drop(self.versus.get_or_insert_default()),
            }
        }
        self
    }

    /// Whether this view is wanted.
    pub fn wants(&self, view: ViewName) -> bool {
        match view {
            ViewName::Episodes => self.episodes.is_some(),
            ViewName::Rolling => self.rolling.is_some(),
            ViewName::Nearest => self.nearest.is_some(),
            ViewName::Sync => self.sync.is_some(),
            ViewName::Matrix => self.matrix.is_some(),
            ViewName::Versus => self.versus.is_some(),
        }
    }

    /// Whether some view wants to know what networks say of pairs that they are not shown.
    pub fn wants_heads(&self) -> bool {
        self.sync.is_some() || self.matrix.is_some()
    }

    /// The views, in a run of these networks, each with the name by which it was asked for.
    /// `heads` are those of the networks that go by distance, if some do.
    ///
    /// # Errors
    /// When a number cannot be meant, or a network is none of the run.
    pub fn settings(
        &self,
        networks: &[(&str, &Provenance)],
        heads: Option<&Heads>,
    ) -> Result<Vec<ViewSettings>, Fault> {
        let heads_for = |view: ViewName| heads.cloned().ok_or_else(|| no_heads(view));
        let nearest = self.nearest.as_ref().map(NearestTable::settings);
        let nearest = nearest.transpose().map_err(|wrong| told(&wrong))?;
        let sync = (self.sync.as_ref()).map(|table| {
            let settings = table.settings(heads_for(ViewName::Sync)?);
            settings.map_err(|wrong| told(&wrong))
        });
        let matrix = (self.matrix.as_ref()).map(|table| {
            let settings = table.settings(heads_for(ViewName::Matrix)?);
            settings.map_err(|wrong| told(&wrong))
        });
        let episodes = self.episodes.as_ref().map(EpisodesTable::settings);
        let episodes = episodes.transpose().map_err(|wrong| told(&wrong))?;
        let rolling = self.rolling.as_ref().map(RollingTable::settings);
        let rolling = rolling.transpose().map_err(|wrong| told(&wrong))?;
        let versus = self.versus.as_ref().map(|both| versus(both, networks));
        let all = [
            episodes.map(ViewSettings::Episodes),
            rolling.map(ViewSettings::Rolling),
            nearest.map(ViewSettings::Nearest),
            sync.transpose()?.map(ViewSettings::Sync),
            matrix.transpose()?.map(ViewSettings::Matrix),
            versus.transpose()?.map(ViewSettings::Versus),
        ];
        Ok(all.into_iter().flatten().collect())
    }
}

impl ViewSettings {
    /// Which view it is.
    pub fn name(&self) -> ViewName {
        match self {
            Self::Episodes(_) => ViewName::Episodes,
            Self::Rolling(_) => ViewName::Rolling,
            Self::Nearest(_) => ViewName::Nearest,
            Self::Sync(_) => ViewName::Sync,
            Self::Matrix(_) => ViewName::Matrix,
            Self::Versus(_) => ViewName::Versus,
        }
    }

    /// Whether it looks at embeddings.
    pub fn has_embeddings(&self) -> bool {
        matches!(self, Self::Nearest(_) | Self::Sync(_) | Self::Matrix(_))
    }
}

impl EpisodesTable {
    fn settings(&self) -> Result<EpisodeSettings, String> {
        let default = EpisodeSettings::default();
        let enter = self.enter.unwrap_or(default.enter);
        let settings = EpisodeSettings {
            enter,
            leave: self.leave.unwrap_or(default.leave.min(enter)),
            bridge_s: self.bridge_s.unwrap_or(default.bridge_s),
            shortest_s: self.shortest_s.unwrap_or(default.shortest_s),
            detail_s: self.detail_s.unwrap_or(default.detail_s),
            keep_s: self.keep_s.unwrap_or(default.keep_s),
        };
        let EpisodeSettings { enter, leave, .. } = settings;
        if !(0.0..=1.0).contains(&enter) {
            return Err(format!("episodes.enter: {enter} is not in 0..1"));
        }
        if !(0.0..=enter).contains(&leave) {
            return Err(format!("episodes.leave: {leave} is not in 0..{enter}"));
        }
        within("episodes.bridge-s", settings.bridge_s, 0)?;
        within("episodes.shortest-s", settings.shortest_s, 0)?;
        within("episodes.detail-s", settings.detail_s, 1)?;
        within("episodes.keep-s", settings.keep_s, 1)?;
        Ok(settings)
    }
}

impl RollingTable {
    fn settings(&self) -> Result<RollingSettings, String> {
        let default = RollingSettings::default();
        let window = |table: &WindowTable| {
            within("rolling.windows.length-s", table.length_s, 1)?;
            within("rolling.windows.step-s", table.step_s, 1)?;
            Ok(RollingWindow {
                length_s: table.length_s,
                step_s: table.step_s,
            })
        };
        let windows = self.windows.as_ref().map(|windows| {
            let windows: Vec<_> = windows.iter().map(window).collect::<Result<_, String>>()?;
            let mut lengths: Vec<_> = windows.iter().map(|window| window.length_s).collect();
            lengths.sort_unstable();
            match lengths.windows(2).find(|pair| pair[0] == pair[1]) {
                Some(pair) => Err(format!("rolling.windows: {} s is named twice", pair[0])),
                None => Ok(windows),
            }
        });
        let late_s = self.late_s.unwrap_or(default.late_s);
        within("rolling.late-s", late_s, 0)?;
        Ok(RollingSettings {
            windows: windows.transpose()?.unwrap_or(default.windows),
            late_s,
        })
    }
}

fn each_second() -> u32 {
    1
}

fn within(key: &str, value_s: u32, least_s: u32) -> Result<(), String> {
    match (least_s..=LONGEST_S).contains(&value_s) {
        true => Ok(()),
        false => Err(format!("{key}: {value_s} is not in {least_s}..{LONGEST_S}")),
    }
}

fn told(wrong: &str) -> Fault {
    Fault::usage(format!("views.{wrong}")).tip("docs/views.md says what each key takes")
}

fn no_heads(view: ViewName) -> Fault {
    let cause = format!(
        "the view {view} needs a network that goes by the distance of picture and sound, of which \
         the run has none"
    );
    Fault::usage(cause).tip("run one that does as well: --network ave-small")
}

/// The two networks that are compared.
fn versus(both: &[String], networks: &[(&str, &Provenance)]) -> Result<VersusSettings, Fault> {
    let named = |name: &String| {
        let is_it =
            |(asked, known): &&(&str, &Provenance)| *asked == name || known.network == *name;
        let found = networks.iter().find(is_it);
        let (_, known) = found.ok_or_else(|| {
            told(&format!("versus: {name} is no network of the run"))
                .tip(format!("run it as well: --network {name}"))
        })?;
        Ok::<_, Fault>(Network::from(*known))
    };
    let (left, right) = match (both, networks) {
        ([], [(_, left), (_, right)]) => (Network::from(*left), Network::from(*right)),
        ([left, right], _) => (named(left)?, named(right)?),
        _ => {
            return Err(told("versus: it compares two networks")
                .tip("name two: versus = [\"NAME\", \"NAME\"] in the [views] table"));
        }
    };
    match left == right {
        true => Err(told("versus: it compares a network with itself")),
        false => Ok(VersusSettings::new(left, right)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Vec<ViewSettings>, Fault> {
        let provenance = |network: &str| Provenance {
            network: network.into(),
            network_hash: network.repeat(3),
            provider: "cpu".into(),
            precision: "fp32".into(),
        };
        let [left, right] = ["avol", "ave"].map(provenance);
        let tables: ViewTables = toml::from_str(text).unwrap();
        let heads = Heads::new(|_, distance| Some(1.0 - distance / 2.0));
        tables.settings(&[("models/avol", &left), ("ave", &right)], Some(&heads))
    }

    #[test]
    fn a_table_asks_for_views_and_fills_in_what_it_leaves_out() {
        let views = settings(
            "episodes = { enter = 0.3 }\nrolling = { windows = [{ length-s = 9 }] }\n\
             versus = ['models/avol', 'ave']",
        );
        let views = views.unwrap();
        let [
            ViewSettings::Episodes(episodes),
            ViewSettings::Rolling(rolling),
            ViewSettings::Versus(versus),
        ] = &views[..]
        else {
            panic!("{views:?}");
        };
        assert_eq!((episodes.enter, episodes.leave), (0.3, 0.3));
        assert_eq!(episodes.bridge_s, EpisodeSettings::default().bridge_s);
        assert_eq!(
            (rolling.windows[0].length_s, rolling.windows[0].step_s),
            (9, 1)
        );
        assert_eq!((versus.left.name(), versus.right.name()), ("avol", "ave"));
        assert!(settings("").unwrap().is_empty());
    }

    #[test]
    fn what_is_named_alone_is_as_if_nothing_were_said() {
        let tables = ViewTables::default().with(&[ViewName::Versus, ViewName::Episodes]);
        let wanted = ViewName::ALL.map(|view| tables.wants(view));
        assert_eq!(wanted, [true, false, false, false, false, true]);
        let said: ViewTables = toml::from_str("episodes = { enter = 0.9 }").unwrap();
        assert_eq!(said.clone().with(&[ViewName::Episodes]), said);
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (text, told) in [
            ("episodes = { enter = 1.5 }", "episodes.enter"),
            ("episodes = { enter = nan }", "episodes.enter"),
            ("episodes = { leave = 0.7 }", "episodes.leave"),
            ("episodes = { keep-s = 0 }", "episodes.keep-s"),
            ("rolling = { windows = [{ length-s = 0 }] }", "length-s"),
            (
                "rolling = { windows = [{ length-s = 7 }, { length-s = 7 }] }",
                "7 s is named twice",
            ),
            ("nearest = { keep-s = 0 }", "nearest.keep-s"),
            ("sync = { window-s = 0 }", "sync.window-s"),
            ("sync = { window-s = 9 }", "sync.least-seconds"),
            ("sync = { least-sharpness = -1 }", "sync.least-sharpness"),
            ("matrix = { sample-s = 30 }", "matrix.least-samples"),
            ("matrix = { sample-s = 0 }", "matrix.sample-s"),
            (
                "matrix = { groups = { a = ['cam'], b = ['cam'] } }",
                "cam is in a and in b",
            ),
            ("versus = ['ave']", "two networks"),
            ("versus = ['ave', 'ave']", "itself"),
            ("versus = ['ave', 'owl']", "owl is no network"),
        ] {
            let fault = settings(text).unwrap_err().to_string();
            assert!(fault.contains(told), "{text}: {fault}");
        }
        assert!(toml::from_str::<ViewTables>("nonsense = {}").is_err());
    }
}
