//! The tree itself: every class, and what it is a kind of.

use super::Branch::{self, Class, Group};

const fn group(
    name: &'static str,
    description: &'static str,
    members: &'static [Branch],
) -> Branch {
    Group {
        name,
        description,
        members,
    }
}

/// The tree.
pub(super) static ROOTS: [Branch; 4] = [INSTRUMENTS, ANIMALS, MACHINES, NATURE];

const INSTRUMENTS: Branch = group(
    "Instruments",
    "What is played to make music.",
    &[
        group(
            "Strings",
            "Instruments whose strings sound when plucked or bowed.",
            &[
                Class("guitar", "Strings plucked over a waisted body."),
                Class("violin", "Strings bowed, with a trembling pitch."),
                Class("harp", "A run over strings in a frame."),
            ],
        ),
        group(
            "Percussion",
            "Instruments that are struck.",
            &[
                Class("drum", "A skin under two sticks: a falling thump."),
                Class("bell", "A swinging bell that rings for long."),
                Class("xylophone", "Wooden bars under two mallets: short knocks."),
            ],
        ),
        group(
            "Winds",
            "Instruments that are blown.",
            &[
                Class("flute", "A tube with keys: a soft tone with breath in it."),
                Class("trumpet", "Brass with valves: brighter as it grows louder."),
            ],
        ),
    ],
);

const ANIMALS: Branch = group(
    "Animals",
    "Voices and wings of living things.",
    &[
        group(
            "Mammals",
            "Animals with a throat and fur.",
            &[
                Class("dog", "A head that barks."),
                Class("cat", "A sitting cat that meows."),
            ],
        ),
        group(
            "Birds and amphibians",
            "What sings or croaks outdoors.",
            &[
                Class("bird", "A bird on two legs: quick chirps, high up."),
                Class("frog", "A frog with a swelling throat: slow pulses."),
            ],
        ),
        group(
            "Insects",
            "Small things that buzz or chirp.",
            &[
                Class("bee", "A striped bee: a buzz that wavers."),
                Class("cricket", "A cricket: bursts of one very high tone."),
            ],
        ),
    ],
);

const MACHINES: Branch = group(
    "Machines",
    "What people built to work or to warn.",
    &[
        group(
            "Engines",
            "Machines that turn.",
            &[
                Class("engine", "Meshing cogs: firing that stumbles, and rumble."),
                Class("helicopter", "A rotor: a train of low thumps."),
                Class("drill", "A power drill: a rough buzz and a whine."),
            ],
        ),
        group(
            "Signals",
            "Machines that call for attention.",
            &[
                Class("siren", "A lamp that goes round: a wail up and down."),
                Class("telephone", "A jumping receiver: two tones in turns."),
                Class("clock", "Hands and a pendulum: short ticks."),
            ],
        ),
    ],
);

const NATURE: Branch = group(
    "Nature",
    "Weather, water and fire.",
    &[
        group(
            "Water",
            "Water that falls or rolls.",
            &[
                Class("rain", "A cloud and its drops: a hiss full of taps."),
                Class("waves", "Rolling waves: noise that swells and ebbs."),
            ],
        ),
        group(
            "Storm and fire",
            "What lightning brings, and what it may kindle.",
            &[
                Class(
                    "thunder",
                    "Lightning in a cloud: a crack and a long rumble.",
                ),
                Class("fire", "Flames on logs: sparse crackles over a low hiss."),
            ],
        ),
    ],
);
