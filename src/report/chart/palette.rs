//! A picture's colours brought down to 256.
//!
//! A chart has some twenty inks and thousands of mixtures at the edges of its
//! lines, where a hundredth more or less of one cannot be seen. Naming 256 of
//! them halves the file.

use std::collections::BTreeMap;

/// Red, green and blue.
pub(super) type Rgb = [u8; 3];

/// The palette of a picture, its commonest colour first, and each pixel's place
/// in it. Exact while there are no more than 256 colours.
pub(super) fn indexed(pixels: &[Rgb]) -> (Vec<Rgb>, Vec<u8>) {
    let mut counts: BTreeMap<Rgb, u64> = BTreeMap::new();
    for run in pixels.chunk_by(|a, b| a == b) {
        *counts.entry(run[0]).or_default() += run.len() as u64;
    }
    let colors: Vec<(Rgb, u64)> = counts.into_iter().collect();
    let (palette, places) = chosen(&colors);
    let places: BTreeMap<Rgb, u8> = colors.iter().map(|(color, _)| *color).zip(places).collect();
    let mut indices = Vec::with_capacity(pixels.len());
    for run in pixels.chunk_by(|a, b| a == b) {
        indices.resize(indices.len() + run.len(), places[&run[0]]);
    }
    (palette, indices)
}

/// Up to 256 of `colors`, and for each of `colors` the place of its nearest.
///
/// The first is the commonest; each next is the one that those before serve
/// worst, by its count times the square of how far off they are.
fn chosen(colors: &[(Rgb, u64)]) -> (Vec<Rgb>, Vec<u8>) {
    // Farther than any two colours are apart.
    let mut apart = vec![4 * 255 * 255; colors.len()];
    let mut places = vec![0; colors.len()];
    let mut palette = Vec::new();
    for place in 0..=u8::MAX {
        let cost = |index: &usize| (colors[*index].1 * apart[*index], std::cmp::Reverse(*index));
        let worst = (0..colors.len()).max_by_key(cost);
        let Some(next) = worst.filter(|&index| apart[index] > 0) else {
            break;
        };
        let color = colors[next].0;
        palette.push(color);
        for (index, (other, _)) in colors.iter().enumerate() {
            let distance = distance(*other, color);
            if distance < apart[index] {
                apart[index] = distance;
                places[index] = place;
            }
        }
    }
    (palette, places)
}

/// The square of how far two colours are apart.
fn distance(one: Rgb, other: Rgb) -> u64 {
    let apart = one.into_iter().zip(other).map(|(a, b)| u64::from(a.abs_diff(b)));
    apart.map(|apart| apart * apart).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_stay_exact() {
        let pixels: Vec<Rgb> = (0..=255).map(|byte| [byte, 7, 255 - byte]).collect();
        let (palette, indices) = indexed(&pixels);
        let back: Vec<Rgb> = indices.iter().map(|&place| palette[usize::from(place)]).collect();
        assert_eq!(back, pixels);
    }

    #[test]
    fn many_colours_stay_near_and_the_commonest_exact() {
        let mut pixels = vec![[250, 250, 250]; 5_000];
        for red in (0..=255).step_by(5) {
            pixels.extend((0..=255).step_by(5).map(|green| [red, green, 128]));
        }
        let (palette, indices) = indexed(&pixels);
        assert_eq!((palette.len(), palette[0]), (256, [250, 250, 250]));
        let off = |(place, pixel): (&u8, &Rgb)| {
            let shown = palette[usize::from(*place)];
            shown.iter().zip(pixel).map(|(a, b)| a.abs_diff(*b)).max()
        };
        assert!(indices[..5_000].iter().all(|&place| place == 0));
        assert!(indices.iter().zip(&pixels).filter_map(off).all(|off| off < 16));
    }
}
