//! `MRG32k3a`, L'Ecuyer's combined multiple recursive generator ("Good parameters
//! and implementations for combined multiple recursive random number generators",
//! Operations Research 47, 1999), with streams 2^127 steps apart as in `RngStreams`
//! (L'Ecuyer, Simard, Chen & Kelton, Operations Research 50, 2002).

const M1: u64 = 4_294_967_087;
const M2: u64 = 4_294_944_443;
const A12: u64 = 1_403_580;
const A13_MINUS: u64 = 810_728;
const A21: u64 = 527_612;
const A23_MINUS: u64 = 1_370_589;
/// 1 / (M1 + 1): numbers are strictly between 0 and 1.
const NORM: f64 = 1.0 / (M1 + 1) as f64;

/// Seeds are from 1 to this.
pub const LARGEST_SEED: u64 = M2 - 1;

type Matrix = [[u64; 3]; 3];

/// One stream: the last three values of either component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mrg32k3a {
    first: [u64; 3],
    second: [u64; 3],
}

impl Mrg32k3a {
    /// The stream whose six seeds are all this, 1 to [`LARGEST_SEED`].
    pub fn seeded(seed: u64) -> Self {
        let seed = seed.clamp(1, LARGEST_SEED);
        Self {
            first: [seed; 3],
            second: [seed; 3],
        }
    }

    /// The stream 2^127 steps later.
    pub fn next_stream(self) -> Self {
        let first_step = [[0, 1, 0], [0, 0, 1], [M1 - A13_MINUS, A12, 0]];
        let second_step = [[0, 1, 0], [0, 0, 1], [M2 - A23_MINUS, 0, A21]];
        Self {
            first: product(&doubled(first_step, 127, M1), self.first, M1),
            second: product(&doubled(second_step, 127, M2), self.second, M2),
        }
    }

    /// The next number, strictly between 0 and 1.
    pub fn next_uniform(&mut self) -> f64 {
        let [a, b, c] = self.first;
        let one = (A12 * b + M1 * A13_MINUS - A13_MINUS * a) % M1;
        self.first = [b, c, one];
        let [a, b, c] = self.second;
        let two = (A21 * c + M2 * A23_MINUS - A23_MINUS * a) % M2;
        self.second = [b, c, two];
        let difference = if one > two { one - two } else { one + M1 - two };
        difference as f64 * NORM
    }
}

/// A matrix squared so many times.
fn doubled(mut matrix: Matrix, times: u32, modulus: u64) -> Matrix {
    for _ in 0..times {
        let columns: [[u64; 3]; 3] = std::array::from_fn(|column| {
            product(
                &matrix,
                std::array::from_fn(|row| matrix[row][column]),
                modulus,
            )
        });
        matrix = std::array::from_fn(|row| std::array::from_fn(|column| columns[column][row]));
    }
    matrix
}

fn product(matrix: &Matrix, vector: [u64; 3], modulus: u64) -> [u64; 3] {
    std::array::from_fn(|row| {
        // Each product stays below 2^64, their sum need not.
        let terms = matrix[row].iter().zip(vector);
        terms.fold(0, |sum, (factor, value)| {
            (sum + factor * value % modulus) % modulus
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(stream: &Mrg32k3a) -> [u64; 6] {
        let mut both = stream.first.into_iter().chain(stream.second);
        std::array::from_fn(|_| both.next().expect("there are six"))
    }

    /// Numbers printed by the test program of `RngStreams` (umontreal-simul/RngStreams,
    /// `tests/test2RngStream.res`).
    #[test]
    fn streams_and_numbers_are_those_that_rngstreams_prints() {
        let first = Mrg32k3a::seeded(12_345);
        let second = first.next_stream();
        let third = second.next_stream();
        assert_eq!(
            state(&second),
            [
                3_692_455_944,
                1_366_884_236,
                2_968_912_127,
                335_948_734,
                4_161_675_175,
                475_798_818
            ]
        );
        assert_eq!(
            state(&third),
            [
                1_015_873_554,
                1_310_354_410,
                2_249_465_273,
                994_084_013,
                2_912_484_720,
                3_876_682_925
            ]
        );
        let mut advanced = first;
        for _ in 0..35 {
            advanced.next_uniform();
        }
        assert_eq!(
            state(&advanced),
            [
                1_040_577_685,
                3_747_037_609,
                277_208_355,
                1_712_706_441,
                627_445_683,
                2_408_037_141
            ]
        );
        assert!((advanced.next_uniform() - 0.079_416_736_149_85).abs() < 1e-13);
        let mut stream = third;
        for printed in [
            0.728_509_786_196_5,
            0.965_587_282_283_7,
            0.996_184_130_480_1,
            0.114_988_416_181_3,
            0.973_145_419_129_7,
        ] {
            assert!((stream.next_uniform() - printed).abs() < 1e-12);
        }
        // The program has drawn one number before it adds up a hundred.
        let mut stream = third;
        stream.next_uniform();
        let sum: f64 = (0..100).map(|_| stream.next_uniform()).sum();
        assert!((sum - 53.985_901_592_32).abs() < 1e-9);
    }

    #[test]
    fn another_package_seed_gives_the_streams_that_rngstreams_prints() {
        let third = Mrg32k3a::seeded(1).next_stream().next_stream();
        assert_eq!(
            state(&third),
            [
                3_784_663_252,
                802_042_081,
                160_569_404,
                3_391_851_556,
                2_150_317_468,
                54_240_022
            ]
        );
    }
}
