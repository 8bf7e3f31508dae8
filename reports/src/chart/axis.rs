//! Ticks at round numbers, at full hours, or at powers of ten.

/// An axis: its range and the ticks with their texts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From `low` to a round number at or above `high`, about five ticks; `scale`
    /// is applied to a value before `write` sees it and its decimals.
    pub(crate) fn linear(low: f64, high: f64, write: impl Fn(f64, usize) -> String) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let step = round_step((high - low) / 5.0);
        let first = (low / step).floor();
        let last = (high / step - 1e-9).ceil();
        let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        let ticks = (0..=((last - first) as usize).min(20))
            .map(|index| {
                let at = (first + index as f64) * step;
                (at, write(at, decimals))
            })
            .collect();
        Self {
            low: first * step,
            high: last * step,
            ticks,
        }
    }

    /// Of the day: minutes since midnight, a tick at each full hour.
    pub(crate) fn clock(from: f64, to: f64) -> Self {
        let to = if to > from { to } else { from + 60.0 };
        let step = if to - from > 24.0 * 60.0 { 360.0 } else { 60.0 };
        let first = (from / step).ceil() as u32;
        let last = (to / step).floor() as u32;
        let ticks = (first..=last.min(first.saturating_add(200)))
            .map(|index| {
                let at = f64::from(index) * step;
                (at, format!("{:02}:{:02}", (at / 60.0).floor(), at % 60.0))
            })
            .collect();
        Self {
            low: from,
            high: to,
            ticks,
        }
    }

    /// Powers of ten around these values (above zero); positions are logarithms.
    pub(crate) fn logarithmic(low: f64, high: f64, write: impl Fn(f64) -> String) -> Self {
        let first = (low.max(1e-9).log10() + 1e-9).floor();
        let last = (high.max(1e-9).log10() - 1e-9).ceil().max(first + 1.0);
        let ticks = (0..=((last - first) as usize).min(20))
            .map(|index| {
                let power = first + index as f64;
                (power, write(10f64.powf(power)))
            })
            .collect();
        Self {
            low: first,
            high: last,
            ticks,
        }
    }

    /// Positions times `factor`, texts as they are.
    pub(crate) fn stretch(&mut self, factor: f64) {
        self.low *= factor;
        self.high *= factor;
        for (at, _) in &mut self.ticks {
            *at *= factor;
        }
    }

    /// The longest tick text, in units of the drawing.
    pub(super) fn widest(&self) -> f64 {
        self.ticks
            .iter()
            .map(|(_, text)| super::svg::text_width(text))
            .fold(0.0, f64::max)
    }
}

/// 1, 2 or 5 times a power of ten, at or above `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * power >= step * 0.999);
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_range() {
        let axis = Axis::linear(0.0, 4.3, |value, decimals| format!("{value:.decimals$}"));
        let texts: Vec<&str> = axis.ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["0", "1", "2", "3", "4", "5"]);
        assert_eq!((axis.low, axis.high), (0.0, 5.0));
    }

    #[test]
    fn an_axis_of_one_value_still_has_a_range() {
        let axis = Axis::linear(0.0, 0.0, |value, _| value.to_string());
        assert!(axis.high > axis.low);
        let axis = Axis::logarithmic(0.01, 0.01, |value| value.to_string());
        assert!(axis.high > axis.low);
        assert!(Axis::clock(540.0, 540.0).high > 540.0);
    }

    #[test]
    fn a_logarithmic_axis_ends_at_powers_of_ten() {
        let axis = Axis::logarithmic(0.0004, 0.3, |value| format!("{value}"));
        assert!((axis.low - -4.0).abs() < 1e-12 && axis.high.abs() < 1e-12);
    }
}
