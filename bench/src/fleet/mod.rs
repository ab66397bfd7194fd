//! A fleet of devices on one server: raw clients of the protocol in this process, the real server and a Postgres that
//! waits for the disk as processes of their own. All share one machine.

mod device;
mod measure;
mod site;

use crate::line::{Line, Samples, round};
use anyhow::{Result, ensure};
use clap::Args;
use device::Device;
use measure::{Load, Run};
use site::Site;
use std::sync::Arc;
use std::time::Duration;

const SUITE: &str = "fleet";
/// How long a fleet runs before it is measured: connections are made and plans are kept by then.
const WARM_UP: Duration = Duration::from_secs(3);
/// Runs of each kind where two kinds are compared, one after the other.
const PAIRS: usize = 5;
/// How long idle devices are connected before the server's memory is read: more than two of its pings.
const IDLE: Duration = Duration::from_secs(25);

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Devices in all, each pushing 5 changed rows once a second.
    #[arg(long, default_value_t = 200)]
    devices: usize,
    /// Clinics that they belong to, equally many to each.
    #[arg(long, default_value_t = 20)]
    clinics: usize,
    /// How long the fleet is measured; each of the runs that are compared takes a quarter of it.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// So many more devices that ask for large pages and open the live channel, and read neither: what a push takes
    /// with and without them.
    #[arg(long, value_name = "N", default_value_t = 0)]
    stalled_readers: usize,
    /// So many devices that are connected and do nothing: the server's memory.
    #[arg(long, value_name = "N", default_value_t = 0)]
    idle: usize,
    /// What a push takes with and without devices that hear live hints.
    #[arg(long)]
    hints: bool,
    /// Leave out the fleet itself.
    #[arg(long)]
    no_fleet: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub async fn run(options: &Options) -> Result<()> {
    // The clients can speak TLS and ask for a provider of ciphers, which they do not use here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ensure!(options.clinics > 0 && options.devices >= options.clinics, "each clinic needs a device");
    let site = Site::start()?;
    site.commits(options.json)?;
    let devices = site.let_in(options.clinics, options.devices).await?;
    if !options.no_fleet {
        fleet(options, &site, &devices).await?;
    }
    // Before what leaves the server with more than it needs.
    if options.idle > 0 {
        idle(options, &site, &devices).await?;
    }
    if options.stalled_readers > 0 {
        stalled_readers(options, &site, &devices).await?;
    }
    if options.hints {
        hints(options, &devices).await?;
    }
    Ok(())
}

/// The fleet as it works all day.
async fn fleet(options: &Options, site: &Site, devices: &[Arc<Device>]) -> Result<()> {
    let load = Load { seconds: options.seconds, listening: true, pulling: true };
    let in_the_middle = async {
        tokio::time::sleep(WARM_UP + Duration::from_secs(options.seconds / 2)).await;
        server(site, "server", devices.len())
    };
    let (run, server) = tokio::join!(measure::run(devices, load), in_the_middle);
    let run = run?;
    let rows_per_s = run.rows as f64 / options.seconds as f64;
    let more = |line: Line| {
        line.with("devices", devices.len())
            .with("clinics", options.clinics)
            .with("rows_per_s", round(rows_per_s))
            .with("errors", run.errors.len())
    };
    more(line(&run.pushes, "push", run.rows)).print(options.json);
    let seen =
        line(&run.seen, "device_to_device", run.rows).with("pulls", run.pulls).with("hints", run.hints);
    more(seen).print(options.json);
    server?.print(options.json);
    tell_errors(&run);
    Ok(())
}

/// What stalled readers cost those who push.
async fn stalled_readers(options: &Options, site: &Site, devices: &[Arc<Device>]) -> Result<()> {
    let load = Load { seconds: (options.seconds / 4).max(3), listening: true, pulling: true };
    let stalling = site.let_in(1, options.stalled_readers).await?;
    for device in stalling.iter().take(8) {
        device.fill().await?;
    }
    let mut pairs = Pairs::default();
    for pair in 0..PAIRS {
        for stalled in Pairs::order(pair) {
            let mut held = Vec::new();
            for device in stalling.iter().filter(|_| stalled) {
                held.push(device.stall().await?);
            }
            pairs.add(stalled, measure::run(devices, load).await?);
            // Those who hang up are noticed before the next run begins.
            drop(held);
        }
    }
    pairs.line("push_beside_stalled_readers").with("stalled", stalling.len()).print(options.json);
    server(site, "server_with_stalled_readers", devices.len())?.print(options.json);
    Ok(())
}

/// What telling devices of changes costs those who push. Nobody pulls here, which is another cost.
async fn hints(options: &Options, devices: &[Arc<Device>]) -> Result<()> {
    let seconds = (options.seconds / 4).max(3);
    let mut pairs = Pairs::default();
    for pair in 0..PAIRS {
        for listening in Pairs::order(pair) {
            pairs.add(listening, measure::run(devices, Load { seconds, listening, pulling: false }).await?);
        }
    }
    pairs.line("push_with_hints").print(options.json);
    Ok(())
}

/// Runs with something and without it, taken in turns.
#[derive(Default)]
struct Pairs {
    with: Vec<Samples>,
    without: Vec<Samples>,
    errors: usize,
}

impl Pairs {
    /// Which of the two runs of a pair comes first changes, so that a machine that gets slower favours neither.
    fn order(pair: usize) -> [bool; 2] {
        let first = pair.is_multiple_of(2);
        [first, !first]
    }

    fn add(&mut self, is_with: bool, run: Run) {
        tell_errors(&run);
        self.errors += run.errors.len();
        if is_with { &mut self.with } else { &mut self.without }.push(run.pushes);
    }

    /// What the runs with it took, and of each figure the median over the pairs of its ratio to the run without.
    fn line(self, scenario: &'static str) -> Line {
        let ratio = |figure: &dyn Fn(&Samples) -> f64| {
            let pairs = self.with.iter().zip(&self.without);
            let mut ratios: Vec<_> = pairs.map(|(with, without)| figure(with) / figure(without)).collect();
            round(median(&mut ratios))
        };
        let ratios = [
            ("median_ratio", ratio(&|samples| samples.percentile_ms(50))),
            ("mean_ratio", ratio(&Samples::mean_ms)),
            ("p99_ratio", ratio(&|samples| samples.percentile_ms(99))),
        ];
        let mut all = Samples::default();
        self.with.into_iter().for_each(|samples| all.append(samples));
        let line = line(&all, scenario, 0).with("pairs", PAIRS).with("errors", self.errors);
        ratios.into_iter().fold(line, |line, (name, ratio)| line.with(name, ratio))
    }
}

/// What devices cost that are connected and do nothing.
async fn idle(options: &Options, site: &Site, devices: &[Arc<Device>]) -> Result<()> {
    let missing = options.idle.saturating_sub(devices.len());
    let more = if missing == 0 { Vec::new() } else { site.let_in(1, missing).await? };
    let mut channels = Vec::new();
    for device in devices.iter().chain(&more).take(options.idle) {
        channels.push(tokio::spawn(Arc::clone(device).hear_nothing()));
    }
    tokio::time::sleep(IDLE).await;
    let connected = channels.iter().filter(|channel| !channel.is_finished()).count();
    server(site, "idle", connected)?.print(options.json);
    channels.iter().for_each(tokio::task::JoinHandle::abort);
    Ok(())
}

fn line(samples: &Samples, scenario: &'static str, rows: u64) -> Line {
    samples.line(SUITE, scenario, rows).with("p99_ms", samples.percentile_ms(99))
}

fn server(site: &Site, scenario: &'static str, devices: usize) -> Result<Line> {
    let (memory_kb, connections) = site.server()?;
    Ok(Samples::default()
        .line(SUITE, scenario, 0)
        .with("devices", devices)
        .with("pss_mb", memory_kb / 1000)
        .with("connections", connections))
}

fn median(ratios: &mut [f64]) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
}

fn tell_errors(run: &Run) {
    for error in run.errors.iter().take(5) {
        eprintln!("  {error}");
    }
}
