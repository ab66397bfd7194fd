//! Accounting: what each command costs, and telling somebody when it is too much.

use chrono::{DateTime, Utc};
use contract::{
    ALERT_STATEMENTS, AlertGrade, AlertKind, AlertLine, CRITICAL_MS, CommandInfo, CommandLine,
    POOL_WARNING_PERCENT,
};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Cost;

/// Durations that the percentiles are taken over.
const RECENT: usize = 256;
/// Alerts that are kept.
const ALERTS: usize = 100;

/// Counts since the app was started.
#[derive(Debug, Default)]
pub struct Monitor(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    commands: HashMap<&'static str, Stat>,
    alerts: VecDeque<AlertLine>,
    pool: Option<AlertGrade>,
}

#[derive(Debug, Default)]
struct Stat {
    calls: u64,
    failures: u64,
    recent_us: VecDeque<u64>,
    worst_us: u64,
    cost: Cost,
}

/// One call that ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub at: DateTime<Utc>,
    pub took: Duration,
    pub cost: Cost,
    pub failed: bool,
    /// Readers there are, and those in use.
    pub pool: (u32, u32),
}

impl Monitor {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Books a call; returns what somebody should be told.
    pub fn book(&self, command: &CommandInfo, ended: Ended) -> Vec<AlertLine> {
        let mut inner = self.lock();
        inner.commands.entry(command.name).or_default().book(ended);
        let mut alerts = alerts_of_call(command, ended);
        alerts.extend(inner.alert_of_pool(ended));
        for alert in &alerts {
            inner.alerts.push_front(alert.clone());
        }
        inner.alerts.truncate(ALERTS);
        alerts
    }

    /// Every command that was called, the busiest first.
    pub fn commands(&self) -> Vec<CommandLine> {
        let inner = self.lock();
        let known = contract::COMMANDS.iter().chain([&crate::import::CHUNK]);
        let mut lines: Vec<_> =
            known.filter_map(|info| Some(inner.commands.get(info.name)?.line(info))).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.calls));
        lines
    }

    /// Alerts, the newest first.
    pub fn alerts(&self) -> Vec<AlertLine> {
        self.lock().alerts.iter().cloned().collect()
    }
}

impl Stat {
    fn book(&mut self, ended: Ended) {
        let us = u64::try_from(ended.took.as_micros()).unwrap_or(u64::MAX);
        self.calls += 1;
        self.failures += u64::from(ended.failed);
        self.recent_us.push_back(us);
        if self.recent_us.len() > RECENT {
            self.recent_us.pop_front();
        }
        self.worst_us = self.worst_us.max(us);
        self.cost.statements = self.cost.statements.max(ended.cost.statements);
        self.cost.vm_steps = self.cost.vm_steps.max(ended.cost.vm_steps);
    }

    fn line(&self, info: &CommandInfo) -> CommandLine {
        let mut sorted: Vec<_> = self.recent_us.iter().copied().collect();
        sorted.sort_unstable();
        let at =
            |percent: usize| sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)));
        CommandLine {
            name: info.name.to_owned(),
            calls: self.calls,
            failures: self.failures,
            median_us: at(50).copied().unwrap_or(0),
            p95_us: at(95).copied().unwrap_or(0),
            worst_us: self.worst_us,
            statements: self.cost.statements,
            vm_steps: self.cost.vm_steps,
            budget: info.budget,
        }
    }
}

fn alerts_of_call(command: &CommandInfo, ended: Ended) -> Vec<AlertLine> {
    let ms = u64::try_from(ended.took.as_millis()).unwrap_or(u64::MAX);
    let line = |grade, kind, value, limit| AlertLine {
        at: ended.at,
        grade,
        kind,
        command: command.name.to_owned(),
        value,
        limit,
    };
    let Cost { statements, vm_steps, .. } = ended.cost;
    let mut alerts = Vec::new();
    if ms > CRITICAL_MS {
        alerts.push(line(AlertGrade::Critical, AlertKind::Slow, ms, CRITICAL_MS));
    } else if ms > command.slow_ms {
        alerts.push(line(AlertGrade::Warning, AlertKind::Slow, ms, command.slow_ms));
    }
    if statements > ALERT_STATEMENTS {
        alerts.push(line(AlertGrade::Alert, AlertKind::Statements, statements, ALERT_STATEMENTS));
    }
    if statements > command.budget.statements {
        alerts.push(line(AlertGrade::Warning, AlertKind::Budget, statements, command.budget.statements));
    } else if vm_steps > command.budget.vm_steps {
        alerts.push(line(AlertGrade::Warning, AlertKind::Budget, vm_steps, command.budget.vm_steps));
    }
    alerts
}

impl Inner {
    /// Tells of the pool only when it becomes worse, not at each call.
    fn alert_of_pool(&mut self, ended: Ended) -> Option<AlertLine> {
        let (size, used) = (u64::from(ended.pool.0), u64::from(ended.pool.1));
        let percent = (used * 100).checked_div(size).unwrap_or(0);
        let grade = match percent {
            100.. => Some(AlertGrade::Critical),
            percent if percent > POOL_WARNING_PERCENT => Some(AlertGrade::Warning),
            _ => None,
        };
        let worse = grade > self.pool;
        self.pool = grade;
        let limit = POOL_WARNING_PERCENT;
        grade.filter(|_| worse).map(|grade| AlertLine {
            at: ended.at,
            grade,
            kind: AlertKind::Pool,
            command: String::new(),
            value: percent,
            limit,
        })
    }
}

#[cfg(test)]
mod tests;
