//! A plane with two axes, drawn as SVG.

use std::fmt::Write as _;

use crate::page::escape;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 42.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 36.0;

/// A chart in the making.
pub struct Plot {
    x: [f64; 2],
    y: [f64; 2],
    marks: String,
}

impl Plot {
    /// Axes from one value to another, with a name each and this many steps between ticks.
    pub fn new(x: [f64; 2], x_name: &str, y: [f64; 2], y_name: &str) -> Self {
        let mut plot = Self {
            x,
            y,
            marks: String::new(),
        };
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        for step in 0..=4 {
            let share = f64::from(step) / 4.0;
            let (at_x, at_y) = (mix(x, share), mix(y, share));
            let (px, py) = (plot.px(at_x), plot.py(at_y));
            plot.add(format_args!(
                "<line class=\"gridline\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{py:.1}\" \
                 y2=\"{py:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <text x=\"{px:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                LEFT - 6.0,
                py + 4.0,
                tick(at_y, y),
                bottom + 15.0,
                tick(at_x, x)
            ));
        }
        plot.add(format_args!(
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\"/>\
             <line class=\"axis\" x1=\"{LEFT}\" x2=\"{LEFT}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"start\">{}</text>",
            f64::midpoint(LEFT, right),
            HEIGHT - 4.0,
            escape(x_name),
            LEFT,
            TOP - 12.0,
            escape(y_name)
        ));
        plot
    }

    /// A line through points.
    pub fn line(&mut self, class: &str, points: impl IntoIterator<Item = (f64, f64)>) {
        let way: String = (points.into_iter())
            .map(|(x, y)| format!("{:.1},{:.1} ", self.px(x), self.py(y)))
            .collect();
        self.add(format_args!(
            "<polyline class=\"{class}\" fill=\"none\" points=\"{}\"/>",
            way.trim_end()
        ));
    }

    /// A dot, and what it says when one points at it.
    pub fn dot(&mut self, x: f64, y: f64, says: &str) {
        let (px, py) = (self.px(x), self.py(y));
        self.add(format_args!(
            "<circle class=\"dot\" cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"3.5\"><title>{}</title></circle>",
            escape(says)
        ));
    }

    /// A bar from the lower edge.
    pub fn bar(&mut self, from: f64, to: f64, height: f64) {
        let (left, right, top) = (self.px(from), self.px(to), self.py(height));
        self.add(format_args!(
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            left + 1.0,
            (right - left - 2.0).max(0.0),
            (HEIGHT - BOTTOM - top).max(0.0)
        ));
    }

    /// The chart as SVG.
    pub fn svg(&self) -> String {
        format!(
            "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             width=\"{WIDTH}\" height=\"{HEIGHT}\">{}</svg>",
            self.marks
        )
    }

    fn add(&mut self, mark: std::fmt::Arguments) {
        // Writing to a string cannot fail.
        let _ = self.marks.write_fmt(mark);
    }

    fn px(&self, x: f64) -> f64 {
        LEFT + share(self.x, x) * (WIDTH - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - share(self.y, y) * (HEIGHT - TOP - BOTTOM)
    }
}

fn mix([from, to]: [f64; 2], share: f64) -> f64 {
    from + share * (to - from)
}

/// How far a value is on its way, kept on the paper.
fn share([from, to]: [f64; 2], value: f64) -> f64 {
    ((value - from) / (to - from).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
}

/// A number as short as the axis allows.
fn tick(value: f64, [from, to]: [f64; 2]) -> String {
    let width = (to - from).abs();
    if width >= 8_000.0 {
        format!("{:.1}k", value / 1000.0)
    } else if width >= 8.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_find_their_places() {
        let mut plot = Plot::new([0.0, 2.0], "x", [0.0, 1.0], "a < b");
        assert_eq!((plot.px(0.0), plot.px(2.0)), (LEFT, WIDTH - RIGHT));
        assert_eq!((plot.py(0.0), plot.py(1.0)), (HEIGHT - BOTTOM, TOP));
        assert_eq!(plot.py(7.0), TOP, "off the paper");
        plot.dot(1.0, 0.5, "half");
        let svg = plot.svg();
        assert!(svg.contains("a &lt; b") && svg.contains("<title>half</title>"));
        assert_eq!(tick(12_500.0, [0.0, 50_000.0]), "12.5k");
    }
}
