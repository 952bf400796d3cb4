//! Colours: the inks of an object, and the light they are seen in.

use crate::random::{Dice, Throw};

/// Red, green, blue, each 0 to 1.
pub(crate) type Rgb = [f32; 3];

/// What a part of an object is painted with. Which colour that is differs from clip to clip, so a
/// class is never told by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// The colour of most of it.
    Body,
    /// The same, darker.
    Shade,
    /// A second colour, well apart from the first in lightness.
    Accent,
    /// Nearly black.
    Dark,
    /// Nearly white.
    Light,
}

/// The colours of one object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    body: Rgb,
    accent: Rgb,
    dark: Rgb,
    light: Rgb,
}

impl Palette {
    /// Draws colours: any hue, light on dark or dark on light.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let hue = dice.between(0.0..1.0);
        let other_hue = hue + dice.between(0.25..0.75);
        let (mut body_lightness, mut accent_lightness) =
            (dice.between(0.5..0.68), dice.between(0.22..0.36));
        if dice.sign() > 0.0 {
            (body_lightness, accent_lightness) = (accent_lightness + 0.12, body_lightness + 0.16);
        }
        Self {
            body: rgb_from_hsl(hue, dice.between(0.35..0.9), body_lightness),
            accent: rgb_from_hsl(other_hue, dice.between(0.35..0.9), accent_lightness),
            dark: rgb_from_hsl(hue, 0.3, 0.09),
            light: rgb_from_hsl(other_hue, 0.35, 0.93),
        }
    }

    /// The colour of an ink.
    pub(crate) fn rgb(&self, ink: Ink) -> Rgb {
        match ink {
            Ink::Body => self.body,
            Ink::Shade => self.body.map(|c| c * 0.68),
            Ink::Accent => self.accent,
            Ink::Dark => self.dark,
            Ink::Light => self.light,
        }
    }
}

/// The light of a scene: how much, of which colour, and from where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Light {
    /// What each colour is multiplied by.
    pub gain: Rgb,
    /// Where it comes from, as a way to the right and down.
    pub from: (f32, f32),
}

impl Light {
    /// Draws a light: dusk to glare, candle to sky.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let level = dice.between_log(0.65..1.25);
        let warmth = dice.between(-0.16..0.16);
        let tint = dice.between(-0.05..0.05);
        Self {
            gain: [
                level * (1.0 + warmth),
                level * (1.0 + tint),
                level * (1.0 - warmth),
            ],
            from: (dice.between(-0.8..0.8), dice.between(-1.0..-0.4)),
        }
    }

    /// A colour in this light; glare saturates softly.
    pub(crate) fn on(&self, colour: Rgb) -> Rgb {
        let mut lit = [0.0; 3];
        for ((lit, colour), gain) in lit.iter_mut().zip(colour).zip(self.gain) {
            let value = colour * gain;
            *lit = if value > 0.8 {
                1.0 - 0.04 / (value - 0.6)
            } else {
                value
            };
        }
        lit
    }
}

/// A colour of a hue (0 to 1, round the circle), a saturation and a lightness.
pub(crate) fn rgb_from_hsl(hue: f32, saturation: f32, lightness: f32) -> Rgb {
    let chroma = saturation * lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|offset| {
        let k = (offset + hue.rem_euclid(1.0) * 12.0) % 12.0;
        lightness - chroma * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)
    })
}

/// The colour part of the way from one to another.
pub(crate) fn mix(from: Rgb, to: Rgb, share: f32) -> Rgb {
    [0, 1, 2].map(|i| from[i] + (to[i] - from[i]) * share)
}
