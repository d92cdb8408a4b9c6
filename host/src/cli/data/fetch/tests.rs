use super::*;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use synfire_golden_model::file;
use tempfile::TempDir;

/// Contents of the file that the server has.
const CONTENTS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// How the server answers one request.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// The server sends the whole file, no matter which bytes were requested.
    Whole,
    /// The server sends the bytes that were requested.
    Rest,
    /// The server announces the whole file and sends this many bytes.
    CutOff(usize),
    /// The server sends another file.
    Other,
    /// The server sends this status and no file.
    Status(&'static str),
}

/// A server that gives a list of answers, one per request, and then returns the start of each requested byte range.
struct Server {
    address: String,
    thread: JoinHandle<Vec<Option<usize>>>,
}

impl Server {
    fn start(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/file.gz", listener.local_addr().unwrap());
        let answers = answers.to_vec();
        let thread = std::thread::spawn(move || {
            let serve = |answer| serve(&listener.accept().unwrap().0, answer);
            answers.into_iter().map(serve).collect()
        });
        Self { address, thread }
    }

    fn requests(self) -> Vec<Option<usize>> {
        self.thread.join().unwrap()
    }
}

/// Answers one request and returns the first byte that it requests.
fn serve(mut stream: &TcpStream, answer: Answer) -> Option<usize> {
    let mut start = None;
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap().to_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = range.strip_suffix('-').and_then(|start| start.parse().ok());
        }
        if line.is_empty() {
            break;
        }
    }
    let (head, body) = match answer {
        Answer::Whole => ("200 OK".to_owned(), CONTENTS),
        Answer::Rest => {
            let start = start.unwrap_or(0);
            let last = CONTENTS.len() - 1;
            let head = format!(
                "206 Partial Content\r\nContent-Range: bytes {start}-{last}/{}",
                CONTENTS.len()
            );
            (head, &CONTENTS[start..])
        }
        Answer::CutOff(_) => ("200 OK".to_owned(), CONTENTS),
        Answer::Other => ("200 OK".to_owned(), &b"<html>not the file</html>"[..]),
        Answer::Status(status) => (status.to_owned(), &b"no such thing"[..]),
    };
    let sent = match answer {
        Answer::CutOff(length) => &body[..length],
        _ => body,
    };
    let head = format!(
        "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(sent).unwrap();
    start
}

fn sha256() -> String {
    file::sha256(CONTENTS)
}

fn fetch(address: &str, folder: &TempDir) -> Result<Fetched> {
    let path = folder.path().join("file.gz");
    let result = Fetcher::new().fetch(address, &path, &sha256(), &|_| ProgressBar::hidden());
    if result.is_ok() {
        assert_eq!(std::fs::read(&path).unwrap(), CONTENTS);
        assert!(!part_of(&path).exists());
    }
    result
}

fn part(folder: &TempDir) -> PathBuf {
    folder.path().join("file.gz.part")
}

#[test]
fn a_file_is_fetched_once_and_then_present() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&[Answer::Whole]);
    assert_eq!(fetch(&server.address, &folder).unwrap(), Fetched::Downloaded);
    assert_eq!(fetch(&server.address, &folder).unwrap(), Fetched::Present);
    assert_eq!(server.requests(), [None]);
}

#[test]
fn a_file_that_was_cut_off_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&[Answer::CutOff(10), Answer::Rest]);
    let error = fetch(&server.address, &folder).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: the connection ended after 10 bytes of {}",
            server.address,
            CONTENTS.len()
        )
    );
    assert_eq!(std::fs::read(part(&folder)).unwrap(), &CONTENTS[..10]);
    assert_eq!(fetch(&server.address, &folder).unwrap(), Fetched::Resumed);
    assert_eq!(server.requests(), [None, Some(10)]);
}

#[test]
fn a_server_that_cannot_continue_starts_over() {
    for answers in [
        &[Answer::Whole][..],
        &[Answer::Status("416 Range Not Satisfiable"), Answer::Whole],
    ] {
        let folder = tempfile::tempdir().unwrap();
        // The part is longer than the file and has other bytes.
        std::fs::write(part(&folder), [b'#'; 100]).unwrap();
        let server = Server::start(answers);
        assert_eq!(fetch(&server.address, &folder).unwrap(), Fetched::Downloaded);
        assert_eq!(server.requests()[0], Some(100));
    }
}

#[test]
fn another_file_is_refused_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&[Answer::Other]);
    let error = fetch(&server.address, &folder).unwrap_err();
    let found = file::sha256(b"<html>not the file</html>");
    assert_eq!(
        error.to_string(),
        format!(
            "{} has SHA-256 {found}, wanted {}; the downloaded file was removed",
            server.address,
            sha256()
        )
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    server.requests();
}

#[test]
fn a_part_of_another_file_is_removed_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(part(&folder), b"##").unwrap();
    let server = Server::start(&[Answer::Rest, Answer::Whole]);
    assert!(matches!(
        fetch(&server.address, &folder),
        Err(DownloadError::Checksum { .. })
    ));
    assert_eq!(fetch(&server.address, &folder).unwrap(), Fetched::Downloaded);
    assert_eq!(server.requests(), [Some(2), None]);
}

#[test]
fn a_file_in_the_way_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.gz");
    std::fs::write(&path, "mine").unwrap();
    let error = fetch("http://127.0.0.1:9/file.gz", &folder).unwrap_err();
    assert!(matches!(error, DownloadError::Occupied { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}

#[test]
fn the_status_of_the_server_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&[
        Answer::Status("404 Not Found"),
        Answer::Status("503 Service Unavailable"),
    ]);
    for status in ["404 (Not Found)", "503 (Service Unavailable)"] {
        let error = fetch(&server.address, &folder).unwrap_err().to_string();
        assert_eq!(error, format!("{}: the server answers {status}", server.address));
        assert!(!part(&folder).exists(), "an empty part is useless");
    }
    server.requests();
}

#[test]
fn a_server_that_is_not_there_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    // The listener is bound and dropped, so that nothing listens at its address.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = fetch(&format!("http://{address}/file.gz"), &folder).unwrap_err();
    assert!(matches!(error, DownloadError::Connection { .. }), "{error}");
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot reach http://{address}/file.gz: ")),
        "{error}"
    );
}
