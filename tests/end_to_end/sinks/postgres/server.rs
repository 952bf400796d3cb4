//! A PostgreSQL of its own.

use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::super::house::{Server, Tls, free_port};
use crate::support::program::tool;

/// What durable disks cost is not what is tested: nobody pulls the plug. That the server would
/// forget what it has just committed is: a sink does not leave it at that.
const SETTINGS: &str = "fsync = off\nsynchronous_commit = off\nautovacuum = off\n\
    max_connections = 20\nshared_buffers = 16MB\n";

/// The server, with a database `cameras` and a user of the same name.
pub struct Database {
    server: Server,
    port: u16,
    /// Where its data is; others than root have to get there.
    home: tempfile::TempDir,
}

impl Database {
    /// One that lets everybody in, or, with TLS, asks for a password.
    pub fn start(tls: Option<&Tls>) -> Self {
        let home = tempfile::Builder::new().prefix("pg-").tempdir().unwrap();
        own(home.path());
        let data = home.path().join("data");
        let initdb = [
            "--no-sync",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "-D",
        ];
        let made = command("initdb").args(initdb).arg(&data).output().unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let port = free_port();
        let settings = format!(
            "{SETTINGS}port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n{}",
            home.path().display(),
            tls.map_or(String::new(), |tls| with_tls(&data, tls)),
        );
        fs::write(data.join("postgresql.auto.conf"), settings).unwrap();
        let start = {
            let data = data.clone();
            move || {
                let mut command = command("postgres");
                command.arg("-D").arg(&data);
                command
            }
        };
        let mut database = Self {
            server: Server::start(home.path(), port, start),
            port,
            home,
        };
        database.wait();
        database.run("CREATE ROLE cameras LOGIN PASSWORD 'hush-hush'");
        database.run("CREATE DATABASE cameras OWNER cameras");
        database
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its processes are gone from one moment to the next.
    pub fn stop(&mut self) {
        let children = self.server.children();
        self.server.kill();
        // They see that they are orphans, but later.
        for child in children {
            let _ = Command::new("kill").args(["-KILL", &child]).output();
        }
    }

    /// It is back, as far as it came.
    pub fn start_again(&mut self) {
        self.server.run();
        self.wait();
    }

    /// It answers nothing, or answers again. Each of its processes is in a session of its own.
    pub fn hang(&self, does: bool) {
        let signal = if does { "-STOP" } else { "-CONT" };
        self.server.signal(&signal[1..]);
        for child in self.server.children() {
            let _ = Command::new("kill").args([signal, &child]).output();
        }
    }

    /// Runs statements as its owner.
    pub fn run(&self, sql: &str) -> String {
        let database = match sql.starts_with("CREATE DATABASE") || sql.starts_with("CREATE ROLE") {
            true => "postgres",
            false => "cameras",
        };
        let told = self
            .psql(database, sql)
            .unwrap_or_else(|told| panic!("{sql}: {told}"));
        told.trim().to_owned()
    }

    /// What a query says, as JSON; nothing while it does not answer.
    pub fn json(&self, query: &str) -> Option<Vec<Value>> {
        let told = self.psql(
            "cameras",
            &format!("SELECT row_to_json(said) FROM ({query}) said"),
        );
        let lines = told.ok()?;
        Some(
            lines
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
        )
    }

    fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let port = self.port.to_string();
        let asked = Command::new("psql")
            .args([
                "--no-psqlrc",
                "-qAt",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "postgres",
                "-p",
                &port,
            ])
            .arg("-h")
            .arg(self.home.path())
            .args(["-d", database, "-c", sql])
            .output()
            .unwrap_or_else(|error| panic!("psql: {error}; run `make setup`"));
        match asked.status.success() {
            true => Ok(String::from_utf8(asked.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&asked.stderr).into_owned()),
        }
    }

    /// Its port is open before it answers.
    fn wait(&mut self) {
        crate::support::program::wait_until("PostgreSQL answers", || {
            self.psql("postgres", "SELECT 1").is_ok()
        });
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.hang(false);
        self.stop();
    }
}

fn with_tls(data: &Path, tls: &Tls) -> String {
    let put = |from: &Path, name: &str| {
        let path = data.join(name);
        fs::copy(from, &path).unwrap();
        tool("chmod", ["600", path.to_str().unwrap()]);
        own(&path);
    };
    put(&tls.certificate, "server.crt");
    put(&tls.key, "server.key");
    let doors = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
    fs::write(data.join("pg_hba.conf"), doors).unwrap();
    "ssl = on\n".into()
}

/// A program of PostgreSQL. Its server does not run as root.
fn command(name: &str) -> Command {
    let program = installed(name);
    let mut command = match owner() {
        None => Command::new(program),
        Some((user, group)) => {
            let mut command = Command::new("setpriv");
            let (user, group) = (format!("--reuid={user}"), format!("--regid={group}"));
            command.args([&user, &group, "--clear-groups"]).arg(program);
            command
        }
    };
    command
        .current_dir("/")
        .env_remove("LC_ALL")
        .env("LANG", "C.UTF-8");
    command
}

/// The newest that is installed: Debian keeps servers out of the path.
fn installed(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let programs = versions.map(|version| version.path().join("bin").join(name));
    let newest = programs.filter(|path| path.is_file()).max();
    let in_path = || {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&paths).map(|folder| folder.join(name));
        found.into_iter().find(|path| path.is_file())
    };
    newest
        .or_else(in_path)
        .unwrap_or_else(|| panic!("{name} of PostgreSQL is not installed; run `make setup`"))
}

/// User and group `postgres`, if this is root.
fn owner() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let id = |flag: &str| {
        let number = tool("id", [flag, "postgres"]);
        String::from_utf8(number).unwrap().trim().parse().unwrap()
    };
    Some((id("-u"), id("-g")))
}

fn own(path: &Path) {
    if let Some((user, group)) = owner() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}
