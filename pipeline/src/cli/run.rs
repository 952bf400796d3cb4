//! `sonoscope run`: recordings and cameras in, a row for every second out.

mod cameras;
mod shown;
mod sinks;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::Args;
use jiff::Timestamp;
use sonoscope_models::{Devices, LARGEST_BATCH, Precision};
use sonoscope_operators::{Include, slice::DEFAULT_SILENCE_DBFS};

use super::{ClusterArgs, ServerArgs, stop_on_signal};
use crate::{
    cameras::Transport,
    config::{CameraTable, Choices, Config, follow::follow},
    fault::{Exit, Fault},
    inputs::{Clock, Inputs},
    job::{Job, Outcome, StateOptions},
    roll::Roll,
    sinks::{Extra, SinkSpec, SinkUri},
    sources::{Decoding, Frames, Reading, SecondRange, Stop},
    summary,
    views::{ViewName, ViewTables},
};

/// What `sonoscope run` takes. Everything may also stand in a file (`--config`); what is said
/// here goes before what stands there.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// What to look at and listen to: cameras and other live sources (rtsp://, rtsps://, http://,
    /// https://, srt://, rtmp://, v4l2:/dev/video0, - for MPEG-TS or Matroska on standard input), or
    /// recordings (paths, file:// URLs), folders (all recordings in
    /// them and below), patterns ('cam*/**/*.mp4'), lists (@FILE, or @- for standard input: a path
    /// a line, behind it, after a tab or comma, id=NAME and start=TIME), or a list in AudioSet's or
    /// AVE's form (FILE.csv, with --clips).
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<OsString>,

    /// The folder with the clips of a published list.
    #[arg(long, value_name = "DIR")]
    pub clips: Option<PathBuf>,

    /// Stay, and take what comes into the folders as soon as it is finished, until Ctrl-C.
    #[arg(long)]
    pub watch: bool,

    /// When the recording began, as 2024-05-01T12:00:00Z: rows then have a wall clock.
    #[arg(long, value_name = "TIME", conflicts_with = "clock")]
    pub start: Option<Timestamp>,

    /// Where to find when recordings began: `container`, the time of creation that is written in
    /// them, or what file names look like, as 'cam1_%Y%m%d_%H%M%S' (in UTC unless there is a %z;
    /// `*` at its begin stands for anything).
    #[arg(long, value_name = "container|PATTERN")]
    pub clock: Option<Clock>,

    /// A network by name or folder; may be repeated. Default: avol-small and ave-small.
    #[arg(short, long = "network", value_name = "NAME|DIR")]
    pub networks: Vec<String>,

    /// Where rows go; may be repeated: jsonl:PATH, jsonl:- (stdout, the default),
    /// parquet:DIR (a folder that is empty), or a broker, database or web server: `sonoscope sinks`
    /// lists all.
    #[arg(short = 's', long = "sink", value_name = "URI")]
    pub named_sinks: Vec<String>,

    /// An answer to keep up to date while rows come; may be repeated: episodes, rolling, nearest,
    /// sync, matrix, versus. The table `views` of --config says more.
    #[arg(long = "view", value_name = "NAME", hide_possible_values = true)]
    pub named_views: Vec<ViewName>,

    /// Write a picture with its heatmap for every second in which the sound's place is known.
    #[arg(long, value_name = "DIR")]
    pub heatmaps: Option<PathBuf>,

    /// Write each recording as a video with heatmap, score bar and its own sound.
    #[arg(long, value_name = "DIR")]
    pub overlay: Option<PathBuf>,

    /// Print, at the end, what was heard and seen second by second.
    #[arg(long)]
    pub table: bool,

    /// What rows carry besides.
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    pub include: Vec<Extra>,

    /// Dataflow workers, each a thread [default: 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,

    /// Threads that run the networks [default: one a core; two a card, so that one batch is copied
    /// while another is computed].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,

    /// Seconds that a card is given at once, at most; they wait for others only while it is busy
    /// [default: 128; 16 with networks that look at windows].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=LARGEST_BATCH as i64))]
    pub batch: Option<u16>,

    /// What the networks run on: auto, cpu, cuda, cuda:N, tensorrt, tensorrt:N; cuda:0,cuda:1 for
    /// several cards [default: auto].
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<Devices>,

    /// Where pictures are decoded: auto, on a card if the networks run on one; cpu; gpu, on a card
    /// where it can, else on the processor, which is told [default: auto].
    #[arg(long, value_name = "WHERE")]
    pub decode: Option<Decoding>,

    /// In which numbers the networks compute: fp32, int8, fp16 [default: fp32].
    #[arg(long, value_name = "PRECISION")]
    pub precision: Option<Precision>,

    /// First second wanted [default: 0].
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
    pub from: Option<i64>,

    /// First second no longer wanted [default: the end].
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
    pub to: Option<i64>,

    /// Which picture stands for a second: exact, the one on show at its middle; keyframe, the
    /// nearest key frame, which is the fastest; all, as exact but decoding everything
    /// [default: exact].
    #[arg(long, value_name = "WHICH", hide_possible_values = true)]
    pub frames: Option<Frames>,

    /// Sound below this level, in dB below full scale, is silent [default: -60].
    #[arg(long, value_name = "DBFS", allow_negative_numbers = true)]
    pub silence: Option<f32>,

    /// Keep in this folder how far the job is: the same command goes on where the last one
    /// stopped, whatever stopped it, and does nothing twice. See `sonoscope status`.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Try sources again that failed in an earlier run.
    #[arg(long)]
    pub retry_failed: bool,

    /// Seconds from one commit to the next, for each of which the disk is waited for [default: 1].
    #[arg(long, value_name = "S")]
    pub commit_every: Option<f32>,

    /// How the data of RTSP cameras travels: auto, by UDP, and by TCP where nothing comes by it;
    /// tcp; udp [default: auto].
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    pub rtsp_transport: Option<Transport>,

    /// Connect a live source anew when nothing has come for so many seconds [default: 10].
    #[arg(long, value_name = "S")]
    pub stall: Option<f32>,
    /// Whether the run can be asked over HTTP.
    #[command(flatten)]
    pub server: ServerArgs,

    /// Whether it is one of several processes.
    #[command(flatten)]
    pub cluster: ClusterArgs,

    /// A TOML file with any of the above.
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,

    /// The `[[source]]` tables of the file.
    #[arg(skip)]
    pub cameras: Vec<CameraTable>,

    /// The sinks, understood.
    #[arg(skip)]
    pub sinks: Vec<SinkUri>,

    /// The `[views]` table of the file.
    #[arg(skip)]
    pub views: ViewTables,

    /// The `[[sink]]` tables of the file.
    #[arg(skip)]
    pub sink_tables: Vec<SinkSpec>,

    /// See whether every sink can be opened, and end.
    #[arg(long)]
    pub dry_run: bool,
}

/// The networks that run unless others are named.
pub const DEFAULT_NETWORKS: [&str; 2] = ["avol-small", "ave-small"];

/// Does it.
///
/// # Errors
/// What kept the run from beginning.
pub fn run(mut args: RunArgs, quiet: bool) -> Result<Exit, Fault> {
    // Not by clap, whose errors repeat what was said, secrets and all.
    let named = args.named_sinks.iter().map(|uri| uri.parse());
    args.sinks = named.collect::<Result<_, _>>().map_err(Fault::usage)?;
    let args = match args.config.clone() {
        Some(path) => Config::read(&path)?.under(args),
        None => args,
    };
    let args = shown::with_overlay(args)?;
    crate::start_gstreamer()?;
    shown::can_be_shown(&args)?;
    let (overlay, table) = (args.overlay.clone(), args.table);
    let (config, tables) = (args.config.clone(), args.cameras.clone());
    let is_dry = args.dry_run;
    let job = job(args)?;
    if is_dry {
        return sinks::try_out(&job);
    }
    if table || overlay.is_some() || job.heatmaps.is_some() {
        shown::must_show(&job)?;
    }
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    // Process 0 of a cluster has the list of sources, and tells what became of them.
    let follows = job.cluster.as_ref().is_some_and(|place| place.process > 0);
    match config.filter(|_| !tables.is_empty()) {
        _ if follows => {}
        Some(path) => {
            let choices = Choices {
                networks: job.networks.clone(),
                sinks: job.sinks.iter().map(|sink| sink.uri.clone()).collect(),
            };
            follow(path, tables, choices, job.cameras.clone(), stop.clone())
                .map_err(Fault::environment)?;
        }
        // There is nobody to put more in.
        None if job.server.is_none() => job.cameras.close(),
        None => {}
    }
    let roll = Roll::new(table || overlay.is_some());
    let job = Job {
        roll: roll.clone(),
        ..job
    };
    let (tracks, witness) = crate::overlay::tracks(table || overlay.is_some());
    let mut outcome = job.run(&stop, witness)?;
    let sources = roll.take();
    if table {
        eprint!("{}", crate::table::of(&tracks, &sources));
    }
    if let Some(folder) = overlay
        && outcome.fault.is_none()
        && !stop.is_raised()
    {
        outcome.fault = crate::overlay::render(&folder, &sources, &tracks, &stop).err();
    }
    conclude(outcome, quiet || follows)
}

fn conclude(outcome: Outcome, quiet: bool) -> Result<Exit, Fault> {
    summary::print_totals(&outcome.totals, &outcome.remains.left_behind, quiet);
    let is_settled = summary::print_deliveries(&outcome.remains.deliveries, quiet);
    match outcome.fault {
        Some(fault) => Err(fault),
        None if !is_settled => Ok(Exit::Environment),
        None => Ok(outcome.totals.exit()),
    }
}

fn inputs(args: &RunArgs) -> Result<Inputs, Fault> {
    let clock = match (args.start, &args.clock) {
        (Some(start), _) => Clock::Given(start),
        (None, Some(clock)) => clock.clone(),
        (None, None) => Clock::None,
    };
    let inputs = Inputs::new(&args.sources, args.clips.as_deref())?.with_clock(clock)?;
    match args.watch {
        true => inputs.with_watch(),
        false => Ok(inputs),
    }
}

/// What was asked for, with the defaults filled in.
fn job(mut args: RunArgs) -> Result<Job, Fault> {
    let may_come = args.server.listen.is_some();
    if args.sources.is_empty() && args.cameras.is_empty() && !may_come {
        return Err(Fault::usage("no source is named").tip("sonoscope run VIDEO.mp4"));
    }
    let default = SecondRange::default();
    let range = SecondRange {
        from: args.from.unwrap_or(default.from),
        to: args.to.unwrap_or(default.to),
    };
    if range.from >= range.to {
        return Err(Fault::usage(format!(
            "--from {} is not before --to {}",
            range.from, range.to
        )));
    }
    if args.networks.is_empty() {
        args.networks = DEFAULT_NETWORKS.map(str::to_owned).to_vec();
    }
    let cameras = cameras::roster(&mut args)?;
    let inputs = inputs(&args)?;
    let (state, server) = (state(&args)?, args.server.options()?);
    let cluster = args.cluster.place()?;
    let networks = args.networks;
    let sinks = sinks::named(args.sinks, args.sink_tables)?;
    let views = args.views.with(&args.named_views);
    sinks::can_be_told(&views, &sinks)?;
    let reading = Reading {
        range,
        frames: args.frames.unwrap_or_default(),
        grid: None,
        decoding: args.decode.unwrap_or_default(),
    };
    Ok(Job {
        inputs,
        cameras,
        reading,
        roll: Roll::default(),
        networks,
        sinks,
        views,
        include: Include::from_iter(args.include.iter().copied()),
        heatmaps: args.heatmaps,
        workers: args.workers.map_or(1, usize::from),
        threads: args.threads.map(usize::from),
        batch: args.batch.map(usize::from),
        device: args.device.unwrap_or_default(),
        precision: args.precision.unwrap_or(Precision::Fp32),
        silence_dbfs: args.silence.unwrap_or(DEFAULT_SILENCE_DBFS),
        state,
        server,
        cluster,
    })
}

/// How the state of the job is to be kept, if it is.
fn state(args: &RunArgs) -> Result<Option<StateOptions>, Fault> {
    let Some(folder) = args.state.clone() else {
        let alone = |name| {
            let fault = Fault::usage(format!("{name} is of no use without --state DIR"));
            Err(fault.tip("say with --state where it is kept how far the job is"))
        };
        return match (args.retry_failed, args.commit_every) {
            (true, _) => alone("--retry-failed"),
            (_, Some(_)) => alone("--commit-every"),
            (false, None) => Ok(None),
        };
    };
    let seconds = args.commit_every.unwrap_or(1.0);
    let commit_every = Duration::try_from_secs_f32(seconds)
        .map_err(|error| Fault::usage(format!("--commit-every {seconds}: {error}")))?;
    Ok(Some(StateOptions {
        folder,
        retry_failed: args.retry_failed,
        commit_every,
    }))
}
