//! Who is let in, and who is not.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::support::{
    company::Company,
    program::{run_with_one_network, sonoscope, wait_until},
    world,
};

#[test]
fn links_are_tried_before_a_run() {
    let company = Company::of(3);
    for (process, ended) in company.check().into_iter().enumerate() {
        let said = ended.exited(0).stdout;
        for other in (0..3).filter(|other| *other != process) {
            assert!(
                said.contains(&format!("process {other} (127.0.0.1:")),
                "{said}"
            );
        }
        assert!(!said.contains("from this one's"), "one clock: {said}");
    }
}

#[test]
fn clocks_that_differ_are_told_and_change_nothing() {
    let (company, home) = (Company::of(2), tempfile::tempdir().unwrap());
    let rows = |name: &str| home.path().join(name);
    let sink = |name: &str| format!("jsonl:{}", rows(name).display());
    let run = |name: &str| run_with_one_network(["--sink", &sink(name)]).and(world());
    run("alone").done();
    let ended = company.start(|process| match process {
        0 => run("both"),
        _ => run("both").five_minutes_ahead(),
    });
    let ended = ended.done();
    let (first, second) = (&ended[0].stderr, &ended[1].stderr);
    assert!(first.contains("the clock of process 1 is +"), "{first}");
    assert!(second.contains("the clock of process 0 is -"), "{second}");
    let sorted = |name: &str| {
        let text = fs::read_to_string(rows(name)).unwrap();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted("both"), sorted("alone"));
}

#[test]
fn processes_that_mean_different_runs_are_refused() {
    let short = ["--peers-within", "2"];
    let company = Company::of(2);
    for (options, told) in [
        (
            ["--precision", "int8"],
            ["ave-small (int8", "ave-small (fp32"],
        ),
        (["--workers", "2"], ["--workers 2", "--workers 1"]),
        (["--include", "heatmap"], ["--include", "heatmap: true"]),
    ] {
        let run = |process| {
            let run = run_with_one_network(["--sink", "null:"])
                .and(short)
                .and(world());
            match process {
                0 => run,
                _ => run.and(options),
            }
        };
        let mut ended = company.start(run).end().into_iter();
        let first = ended.next().unwrap().exited(3);
        first.explains(&["process 1", "did not appear", told[0], told[1]]);
        let second = ended.next().unwrap().exited(2);
        second.explains(&["process 0", told[0], told[1]]);
    }
}

#[test]
fn who_does_not_know_the_secret_is_told_nothing() {
    let company = Company::of(2);
    let other = company.path("other");
    fs::write(&other, "Walnut-4b1d-Harbor").unwrap();
    let check = || sonoscope(["cluster", "check", "--peers-within", "2"]);
    let first = company.member(0, check()).start();
    let second = (check().and(["--process", "1", "--hosts"]))
        .and([company.path("hosts.txt")])
        .and(["--cluster-secret-file".into(), other]);
    second.end().exited(2).explains(&["another cluster secret"]);
    first
        .end()
        .exited(3)
        .explains(&["process 1", "did not appear"]);
}

#[test]
fn a_number_is_given_once() {
    let company = Company::of(3);
    let check = || sonoscope(["cluster", "check", "--peers-within", "3"]);
    let addresses = fs::read_to_string(company.path("hosts.txt")).unwrap();
    let of_second = addresses.lines().nth(1).unwrap();
    let second = company.member(1, check()).start();
    wait_until("it listens", || TcpStream::connect(of_second).is_ok());
    let again = company.member(1, check()).end().exited(3);
    again.explains(&["cannot listen", "already running"]);
    let told = ["process 0", "process 2", "did not appear within 3 s"];
    second.end().exited(3).explains(&told);
}

#[test]
fn noise_at_the_door_holds_nobody_up() {
    let company = Company::of(2);
    let address = fs::read_to_string(company.path("hosts.txt")).unwrap();
    let address = address.lines().next().unwrap().to_owned();
    let check = || sonoscope(["cluster", "check"]);
    let first = company.member(0, check()).start();
    wait_until("it listens", || TcpStream::connect(&address).is_ok());
    let mut noisy = TcpStream::connect(&address).unwrap();
    let mute: Vec<_> = (0..8)
        .map(|_| TcpStream::connect(&address).unwrap())
        .collect();
    noisy
        .write_all(b"GET / HTTP/1.1\r\nHost: process-0\r\n\r\n and more, and more")
        .unwrap();
    let mut said = Vec::new();
    noisy
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // It may be reset, having been sent more than was wanted of it.
    let _ = noisy.read_to_end(&mut said);
    assert!(said.is_empty(), "a stranger was told {said:?}");
    let second = company.member(1, check()).end();
    second.exited(0);
    let first = first.end().exited(0);
    assert!(first.stderr.contains("was not taken"), "{}", first.stderr);
    drop(mute);
}

#[test]
fn what_cannot_be_a_cluster_is_told() {
    let company = Company::of(2);
    let hosts = company.path("hosts.txt");
    let file = |name: &str, text: &str| {
        let path = company.path(name);
        fs::write(&path, text).unwrap();
        path
    };
    let run = || run_with_one_network(["--sink", "null:"]).and(world());
    let secret = || run().with("SONOSCOPE_CLUSTER_SECRET", "Walnut-4b1d-Harbour");
    let two = ["--processes", "2", "--process", "1", "--hosts"];
    let cases = [
        (
            secret()
                .and(["--processes", "3", "--process", "1", "--hosts"])
                .and([&hosts]),
            "names 2",
        ),
        (
            secret()
                .and(["--processes", "2", "--process", "2", "--hosts"])
                .and([&hosts]),
            "from 0 to 1",
        ),
        (
            secret()
                .and(two)
                .and([file("twice", "127.0.0.1:9\n127.0.0.1:9")]),
            "already process 0",
        ),
        (
            secret().and(two).and([file("odd", "127.0.0.1:9\nhere")]),
            "line 2",
        ),
        (
            secret()
                .and(two)
                .and([file("open", "127.0.0.1:9\n0.0.0.0:9")]),
            "not a private address",
        ),
        (
            secret().and(two).and([company.path("none")]),
            "cannot be read",
        ),
        (secret().and(["--processes", "2"]), "--processes needs"),
        (secret().and(["--process", "1"]), "need --processes"),
        (run().and(two).and([&hosts]), "shared secret"),
        (
            run()
                .with("SONOSCOPE_CLUSTER_SECRET", "short")
                .and(two)
                .and([&hosts]),
            "fewer than 16",
        ),
        (secret().and(two).and([&hosts]).and(["--table"]), "--table"),
    ];
    for (run, told) in cases {
        let ended = run.end().exited(2);
        assert!(
            ended.stderr.contains(told),
            "no `{told}` in {}",
            ended.stderr
        );
    }
}
