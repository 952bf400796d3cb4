//! What it costs to hand on the rows of cameras as they come.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use super::{INCLUDE, LIMIT, Outcome, open, plain, rows};
use sonoscope_operators::Include;

/// Of the kernel's clock, in which processors' time is told.
const TICKS_A_SECOND: f64 = 100.0;

/// So many rows each second for so many seconds into all these sinks at once. Gives the seconds of
/// processor that it took, with librdkafka's mock cluster where one of the sinks is Kafka's.
pub fn run(arguments: &[String]) -> Outcome<serde_json::Value> {
    let [rows_a_second, seconds, include, uris @ ..] = arguments else {
        return Err("usage: sinks-alone steady ROWS_A_SECOND SECONDS all|scores URI...".into());
    };
    let (rows_a_second, seconds): (usize, u32) = (rows_a_second.parse()?, seconds.parse()?);
    let include = match include.as_str() {
        "all" => INCLUDE,
        _ => Include::default(),
    };
    let (mut sinks, mut kept) = (Vec::new(), Vec::new());
    for uri in uris {
        let uri = match uri.starts_with("kafka:") {
            true => {
                let (uri, cluster) = plain::kafka::mock(uri)?;
                kept.push(cluster);
                uri
            }
            false => uri.clone(),
        };
        sinks.push(open(&uri, include)?);
    }
    let made = rows::made(rows_a_second as i64 * i64::from(seconds), 0);
    let (begun, before_s) = (Instant::now(), processor_s()?);
    for (second, epoch) in (1..).zip(made.chunks(rows_a_second)) {
        for sink in &mut sinks {
            sink.write(epoch)?;
            sink.flush()?;
            sink.commit()?;
        }
        let next = begun + second * Duration::from_secs(1);
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    for sink in &mut sinks {
        sink.drain(Instant::now() + LIMIT)?;
        sink.finish()?;
    }
    let cpu_s = processor_s()? - before_s;
    Ok(serde_json::json!({
        "cpu_seconds": cpu_s,
        "wall_seconds": begun.elapsed().as_secs_f64(),
        "rows": made.len(),
    }))
}

/// Of all threads of this process so far, in it and in the kernel for it.
fn processor_s() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the process, which may hold anything, ends with the last bracket.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: Result<Vec<f64>, _> = ticks.map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / TICKS_A_SECOND)
}
