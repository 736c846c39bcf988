use crate::story;
#[test]
fn look() {
    let s = story::of("clickterm");
    println!("{:?} / {:?} / long {:?}", s.finished(), s.unfinished(), s.too_long());
    s.look();
}
