use super::*;

#[test]
fn a_drawer_is_worth_what_its_pieces_are() {
    assert_eq!(Drawer(vec![(5_000, 3), (100, 7), (1, 9)]).total(), Ok(15_709));
    assert_eq!(Drawer::default().total(), Ok(0));
}

#[test]
fn what_cannot_be_in_a_drawer_is_told() {
    for (drawer, problem) in [
        (vec![(0, 1)], Problem::NotAChoice),
        (vec![(-5, 1)], Problem::NotAChoice),
        (vec![(100, 1), (100, 2)], Problem::Repeated),
        (vec![(100, u32::MAX)], Problem::TooLarge),
        (vec![(i64::MAX, 2)], Problem::TooLarge),
        (vec![(AMOUNT_MAX, 2)], Problem::TooLarge),
        ((1..52).map(|n| (n, 1)).collect(), Problem::TooMany),
    ] {
        assert_eq!(Drawer(drawer.clone()).total(), Err(problem), "{drawer:?}");
    }
}

#[test]
fn a_difference_is_above_nothing_where_there_is_too_much() {
    let counted = |expected, counted| Counted { method: Method::Cash, expected, counted }.difference();
    assert_eq!([counted(100, 120), counted(120, 100), counted(5, 5)], [20, -20, 0]);
}
