//! Every pointer of every Markdown file holds: links and anchors, paths, names of code, flags, and command lines.

mod check;
mod commands;
mod exceptions;
mod faults;
mod markdown;
mod paths;
mod repository;
mod symbols;

use check::{Finding, check};
use exceptions::EXCEPTIONS;
use repository::Repository;
use std::fmt::Write as _;

#[test]
fn every_pointer_of_every_document_holds() {
    let repository = Repository::read(&synfire_tests::repository());
    let outcome = check(&repository);
    println!("{} documents: {:?}", repository.documents.len(), outcome.counts);
    // A check that finds nothing to check is none.
    let counts = outcome.counts;
    assert!(
        repository.documents.len() >= 15,
        "{:?}",
        repository.documents.keys()
    );
    assert!(counts.links >= 80 && counts.anchors >= 20, "{counts:?}");
    assert!(counts.paths >= 80 && counts.symbols >= 400, "{counts:?}");
    assert!(counts.places >= 1 && counts.modules >= 20, "{counts:?}");
    assert!(counts.flags >= 40 && counts.commands >= 80, "{counts:?}");
    let mut list = String::new();
    for finding in &outcome.findings {
        let Finding {
            path,
            line,
            text,
            reason,
        } = finding;
        writeln!(list, "{path}:{line}: `{text}`: {reason}").expect("a string takes any text");
    }
    for (text, _) in EXCEPTIONS {
        if !outcome.excepted.contains(text) {
            writeln!(list, "exceptions.rs: `{text}`: no document needs this exception")
                .expect("a string takes any text");
        }
    }
    assert!(list.is_empty(), "pointers that lead nowhere:\n{list}");
}
