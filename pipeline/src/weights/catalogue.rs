//! The checkpoints that are known: where their authors published them, and what is said of them.

use clap::ValueEnum;
use sonoscope_models::Family;

use crate::fault::Fault;

/// In which of the published forms a file is: by which names it calls its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// AVE-Net: `icn`, `acn`, `img_fc`, `aud_fc`, `fc3`.
    Ave,
    /// AVOL-Net: `icn`, `acn`, `im_conv`, `aud_fc`, `fus_conv7`.
    Avol,
    /// L3-Net: `icn`, `acn`, `fc1`, `fc2`.
    L3,
    /// OpenL3 that hears 257 bins: Keras' weights of sound, and those of pictures with --image.
    #[value(name = "openl3-linear")]
    OpenL3Linear,
    /// OpenL3 that hears 128 bands of pitch; likewise.
    #[value(name = "openl3-mel128")]
    OpenL3Mel128,
    /// OpenL3 that hears 256 bands of pitch; likewise.
    #[value(name = "openl3-mel256")]
    OpenL3Mel256,
}

impl Form {
    /// As the exporter calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ave => "ave",
            Self::Avol => "avol",
            Self::L3 => "l3",
            Self::OpenL3Linear => "openl3-linear",
            Self::OpenL3Mel128 => "openl3-mel128",
            Self::OpenL3Mel256 => "openl3-mel256",
        }
    }

    /// Of OpenL3: which spectrogram its audio network hears, as the exporter calls it.
    pub fn hears(self) -> Option<&'static str> {
        self.word().strip_prefix("openl3-")
    }

    /// The design that it is a form of.
    pub fn family(self) -> Family {
        match self {
            Self::Ave => Family::Ave,
            Self::Avol => Family::Avol,
            Self::L3 => Family::L3,
            Self::OpenL3Linear | Self::OpenL3Mel128 | Self::OpenL3Mel256 => Family::OpenL3,
        }
    }
}

/// A checkpoint that its authors published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The name that it gets here.
    pub name: &'static str,
    /// By which names it calls its weights.
    pub form: Form,
    /// Its file's name.
    pub file: &'static str,
    /// SHA-1 of `blob SIZE\0` and its content, in hexadecimal: what git calls it.
    pub blob_id: &'static str,
    /// What it was trained on, in a sentence.
    pub trained_on: &'static str,
    /// What its authors say of it.
    pub figures: Figures,
}

/// Figures that the authors report, on their own test split.
#[derive(Clone, Copy, Debug)]
pub enum Figures {
    /// Of this very file.
    Reported {
        /// Accuracy of "belongs together or not", in percent.
        accuracy_percent: &'static str,
        /// nDCG@30: picture to sound, sound to picture, picture to picture, sound to sound.
        ndcg_at_30: [&'static str; 4],
    },
    /// There are some of a like network, as the sentence says.
    Alike(&'static str),
}

/// The repository of the report "All that Sound".
pub const REPOSITORY: &str = "https://github.com/kyuyeonpooh/objects-that-sound";

/// The repository of OpenL3, whose weights are imported by hand.
const OPENL3: &str = "https://github.com/marl/openl3";

/// Where its files are had, each by its own name. `HEAD` is whichever branch its owners have made
/// the main one; that the content is the right one is for the blob ids to say.
pub const ADDRESS: &str =
    "https://raw.githubusercontent.com/kyuyeonpooh/objects-that-sound/HEAD/save/";

/// Licence of code and weights there.
pub const LICENSE: &str = "BSD-3-Clause, Copyright (c) 2020 Kyuyeon Kim (SGVR Lab)";

/// No file there is larger: about 38 MB each.
pub const LARGEST_BYTES: u64 = 64 << 20;

const INSTRUMENTS: &str =
    "AudioSet-Instruments: 50 classes, 48 000 clips, by the authors of the report All that Sound";
const INSTRUMENTS_AUGMENTED: &str = "AudioSet-Instruments: 50 classes, 48 000 clips, with \
    augmented pictures, by the authors of the report All that Sound";

/// All of them.
pub const PUBLISHED: [Published; 4] = [
    Published {
        name: "allthatsound/ave",
        form: Form::Ave,
        file: "AVE-Net_inst.pt",
        blob_id: "eb0e7b1330a62e2edc374d50748a8792ea08c8b7",
        trained_on: INSTRUMENTS,
        figures: Figures::Reported {
            accuracy_percent: "72.8",
            ndcg_at_30: [".731", ".728", ".760", ".780"],
        },
    },
    Published {
        name: "allthatsound/ave-aug",
        form: Form::Ave,
        file: "AVE-Net_augment_inst.pt",
        blob_id: "d40f4ccc1e72a3efd78e1da92a087b57b666c21e",
        trained_on: INSTRUMENTS_AUGMENTED,
        figures: Figures::Reported {
            accuracy_percent: "75.1",
            ndcg_at_30: [".743", ".757", ".772", ".792"],
        },
    },
    Published {
        name: "allthatsound/avol",
        form: Form::Avol,
        file: "AVOL-Net_inst.pt",
        blob_id: "c6d16c067132b6ce9bc9813fd02c254f13284bc8",
        trained_on: INSTRUMENTS,
        figures: Figures::Alike(
            "The report gives 73.4 % for an AVOL-Net trained with augmented pictures; whether this \
             file is that one, it does not say.",
        ),
    },
    Published {
        name: "allthatsound/l3-aug",
        form: Form::L3,
        file: "L3-Net_augment_inst.pt",
        blob_id: "fc46f181ab69b4bfe98267c501e1dfbf7563c046",
        trained_on: INSTRUMENTS_AUGMENTED,
        figures: Figures::Reported {
            accuracy_percent: "77.7",
            ndcg_at_30: [".627", ".611", ".755", ".781"],
        },
    },
];

/// The one of this name.
pub fn by_name(name: &str) -> Option<&'static Published> {
    PUBLISHED.iter().find(|published| published.name == name)
}

/// Why none goes by a name, and what to do instead.
pub fn unknown(name: &str) -> Fault {
    if name.starts_with("openl3") {
        return Fault::usage(format!(
            "`{name}` cannot be fetched: no git blob ids of OpenL3's files are known here, by which \
             they could be verified"
        ))
        .tip(format!(
            "take two .h5.gz files from the branch `models` of {OPENL3}, and: sonoscope networks \
             import AUDIO --image IMAGE --as openl3-mel256 --name openl3/music"
        ));
    }
    Fault::usage(format!("there are no published weights `{name}`"))
        .tip(format!("give one of: {}", names()))
}

/// The one whose file has this git blob id.
pub fn by_blob_id(blob_id: &str) -> Option<&'static Published> {
    PUBLISHED
        .iter()
        .find(|published| published.blob_id == blob_id)
}

/// All names, for messages.
pub fn names() -> String {
    PUBLISHED.map(|published| published.name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_from_the_others() {
        for published in &PUBLISHED {
            let found = by_name(published.name).map(|one| one.blob_id);
            assert_eq!(found, Some(published.blob_id));
            let found = by_blob_id(published.blob_id).map(|one| one.file);
            assert_eq!(found, Some(published.file));
            assert_eq!(published.blob_id.len(), 40);
        }
        assert!(by_name("allthatsound/l3").is_none());
    }
}
