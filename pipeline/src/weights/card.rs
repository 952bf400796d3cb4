//! CARD.md of weights that others trained: where they come from, what was done to them, whose the
//! figures are.

use std::{fmt::Write as _, fs, io, path::Path};

use super::{
    catalogue::{self, Figures, Form, Published},
    hashes::Hashes,
};

/// The licence that comes with what the catalogue lists.
const BSD_3_CLAUSE: &str = include_str!("bsd-3-clause.txt");

/// Of OpenL3.
const INPUT_OPENL3: &str = "A second of mono sound at 48 kHz as a spectrogram in decibels below \
    its loudest, heard as OpenL3 up to version 0.3 heard it, which is how it was trained; and the \
    picture shown at its middle, its shorter side resized to 256 and the middle 224x224 cut out. \
    The exact preprocessing is the `sonoscope.contract` in each file.";

/// Of OpenL3.
const DONE_OPENL3: &str = "The weights are as published, in another form: batch normalisation is \
    folded into the layers before it where there are such, and each channel's highest value is \
    the embedding, of 512 numbers. There is no head: the network says nothing of whether sound and \
    picture belong together.";

const INPUT: &str = "A second of mono sound at 48 kHz as a 257x199 log-spectrogram, and the \
    picture shown at its middle as 224x224 RGB. The exact preprocessing is the \
    `sonoscope.contract` in each file.";

const DONE: &str = "The weights are as published, in another form: batch normalisation is folded \
    into the layers before it, and the outputs are turned so that 1 always says that sound and \
    picture belong together (in the published files 0 does).";

const LIMITS: &str = "\
- sonoscope has measured none of the above. Measure it on recordings of your own before you rely
  on any score: `sonoscope eval`.
- It knows the kind of recordings it was trained on.";

/// What there is to say.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    /// The network's name.
    pub name: &'a str,
    /// By which names the file called its weights.
    pub form: Form,
    /// Where the file comes from.
    pub origin: String,
    /// Of the file.
    pub hashes: Hashes,
    /// The second file of a network that comes as two, that of its pictures: its name, and hashes.
    pub image: Option<(String, Hashes)>,
    /// The entry of the catalogue that the file is, if it is one.
    pub published: Option<&'a Published>,
    /// What it was trained on.
    pub trained_on: String,
    /// Licence of the weights.
    pub license: String,
}

impl<'a> Card<'a> {
    /// Of weights of the catalogue.
    pub fn of(published: &'a Published, origin: String, hashes: Hashes) -> Self {
        Self {
            name: published.name,
            form: published.form,
            origin,
            hashes,
            image: None,
            published: Some(published),
            trained_on: published.trained_on.into(),
            license: catalogue::LICENSE.into(),
        }
    }

    /// Writes CARD.md into a network's folder, and LICENSE where it is known.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        if self.published.is_some() {
            fs::write(folder.join("LICENSE"), BSD_3_CLAUSE)?;
        }
        fs::write(folder.join("CARD.md"), self.text())
    }

    /// The whole page.
    pub fn text(&self) -> String {
        let family = self.form.family();
        let mut text = format!("# {}\n\n", self.name);
        // Writing to a string cannot fail.
        let _ = match self.published {
            Some(published) => writeln!(
                text,
                "{family}, trained and published by others: `save/{}` of\n{}.\n",
                published.file,
                catalogue::REPOSITORY
            ),
            None => writeln!(
                text,
                "{family}, trained by others and imported from a file.\n"
            ),
        };
        let _ = writeln!(text, "- From: {}", self.origin);
        let known = match self.published {
            Some(_) => "the one that is known",
            None => "of no file that is known",
        };
        let _ = writeln!(text, "- Git blob id: {}, {known}", self.hashes.blob_id);
        let _ = writeln!(text, "- SHA-256 of the file: {}", self.hashes.sha256);
        if let Some((file, hashes)) = &self.image {
            let _ = writeln!(text, "- Pictures from: the file {file}");
            let _ = writeln!(text, "- SHA-256 of that file: {}", hashes.sha256);
        }
        let _ = writeln!(text, "- Trained on: {}", self.trained_on);
        let _ = writeln!(text, "- Licence of the weights: {}", self.license);
        let (input, done) = match self.form.hears() {
            Some(_) => (INPUT_OPENL3, DONE_OPENL3),
            None => (INPUT, DONE),
        };
        let _ = write!(
            text,
            "\n## Input\n\n{input}\n\n## What was done to it\n\n{done}\n"
        );
        if let Some(published) = self.published {
            let _ = write!(
                text,
                "\n## What its authors report\n\n{}\n",
                figures(published.figures)
            );
        }
        let _ = write!(text, "\n## Limits\n\n{LIMITS}\n");
        text
    }
}

fn figures(figures: Figures) -> String {
    match figures {
        Figures::Alike(sentence) => sentence.into(),
        Figures::Reported {
            accuracy_percent,
            ndcg_at_30: [im_au, au_im, im_im, au_au],
        } => format!(
            "On the test split of their AudioSet-Instruments, measured by them:\n\n\
             | accuracy (%) | nDCG@30 picture to sound | sound to picture | picture to picture | \
             sound to sound |\n| --- | --- | --- | --- | --- |\n\
             | {accuracy_percent} | {im_au} | {au_im} | {im_im} | {au_au} |"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes() -> Hashes {
        Hashes {
            blob_id: "b10b".into(),
            sha256: "5a".into(),
        }
    }

    #[test]
    fn figures_are_marked_as_those_of_others() {
        let published = catalogue::by_name("allthatsound/ave-aug").unwrap();
        let text = Card::of(published, "there".into(), hashes()).text();
        for needed in [
            "# allthatsound/ave-aug\n\nAVE-Net",
            "| 75.1 | .743 | .757 | .772 | .792 |",
            "measured by them",
            "sonoscope has measured none",
            "b10b, the one that is known",
            "BSD-3-Clause",
            "AVE-Net_augment_inst.pt",
        ] {
            assert!(text.contains(needed), "no `{needed}` in:\n{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_said_to_be_so() {
        let folder = tempfile::tempdir().unwrap();
        let card = Card {
            name: "mine",
            form: Form::L3,
            origin: "theirs.pt".into(),
            hashes: hashes(),
            image: None,
            published: None,
            trained_on: "not said".into(),
            license: "not said".into(),
        };
        card.write(folder.path()).unwrap();
        let text = fs::read_to_string(folder.path().join("CARD.md")).unwrap();
        assert!(text.contains("L3-Net, trained by others and imported from a file."));
        assert!(text.contains("b10b, of no file that is known"));
        assert!(!text.contains("report"), "{text}");
        assert!(!folder.path().join("LICENSE").exists());
    }
}
