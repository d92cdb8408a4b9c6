//! Planting of faults in the text of a design and of its variant.

use super::fault::Fault;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Rules of Verilator that text with faults breaks: signals that could depend on themselves, comparisons that never hold.
const RULES: [&str; 9] = [
    "UNOPTFLAT",
    "CMPCONST",
    "UNSIGNED",
    "WIDTHEXPAND",
    "WIDTHTRUNC",
    "SELRANGE",
    "BLKSEQ",
    "UNUSEDSIGNAL",
    "ALWCOMBORDER",
];

/// Line of a module.
#[derive(Clone, Debug)]
struct Line {
    module: String,
    text: String,
    /// Index among the equal lines of the module.
    copy: usize,
}

/// Plants at most `count` faults, numbered from 1. A fault is planted in both texts if both have the line.
pub(crate) fn plant(rng: &mut Xoshiro256PlusPlus, design: &Path, variant: &Path, count: usize) -> Vec<Fault> {
    let lines = lines(&read(design));
    let mut by_kind: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        if is_core(&line.module) {
            by_kind.entry(kind(&line.module)).or_default().push(index);
        }
    }
    let kinds: Vec<Vec<usize>> = by_kind.into_values().collect();
    let mut chosen: Vec<(usize, Fault)> = Vec::new();
    let mut taken = BTreeSet::new();
    for _ in 0..count * 50 {
        let Some(&index) = kinds.choose(rng).and_then(|lines| lines.choose(rng)) else {
            break;
        };
        let line = &lines[index];
        let fault = Fault::of(&line.module, &line.text, |options| {
            options[rng.random_range(0..options.len())].clone()
        });
        if let Some(fault) = fault
            && chosen.len() < count
            && taken.insert(index)
        {
            chosen.push((index, fault));
        }
    }
    chosen.shuffle(rng);
    let planted: BTreeMap<(String, String, usize), String> = (chosen.iter().enumerate())
        .map(|(number, (index, fault))| {
            let line = &lines[*index];
            let key = (line.module.clone(), line.text.clone(), line.copy);
            (key, fault.planted(number + 1))
        })
        .collect();
    for folder in [design, variant] {
        rewrite(folder, &planted);
    }
    chosen.into_iter().map(|(_, fault)| fault).collect()
}

/// Plants the faults of a list, numbered from 1: module, beginning of the line, expression that replaces the right one.
pub(crate) fn plant_these(design: &Path, variant: &Path, list: &[(&str, &str, &str)]) {
    let lines = lines(&read(design));
    let planted = (1..).zip(list).map(|(number, (module, start, wrong))| {
        let is_it = |line: &&Line| line.module == *module && line.text.trim_start().starts_with(start);
        let line = lines.iter().find(is_it);
        let line = line.unwrap_or_else(|| panic!("no line `{start}` in {module}"));
        let fault = Fault::of(module, &line.text, |_| (*wrong).to_owned()).expect("an expression");
        let key = (line.module.clone(), line.text.clone(), line.copy);
        (key, fault.planted(number))
    });
    let planted: BTreeMap<_, _> = planted.collect();
    assert_eq!(planted.len(), list.len(), "one fault a line");
    for folder in [design, variant] {
        rewrite(folder, &planted);
    }
}

fn rewrite(folder: &Path, planted: &BTreeMap<(String, String, usize), String>) {
    let text: Vec<String> = (lines(&read(folder)).into_iter())
        .map(|line| {
            // The variant's lines say the same, but for streams that can be held back.
            let (text, throttle) = without_throttle(&line.text);
            let planted = planted.get(&(line.module, text, line.copy));
            match (planted, throttle) {
                (None, _) => line.text,
                (Some(planted), None) => planted.clone(),
                (Some(planted), Some(throttle)) => {
                    let (target, fault) = planted.split_once(" = ").expect("an assignment");
                    let fault = fault.trim_end_matches(';');
                    format!("{target} = ({fault}){throttle};")
                }
            }
        })
        .collect();
    write(&folder.join("accelerator.v"), &(text.join("\n") + "\n"));
    let select = "\
reg [31:0] mutant;
reg [31:0] mutants [0:0];
initial begin
    $readmemh(\"mutant.hex\", mutants);
    mutant = mutants[0];
end
endmodule";
    let cosim = std::fs::read_to_string(folder.join("cosim.v")).expect("cosim.v");
    write(&folder.join("cosim.v"), &cosim.replacen("endmodule", select, 1));
    let mut lint = std::fs::read_to_string(folder.join("lint.vlt")).expect("lint.vlt");
    for rule in RULES {
        lint.push_str(&format!("lint_off -rule {rule} -file \"*.v\"\n"));
    }
    write(&folder.join("lint.vlt"), &lint);
}

/// Line without the term that holds a stream back, and that term.
fn without_throttle(line: &str) -> (String, Option<String>) {
    let Some(start) = line.find(" & ~throttle$") else {
        return (line.to_owned(), None);
    };
    let digits = line[start + 13..].find(|c: char| !c.is_ascii_digit());
    let end = digits.map_or(line.len(), |digits| start + 13 + digits);
    (
        format!("{}{}", &line[..start], &line[end..]),
        Some(line[start..end].to_owned()),
    )
}

/// Whether a module of the core takes part in every inference, and is not used only by loading or early exits.
fn is_core(module: &str) -> bool {
    let other = ["$exits$", "$weights", "$thresholds", "$identities", "$margins"];
    module.starts_with("synfire$core") && !other.iter().any(|part| module.contains(part))
}

/// Kind of a module: the last part of its name, without a number.
fn kind(module: &str) -> String {
    let name = module
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end_matches('$');
    name.rsplit('$').next().unwrap_or(name).to_owned()
}

fn lines(text: &str) -> Vec<Line> {
    let mut module = String::new();
    let mut copies: BTreeMap<(String, String), usize> = BTreeMap::new();
    text.lines()
        .map(|line| {
            if let Some(rest) = line.strip_prefix("module ") {
                module = rest.split('(').next().unwrap_or_default().trim().to_owned();
                // A register is what the circuits around it make of it.
                if rest.contains("(d,q,clock)") {
                    module.insert_str(0, "register ");
                }
            }
            let copy = copies.entry((module.clone(), line.to_owned())).or_default();
            *copy += 1;
            Line {
                module: module.clone(),
                text: line.to_owned(),
                copy: *copy,
            }
        })
        .collect()
}

fn read(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("accelerator.v")).expect("accelerator.v")
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("writing");
}
