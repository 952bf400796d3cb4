//! Requests by ureq, to a small server in this process.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use sonoscope_operators::Row;

use super::{Outcome, json};

/// Rows in a request, as many as in the sink's.
const BATCH: usize = 100;

/// Serves for as long as the program runs; the sink's URI.
pub fn serve() -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let listen = move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = move || drop(answer(stream));
            if thread::Builder::new()
                .name("hook".into())
                .spawn(serve)
                .is_err()
            {
                return;
            }
        }
    };
    thread::Builder::new().name("hooks".into()).spawn(listen)?;
    Ok(format!("webhook+http://{address}/rows"))
}

/// Reads requests and says that all is well.
fn answer(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        std::io::copy(&mut (&mut stream).take(length), &mut std::io::sink())?;
        stream
            .get_mut()
            .write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n")?;
    }
}

pub fn run(uri: &str, rows: &[Row]) -> Outcome<()> {
    let agent = ureq::Agent::new_with_defaults();
    let url = uri.trim_start_matches("webhook+");
    for batch in rows.chunks(BATCH) {
        let parts = batch.iter().map(json).collect::<Outcome<Vec<_>>>()?;
        let body = [&b"["[..], &parts.join(&b","[..]), b"]"].concat();
        let request = agent.post(url).header("content-type", "application/json");
        request.send(&body[..])?.body_mut().read_to_vec()?;
    }
    Ok(())
}
