//! A clip: what is seen and heard of one sounding object, and the truth about it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use rand::RngExt;

use crate::{
    Truth, World,
    classes::{CLASSES, Class},
    picture::{
        actor::{Actor, Path},
        backdrop::Backdrop,
        geometry::at,
        paint::Light,
        stage::{Frame, Hand, Stage},
    },
    random::{Dice, Stream, Throw},
    score::Score,
    sound::{recording, voice::Voice},
    truth::SecondTruth,
};

/// One clip of a [`World`], made by [`World::clip`]. Clones share what is painted.
#[derive(Clone)]
pub struct Clip {
    world: World,
    index: u64,
    plan: Plan,
    score: Score,
    /// Painted when first looked at.
    stage: Arc<OnceLock<Stage>>,
}

/// What is decided before anything is painted.
#[derive(Clone)]
struct Plan {
    class: &'static Class,
    off_screen: bool,
    silent: Vec<bool>,
    /// Classes in the picture. The first is the sounding one, if it is on screen.
    cast: Vec<&'static Class>,
}

impl Plan {
    fn draw(world: &World, index: u64) -> Self {
        let dice = &mut Stream::Plan.dice(world.seed, index);
        let class = world.class_of(index);
        let off_screen = dice.random::<f32>() < world.off_screen_share;
        let silent = draw_silence(world, dice);
        let beside = dice.random_range(0..=world.difficulty.silent_objects_max());
        let others: Vec<_> = CLASSES
            .iter()
            .filter(|other| other.name != class.name)
            .collect();
        let mut cast: Vec<&Class> = (0..=beside).map(|_| *dice.pick(&others)).collect();
        if !off_screen {
            cast[0] = class;
        }
        Self {
            class,
            off_screen,
            silent,
            cast,
        }
    }
}

/// Draws which seconds are silent; never all of them.
fn draw_silence(world: &World, dice: &mut Dice) -> Vec<bool> {
    let mut silent: Vec<bool> = (0..world.seconds)
        .map(|_| dice.random::<f32>() < world.silent_share)
        .collect();
    let sounding = dice.random_range(0..silent.len());
    silent[sounding] = false;
    silent
}

impl Clip {
    pub(crate) fn new(world: World, index: u64) -> Self {
        let plan = Plan::draw(&world, index);
        let dice = &mut Stream::Score.dice(world.seed, index);
        let score = Score::compose(&plan.class.rhythm, &plan.silent, dice);
        Self {
            world,
            index,
            plan,
            score,
            stage: Arc::default(),
        }
    }

    /// The settings of the clip's world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Number of the clip in its world.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The class that sounds.
    pub fn class(&self) -> &'static str {
        self.plan.class.name
    }

    /// Number of frames.
    pub fn frames(&self) -> u32 {
        self.world.fps * self.world.seconds
    }

    /// Bytes of a frame: width times height times three.
    pub fn frame_bytes(&self) -> usize {
        3 * self.world.size.0 as usize * self.world.size.1 as usize
    }

    /// The frame on show at the middle of a second.
    pub fn middle_frame(&self, second: u32) -> u32 {
        second * self.world.fps + self.world.fps / 2
    }

    /// Paints a frame into `rgb`: rows of red, green, blue, without padding.
    ///
    /// # Panics
    /// If `rgb` is not [`frame_bytes`](Self::frame_bytes) long.
    pub fn frame(&self, index: u32, rgb: &mut [u8]) {
        assert_eq!(
            rgb.len(),
            self.frame_bytes(),
            "a frame's buffer has its exact size"
        );
        let (width, height) = self.world.size;
        let mut frame = Frame {
            width: width as usize,
            height: height as usize,
            rgb,
        };
        self.stage().show(self.time_s(index), &mut frame);
    }

    /// The sound: 48 000 mono samples a second, between -1 and 1.
    pub fn audio(&self) -> Vec<f32> {
        let dice = &mut Stream::Recording.dice(self.world.seed, self.index);
        recording::record(self.object_audio(), &self.plan.silent, dice)
    }

    /// What is true of the clip.
    pub fn truth(&self) -> Truth {
        Truth {
            class: self.class().to_owned(),
            width: self.world.size.0,
            height: self.world.size.1,
            seed: self.world.seed,
            clip: self.index,
            seconds: (0..self.world.seconds)
                .map(|second| self.second_truth(second))
                .collect(),
        }
    }

    /// The sounding object alone, before it is recorded.
    pub(crate) fn object_audio(&self) -> Vec<f32> {
        let mut voice = Voice::draw(Stream::Voice.dice(self.world.seed, self.index));
        voice.perform(self.plan.class.sound, &self.score, self.world.seconds)
    }

    fn second_truth(&self, second: u32) -> SecondTruth {
        let time_s = self.time_s(self.middle_frame(second));
        let stage = self.stage();
        let bounds = (!self.plan.off_screen).then(|| self.box_of(stage.sounding_bounds(time_s)));
        let all = self.plan.off_screen;
        let others = stage.silent_bounds(time_s, all);
        SecondTruth {
            second,
            bounds,
            others: others.map(|bounds| self.box_of(bounds)).collect(),
            silent: self.plan.silent[second as usize],
            off_screen: self.plan.off_screen,
        }
    }

    /// Whole pixels around an object, cut at the picture's borders.
    fn box_of(&self, [left, top, right, bottom]: [f32; 4]) -> [u32; 4] {
        let (width, height) = self.world.size;
        [
            (left.floor().max(0.0) as u32).min(width - 1),
            (top.floor().max(0.0) as u32).min(height - 1),
            (right.ceil().max(1.0) as u32).min(width),
            (bottom.ceil().max(1.0) as u32).min(height),
        ]
    }

    fn time_s(&self, frame: u32) -> f32 {
        frame as f32 / self.world.fps as f32
    }

    fn stage(&self) -> &Stage {
        self.stage.get_or_init(|| self.build_stage())
    }

    fn build_stage(&self) -> Stage {
        let (width, height) = self.world.size;
        let dice = |stream: Stream| stream.dice(self.world.seed, self.index);
        let mut camera = dice(Stream::Camera);
        let light = Light::draw(&mut camera);
        let hand = Hand::draw(&mut camera);
        let picture = at(width as f32, height as f32);
        let mut paths = Vec::new();
        let mut actors = Vec::new();
        for (number, class) in self.plan.cast.iter().enumerate() {
            let mut dice = dice(Stream::Object(number as u64));
            let size = self.world.difficulty.object_size();
            let size_px = dice.between_log(size) * picture.x.min(picture.y);
            let path = Path::draw(picture, size_px, &paths, &mut dice);
            paths.push(path);
            let score = self.score_of(number, class, &mut dice);
            actors.push(Actor::new(class, path, score, light, &mut dice));
        }
        let sounding = camera.random_range(0..actors.len());
        actors.swap(0, sounding);
        let backdrop = Backdrop::draw(
            width as usize,
            height as usize,
            light,
            &mut dice(Stream::Backdrop),
        );
        Stage {
            backdrop,
            actors,
            sounding,
            hand,
        }
    }

    /// What an object moves to: the sounding one to its sound; of the others, one half rests and
    /// one half moves to a score of its own that nobody hears.
    fn score_of(&self, number: usize, class: &Class, dice: &mut Dice) -> Score {
        if number == 0 && !self.plan.off_screen {
            self.score.clone()
        } else if dice.random() {
            let silent = draw_silence(&self.world, dice);
            Score::compose(&class.rhythm, &silent, dice)
        } else {
            Score::default()
        }
    }
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clip")
            .field("index", &self.index)
            .field("class", &self.class())
            .field("world", &self.world)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
