//! The server as a process: how it starts, how it refuses to, how it ends.

use crate::support::{Server, has, run};
use rustix::process::Signal;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn tells_where_it_is() {
    let server = Server::start();
    assert_eq!(server.started["account"], "000000000000");
    assert_eq!(server.started["region"], "us-east-1");
    assert_eq!(server.started["data"].as_str().unwrap(), server.data().to_str().unwrap());
    assert!(server.url.starts_with("http://127.0.0.1:"), "{}", server.url);
    assert_eq!(server.request("GET", "/readyz", "").unwrap(), (200, "ready\n".to_owned()));
}

#[test]
fn a_taken_port_names_the_way_out() {
    let server = Server::start();
    let port = server.started["port"].to_string();
    let other = tempfile::tempdir().unwrap();
    run(&["dev", "--port", &port, "--data", other.path().to_str().unwrap()]).expect(1, "", "--port 0");
}

#[test]
fn one_server_per_folder() {
    let server = Server::start();
    run(&["dev", "--port", "0", "--data", server.data().to_str().unwrap()])
        .expect(1, "", "another Stepwell server has this folder open")
        .expect(1, "", "--ephemeral");
    run(&["doctor", "--data", server.data().to_str().unwrap()]).expect(0, "has this folder open", "");
}

#[test]
fn a_read_only_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut permissions = std::fs::metadata(folder.path()).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder.path(), permissions).unwrap();
    if std::fs::create_dir(&data).is_ok() {
        eprintln!("skipped: needs a user who is not root");
        return;
    }
    run(&["dev", "--port", "0", "--data", data.to_str().unwrap()]).expect(1, "", "is read-only");
}

#[test]
fn what_is_no_folder_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    run(&["dev", "--port", "0", "--data", file.path().to_str().unwrap()]).expect(1, "", "cannot be used");
}

#[test]
fn a_damaged_store_is_refused_by_server_and_doctor() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("store.redb"), vec![7; 100_000]).unwrap();
    let path = folder.path().to_str().unwrap();
    run(&["dev", "--port", "0", "--data", path]).expect(1, "", "is damaged");
    run(&["doctor", "--data", path, "--endpoint", "http://127.0.0.1:1"]).expect(1, "is damaged", "");
}

/// What the environment names is a default; a folder of its own is asked for.
#[test]
fn an_ephemeral_server_leaves_the_named_folder_alone() {
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join("named");
    let mut command = crate::support::stepwell();
    command.env("STEPWELL_DATA", &named).args(["dev", "--port", "0", "--json"]);
    let server = Server::of(command, &named);
    assert_eq!(server.started["data"], named.to_str().unwrap());
    drop(server);
    let mut command = crate::support::stepwell();
    command.env("STEPWELL_DATA", &named).args(["dev", "--port", "0", "--json", "--ephemeral"]);
    let mut server = Server::of(command, &named);
    assert_ne!(server.started["data"], named.to_str().unwrap());
    server.signal(Signal::TERM);
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn an_ephemeral_folder_is_removed() {
    let mut process = crate::support::stepwell()
        .args(["dev", "--port", "0", "--json", "--ephemeral"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = process.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
    let started: serde_json::Value = serde_json::from_str(&line).unwrap();
    let data = std::path::PathBuf::from(started["data"].as_str().unwrap());
    assert!(data.is_dir());
    let pid = rustix::process::Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::INT).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(0));
    assert!(!data.exists());
}

#[test]
fn open_mode_answers_for_allowed_hosts_only() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::with(folder.path(), &["--allow-host", "stepwell.test", "--account", "000000000042"]);
    assert_eq!(server.started["account"], "000000000042");
    let status = |host: &str| {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(status("localhost"), "200");
    assert_eq!(status("stepwell.test"), "200");
    assert_eq!(status("evil.test"), "403");
}

/// What was accepted before SIGTERM is there after it, and the process ends well while requests keep coming.
#[test]
fn sigterm_under_load_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::on(folder.path());
    let wait = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}}"#;
    assert_eq!(server.request("PUT", "/v1/state-machines/w", wait).unwrap().0, 201);
    let accepted: Vec<AtomicUsize> = (0..4).map(|_| AtomicUsize::new(0)).collect();
    std::thread::scope(|scope| {
        for (thread, accepted) in accepted.iter().enumerate() {
            let server = &server;
            scope.spawn(move || {
                // Until the server takes no more.
                loop {
                    let number = accepted.load(Ordering::SeqCst);
                    let path = format!("/v1/state-machines/w/executions?name=t{thread}-{number}");
                    match server.request("POST", &path, "{}") {
                        Ok((202, _)) => accepted.store(number + 1, Ordering::SeqCst),
                        Ok(_) | Err(_) => break,
                    }
                }
            });
        }
        while accepted.iter().map(|accepted| accepted.load(Ordering::SeqCst)).sum::<usize>() < 100 {
            std::thread::yield_now();
        }
        server.signal(Signal::TERM);
    });
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
    let server = Server::on(folder.path());
    let executions = server.run(&["exec", "ls", "w", "--limit", "100000", "--json"]).json();
    let names: std::collections::HashSet<&str> = executions["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    for (thread, accepted) in accepted.iter().enumerate() {
        for number in 0..accepted.load(Ordering::SeqCst) {
            assert!(
                names.contains(format!("t{thread}-{number}").as_str()),
                "t{thread}-{number} was accepted and is gone"
            );
        }
    }
}

#[test]
fn a_kill_loses_nothing_that_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::on(folder.path());
    let pass = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1,"End":true}}}"#;
    assert_eq!(server.request("PUT", "/v1/state-machines/w", pass).unwrap().0, 201);
    assert_eq!(server.request("POST", "/v1/state-machines/w/executions?name=e", "[1]").unwrap().0, 202);
    server.signal(Signal::KILL);
    assert_eq!(server.ended().0, None);
    let server = Server::on(folder.path());
    server.run(&["exec", "tail", "w:e"]).expect(0, "ExecutionSucceeded", "");
}

#[test]
fn a_failed_write_stops_the_server_with_a_reason() {
    if !has("bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::with_files_of_at_most(folder.path(), 12 << 10);
    let wait = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}}"#;
    assert_eq!(server.request("PUT", "/v1/state-machines/w", wait).unwrap().0, 201);
    let input = format!("\"{}\"", "x".repeat(200_000));
    let mut accepted = 0;
    while let Ok((202, _)) =
        server.request("POST", &format!("/v1/state-machines/w/executions?name=e{accepted}"), &input)
    {
        accepted += 1;
        assert!(accepted < 1_000, "nothing fails");
    }
    let (code, log) = server.ended();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("error: the store has stopped: a write failed: "), "{log}");
    let server = Server::on(folder.path());
    let executions = server.run(&["exec", "ls", "w", "--limit", "1000", "--json"]).json();
    assert!(executions["executions"].as_array().unwrap().len() >= accepted, "{accepted} were accepted");
}
