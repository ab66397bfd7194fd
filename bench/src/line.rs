//! One line for each scenario.

use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// What a scenario came to. Every suite prints the same fields; some add one of their own.
#[derive(Debug, Serialize)]
pub struct Line {
    suite: &'static str,
    scenario: &'static str,
    rows: u64,
    median_ms: f64,
    p95_ms: f64,
    statements: u64,
    vm_steps: u64,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Durations of a scenario, and the most that one call of it cost.
#[derive(Debug, Default)]
pub struct Samples {
    durations: Vec<Duration>,
    statements: u64,
    vm_steps: u64,
}

impl Samples {
    pub fn add(&mut self, took: Duration, statements: u64, vm_steps: u64) {
        self.durations.push(took);
        self.statements = self.statements.max(statements);
        self.vm_steps = self.vm_steps.max(vm_steps);
    }

    /// The smallest duration that `percent` of the calls did not exceed, in milliseconds.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let mut sorted = self.durations.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).clamp(1, sorted.len().max(1));
        sorted.get(rank - 1).map_or(0.0, |took| round(took.as_secs_f64() * 1000.0))
    }

    /// The mean of the durations, in milliseconds.
    pub fn mean_ms(&self) -> f64 {
        let all: Duration = self.durations.iter().sum();
        round(all.as_secs_f64() * 1000.0 / (self.durations.len().max(1) as f64))
    }

    /// Takes in the samples of another run.
    pub fn append(&mut self, other: Self) {
        self.durations.extend(other.durations);
        self.statements = self.statements.max(other.statements);
        self.vm_steps = self.vm_steps.max(other.vm_steps);
    }

    pub fn line(&self, suite: &'static str, scenario: &'static str, rows: u64) -> Line {
        Line {
            suite,
            scenario,
            rows,
            median_ms: self.percentile_ms(50),
            p95_ms: self.percentile_ms(95),
            statements: self.statements,
            vm_steps: self.vm_steps,
            more: Map::new(),
        }
    }
}

impl Line {
    /// Adds a field of the scenario's own.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Prints the line, as JSON or for people.
    pub fn print(&self, json: bool) {
        if json {
            // A line of numbers and names always has a JSON form.
            println!("{}", serde_json::to_string(self).unwrap_or_default());
            return;
        }
        let more: Vec<_> = self.more.iter().map(|(name, value)| format!("{name} {value}")).collect();
        println!(
            "{:<24} median {:>9.3} ms  p95 {:>9.3} ms  {:>3} statements {:>9} steps  {}",
            self.scenario,
            self.median_ms,
            self.p95_ms,
            self.statements,
            self.vm_steps,
            more.join("  ")
        );
    }
}

/// To the microsecond.
pub fn round(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}
