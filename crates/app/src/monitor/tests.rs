use super::*;
use contract::{Budget, Permission};

const COMMAND: CommandInfo = CommandInfo {
    name: "patient_list",
    permission: Permission::PatientRead,
    budget: Budget { statements: 2, vm_steps: 100 },
    slow_ms: 100,
};

fn ended(ms: u64, statements: u64, vm_steps: u64, pool: (u32, u32)) -> Ended {
    Ended {
        at: DateTime::UNIX_EPOCH,
        took: Duration::from_millis(ms),
        cost: Cost { statements, vm_steps, ..Cost::default() },
        failed: false,
        pool,
    }
}

fn grades(ended: Ended) -> Vec<(AlertGrade, AlertKind)> {
    Monitor::default().book(&COMMAND, ended).into_iter().map(|alert| (alert.grade, alert.kind)).collect()
}

#[test]
fn nothing_is_told_of_a_call_within_its_limits() {
    assert_eq!(grades(ended(100, 2, 100, (6, 4))), []);
}

#[test]
fn a_slow_call_is_a_warning_and_a_very_slow_one_is_critical() {
    assert_eq!(grades(ended(101, 1, 1, (6, 0))), [(AlertGrade::Warning, AlertKind::Slow)]);
    assert_eq!(grades(ended(1_001, 1, 1, (6, 0))), [(AlertGrade::Critical, AlertKind::Slow)]);
}

#[test]
fn more_than_fifty_statements_are_an_alert() {
    assert!(grades(ended(1, 51, 1, (6, 0))).contains(&(AlertGrade::Alert, AlertKind::Statements)));
    assert!(!grades(ended(1, 50, 1, (6, 0))).contains(&(AlertGrade::Alert, AlertKind::Statements)));
}

#[test]
fn a_trigger_cannot_hide_a_loop_from_the_budget() {
    assert_eq!(grades(ended(1, 2, 101, (6, 0))), [(AlertGrade::Warning, AlertKind::Budget)]);
}

#[test]
fn a_busy_pool_is_told_once_and_an_exhausted_one_is_critical() {
    let monitor = Monitor::default();
    let told = |used| monitor.book(&COMMAND, ended(1, 1, 1, (6, used))).first().map(|alert| alert.grade);
    assert_eq!(told(5), Some(AlertGrade::Warning));
    assert_eq!(told(5), None);
    assert_eq!(told(6), Some(AlertGrade::Critical));
    assert_eq!(told(1), None);
    assert_eq!(told(5), Some(AlertGrade::Warning));
}
