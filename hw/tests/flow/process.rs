//! Processes: the output of a tool is in a log, and the end of the log in the error.

use std::path::Path;
use std::time::{Duration, Instant};
use synfire_hw::Error;
use synfire_hw::process::{Cancel, End, run, run_unless_stuck};
use synfire_hw::tool::{Found, Tool};

/// Shell in place of a tool.
fn shell(path: &str) -> Found {
    Found {
        tool: Tool::Yosys,
        path: path.into(),
        version: None,
        root: None,
    }
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("tool.log")).expect("a log")
}

#[test]
fn a_tool_runs_in_its_folder_and_both_its_outputs_are_logged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = "echo out; echo error >&2; pwd; touch made";
    run(
        &shell("/bin/sh"),
        folder.path(),
        &["-c", script],
        "tool.log",
        &Cancel::default(),
    )
    .expect("runs");
    let there = folder.path().canonicalize().expect("a folder");
    assert_eq!(log(folder.path()), format!("out\nerror\n{}\n", there.display()));
    assert!(folder.path().join("made").exists());
}

#[test]
fn a_tool_that_fails_shows_the_end_of_its_log() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = "for line in $(seq 20); do echo line $line; done; exit 3";
    let error = run(
        &shell("/bin/sh"),
        folder.path(),
        &["-c", script],
        "tool.log",
        &Cancel::default(),
    )
    .expect_err("fails");
    let Error::ToolFailed {
        tool,
        status,
        log: path,
        tail,
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((tool.as_str(), status.as_str()), ("yosys", "exit status: 3"));
    assert_eq!(path, folder.path().join("tool.log"));
    let last: Vec<String> = (9..=20).map(|line| format!("line {line}")).collect();
    assert_eq!(tail, last.join("\n"));
    assert_eq!(log(folder.path()).lines().count(), 20);
}

#[test]
fn a_tool_that_cannot_be_started_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = run(
        &shell("/no/such/tool"),
        folder.path(),
        &[],
        "tool.log",
        &Cancel::default(),
    )
    .expect_err("not there");
    assert!(
        error.to_string().starts_with("running /no/such/tool failed: "),
        "{error}"
    );
}

#[test]
fn a_tool_is_stopped_from_another_thread() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cancel = Cancel::default();
    let other = cancel.clone();
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        other.cancel();
    });
    let script = "exec sleep 600";
    let error = run(
        &shell("/bin/sh"),
        folder.path(),
        &["-c", script],
        "tool.log",
        &cancel,
    )
    .expect_err("stopped");
    stopper.join().expect("the other thread");
    assert!(error.to_string().ends_with(" was stopped"), "{error}");
}

#[test]
fn a_tool_that_goes_in_circles_is_stopped_and_one_that_does_not_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let watched = |script: &str| {
        run_unless_stuck(
            &shell("/bin/sh"),
            folder.path(),
            &["-c", script],
            "tool.log",
            &Cancel::default(),
            |log| log.matches(" iter=").count() > 3,
        )
        .expect("no failure")
    };
    let circles = "while true; do echo \"Info: iter=1\"; sleep 0.05; done";
    assert_eq!(watched(circles), End::Stuck);
    assert!(log(folder.path()).matches(" iter=").count() > 3);
    assert_eq!(watched("echo \"Info: iter=1\"; echo \"Info: iter=2\""), End::Done);
}

/// Whether a process exists and is not a zombie.
fn is_alive(process: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", process.trim())).is_ok_and(|stat| !stat.contains(") Z "))
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_tool_has_started_ends_with_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for script in [
        "sleep 600 & echo $! > child; exit 3",
        "trap '' TERM HUP; sleep 600 & echo $! > child; exit 0",
    ] {
        let _ = run(
            &shell("/bin/sh"),
            folder.path(),
            &["-c", script],
            "tool.log",
            &Cancel::default(),
        );
        let child = std::fs::read_to_string(folder.path().join("child")).expect("a process");
        // The signal has been sent; it takes a moment until the process has ended.
        let sent = Instant::now();
        while is_alive(&child) {
            assert!(sent.elapsed() < Duration::from_secs(20), "{script}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(unix)]
#[test]
fn a_log_is_not_written_through_a_link() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outside = folder.path().join("outside");
    std::fs::write(&outside, "mine").expect("writes");
    std::os::unix::fs::symlink(&outside, folder.path().join("tool.log")).expect("a link");
    let arguments = ["-c", "echo out"];
    run(
        &shell("/bin/sh"),
        folder.path(),
        &arguments,
        "tool.log",
        &Cancel::default(),
    )
    .expect("runs");
    assert_eq!(std::fs::read_to_string(&outside).expect("a file"), "mine");
    assert_eq!(log(folder.path()), "out\n");
}
