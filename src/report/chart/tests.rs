//! What holds for every chart: same bytes, inert names, small files.

mod markup;
mod strange;

use sha2::{Digest, Sha256};

use self::markup::check_markup;
use super::canvas::{Anchor, Canvas, Header, Mark, Style};
use super::ink::{Dash, Ink, Pen};
use super::panel::{Frame, Panel};
use super::sample::{self, HOSTILE, NAMES};
use super::scale::{Scale, Unit};
use super::{Chart, Theme};

/// Every chart, with a client, or what else is named, for each of `names`.
fn charts(names: &[&str], bins: usize) -> Vec<Chart> {
    let mut all = clients(names, bins);
    all.extend([sample::knob(names), sample::front(names)]);
    all
}

/// Every chart of clients.
fn clients(names: &[&str], bins: usize) -> Vec<Chart> {
    vec![
        sample::work_time(names),
        sample::rate(names, bins),
        sample::waves(names, bins),
        sample::throttled(names),
        sample::fairness(names),
        sample::wait(names),
        sample::response(names, bins),
        sample::heat(names, bins.min(8), bins.min(8)),
    ]
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let twice = || charts(&NAMES[..6], 120);
    for (one, other) in twice().iter().zip(twice()) {
        let name = one.name();
        assert_eq!(one.svg(), other.svg(), "{name}");
        assert_eq!(one.png(1, Theme::Dark), other.png(1, Theme::Dark), "{name}");
    }
}

/// A small sheet with one mark of each kind.
fn every_mark() -> Chart {
    let header = Header { title: "Every mark", subtitle: "words, lines, surfaces, dots" };
    let canvas = Canvas::new(240.0, &header);
    let frame = Frame { left: 62.0, right: 220.0, top: 90.0, bottom: 160.0 };
    let x = Scale::decades(0.05, 20.0, Unit::Time);
    let mut panel = Panel::new(&canvas, frame, x, Scale::from_zero(1_200.0, 3, Unit::Number));
    panel.band(0.3, 1.0);
    panel.grid();
    panel.ticks("Time");
    panel.limit(1_000.0);
    let line = [(0.05, 100.0), (0.4, 900.0), (3.0, 300.0), (20.0, 1_100.0)];
    let high = line.map(|(x, y)| (x, y + 80.0));
    panel.ribbon(&line, &high, Pen::series(2).faint(15));
    panel.line(&line, Pen::series(2));
    panel.line(&high, Pen::series(6));
    panel.dot((3.0, 300.0), 45, Ink::series(2));
    panel.ring((20.0, 1_100.0), 45, Ink::series(2));
    let words = Style::NAME.ink(Ink::name(2)).anchor(Anchor::Middle).halo();
    canvas.text((140.0, 120.0), "exponential", words);
    let chance = Pen::solid(Ink::Muted).dashed(Dash::Short);
    panel.thin(&[(0.05, 0.0), (20.0, 500.0)], chance);
    drop(panel);
    canvas.finish("every-mark", 210.0, "one of each")
}

/// The encoder deflates through a crate whose features others can change, and
/// outlines and curves pass through floats: this holds both.
#[test]
fn the_bytes_of_a_picture_are_these() {
    let chart = every_mark();
    let found = [
        hash(&chart.png(1, Theme::Light)),
        hash(&chart.png(2, Theme::Dark)),
        hash(chart.svg().as_bytes()),
    ];
    let wanted = [
        "f36b3d81ef25260a050e1770b9123237c3c433975ddbe1cf159cf45fafaad435",
        "68a98334ec141d5f6cac30db3f877c0635899a0e0e7075e0dd1b3984d651243e",
        "99d0f7218073059132b04d9e9424e3dd2ce4d155782a4d2e5b700b370c96ffd3",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_picture_has_the_size_it_says() {
    let chart = every_mark();
    let (width, height) = chart.size();
    for scale in [1, 2] {
        let file = chart.png(scale, Theme::Light);
        let info = png::Decoder::new(std::io::Cursor::new(&file)).read_info().expect("a PNG file");
        assert_eq!(info.info().size(), (width * scale, height * scale));
    }
    assert_eq!(chart.png(0, Theme::Light), chart.png(1, Theme::Light));
}

#[test]
fn a_dense_chart_stays_small() {
    for chart in charts(&NAMES[..6], 2_000) {
        let sizes =
            [chart.svg().len(), chart.png(2, Theme::Light).len(), chart.png(2, Theme::Dark).len()];
        assert!(sizes.iter().all(|&size| size < 200_000), "{}: {sizes:?}", chart.name());
    }
}

/// Every cell has a number, and letters are what a picture is large of.
#[test]
fn a_field_of_as_many_cells_as_are_drawn_is_not_large() {
    let chart = sample::heat(&NAMES[..2], 20, 20);
    let sizes = [chart.svg().len(), chart.png(2, Theme::Light).len()];
    assert!(sizes.iter().all(|&size| size < 400_000), "{sizes:?}");
}

#[test]
fn an_empty_chart_is_still_a_chart() {
    for chart in charts(&[], 0) {
        check_markup(&chart.svg());
        assert!(chart.png(1, Theme::Light).starts_with(b"\x89PNG"), "{}", chart.name());
    }
}

#[test]
fn what_a_plot_cannot_show_it_says() {
    let svg = sample::rate_extremes(&NAMES).svg();
    let said = [
        "naive peaks at 2,400/s, fixed-1s peaks at 900/s",
        "above this axis",
        "same as exponential",
    ];
    for text in said {
        assert!(svg.contains(text), "{text}");
    }
    assert_eq!(svg.matches("same as").count(), 1, "three differ");
    assert_eq!(svg.matches("upstream outage").count(), 1, "named once");
    let svg = sample::work_undone(&NAMES).svg();
    assert!(svg.contains("no client finished its work") && svg.contains("50.0% served"));
    assert_eq!(sample::waves(&NAMES, 120).svg().matches("no attempts").count(), 1);
    assert!(sample::wait(&NAMES).svg().contains("1.7% never served"));
    assert!(sample::fairness(&NAMES).svg().contains("curve same as naive"));
}

/// What is said of a value or a point is on the sheet, the never of a time too.
#[test]
fn a_tuned_chart_says_what_was_chosen_and_what_each_mark_is() {
    let svg = sample::knob(&NAMES).svg();
    for text in ["naive 400", "goal: 9.5 % naive", "not told apart", "fixed-1s by naive"] {
        assert!(svg.contains(text), "{text}");
    }
    assert!(svg.contains("1 never, 2 never, 4 125 ms") && svg.contains(">never</text>"), "{svg}");
    let svg = sample::front(&NAMES).svg();
    // Those of the front have their names beside them, the others only a mark.
    for (index, name) in NAMES.iter().enumerate().take(6) {
        let written = svg.contains(&format!(">{name}</text>"));
        assert_eq!(written, [0, 3, 5].contains(&index), "{name}");
    }
    assert!(svg.contains("misses a goal") && svg.contains("Not told apart: 2"), "{svg}");
}

#[test]
fn an_svg_is_well_formed_and_recolours_itself() {
    for chart in charts(&NAMES, 120) {
        let svg = chart.svg();
        check_markup(&svg);
        assert!(svg.contains("@media (prefers-color-scheme:dark)"));
        assert!(svg.contains("role=\"img\"") && svg.contains("viewBox=\"0 0 "));
    }
    for chart in clients(&NAMES, 120) {
        let svg = chart.svg();
        assert!(NAMES[..6].iter().all(|name| svg.contains(name)), "{}", chart.name());
        assert!(chart.description().contains(NAMES[6]), "the name in full");
    }
}

#[test]
fn hostile_names_are_inert() {
    for chart in charts(&HOSTILE, 120) {
        let svg = chart.svg();
        check_markup(&svg);
        let lower = svg.to_lowercase();
        assert!(!lower.contains("<script") && !lower.contains("]]>"), "{}", chart.name());
        assert!(!svg.contains(['\u{202e}', '\r', '\0']), "{}", chart.name());
        assert!(!svg.contains("two\nlines"), "{}", chart.name());
        assert!(!chart.png(1, Theme::Light).is_empty());
    }
}

/// Whatever is varied, however many values and clients there are.
#[test]
fn no_word_of_a_sweep_leaves_its_sheet() {
    for clients in [0, 1, 2, 6, 8] {
        for (across, down) in [(0, 0), (1, 1), (2, 30), (7, 3), (12, 12), (40, 1), (40, 40)] {
            for names in [&NAMES[..clients], &HOSTILE[..clients]] {
                inside(&sample::heat(names, across, down));
                inside(&sample::response(names, across));
            }
        }
    }
}

/// Fails where a word is outside the sheet, or a mark is.
fn inside(chart: &Chart) {
    let (width, height) = chart.size();
    let (width, height) = (f64::from(width), f64::from(height));
    for mark in &chart.marks {
        match mark {
            Mark::Text { at, body, style } => {
                let (x, y) = (f64::from(at.0) / 10.0, f64::from(at.1) / 10.0);
                let room = style.face.room(body);
                let left = match style.anchor {
                    Anchor::Start => x,
                    Anchor::Middle => x - room / 2.0,
                    Anchor::End => x - room,
                };
                let fits = left >= 0.0 && left + room <= width && (8.0..=height - 3.0).contains(&y);
                assert!(
                    fits,
                    "{body:?} from {left} to {} at {y} of {width} x {height}",
                    left + room
                );
            }
            Mark::Line { points, .. } | Mark::Area { points, .. } => {
                for (x, y) in points {
                    let (x, y) = (f64::from(*x) / 10.0, f64::from(*y) / 10.0);
                    assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "{x} {y}");
                }
            }
            Mark::Dot { .. } | Mark::Runs { .. } => {}
        }
    }
}

/// Draws the samples into the temporary directory, for people to look at.
#[test]
#[ignore = "draws pictures to look at"]
fn look() {
    let folder = std::env::temp_dir().join("tollgate-charts");
    std::fs::create_dir_all(&folder).expect("a folder to draw in");
    let few = charts(&NAMES[..6], 120).into_iter().map(|chart| (chart, "6"));
    let many = charts(&NAMES, 2_000).into_iter().map(|chart| (chart, "8"));
    let empty = charts(&[], 0).into_iter().map(|chart| (chart, "0"));
    let other = [
        (sample::work_share(&NAMES[..6]), "share"),
        (sample::rate(&NAMES[..6], 2_000), "dense"),
        (sample::rate_extremes(&NAMES), "extremes"),
        (sample::work_undone(&NAMES[..6]), "undone"),
        (sample::wait(&HOSTILE), "hostile"),
        (sample::waves(&NAMES[..2], 300), "2"),
        (sample::waves(&HOSTILE, 300), "hostile"),
        (sample::response(&NAMES[..6], 12), "lines"),
        (sample::heat(&NAMES[..2], 8, 5), "field"),
        (sample::heat(&NAMES[..6], 6, 4), "fields"),
        // Both are called by what they are of.
        (sample::knob(&NAMES[..2]), "knob"),
        (every_mark(), "1"),
    ];
    for (chart, kind) in few.chain(many).chain(empty).chain(other) {
        let path = |ending: &str| folder.join(format!("{}-{kind}{ending}", chart.name()));
        std::fs::write(path(".svg"), chart.svg()).expect("a file");
        std::fs::write(path("-light.png"), chart.png(2, Theme::Light)).expect("a file");
        std::fs::write(path("-dark.png"), chart.png(2, Theme::Dark)).expect("a file");
    }
}
