//! Block diagram: it is well-formed and shows what the generator builds, for every kind of network.

use crate::network::{any_model, one_spike_per_step, random_lanes, random_model};
use crate::xml::{Element, parse};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::file::hex;
use synfire_golden_model::integer::QuantizedModel;
use synfire_hw::accelerator::core_params;
use synfire_hw::board::{Board, Features};
use synfire_hw::build::design;
use synfire_hw::circuit::engine::EngineParams;
use synfire_hw::circuit::word_memory::{MemoryShape, Style};
use synfire_hw::diagram;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::{LayerPlan, Plan, block_rams};
use synfire_hw::traffic::from_rates;

fn board(name: &str, features: Features) -> Board {
    let mut board = Board::find(name).expect("a built-in board");
    board.link.features = features;
    board
}

const NOTHING: Features = Features {
    encoder: false,
    early_exit: false,
    reloadable: false,
};

fn draw(model: &QuantizedModel, board: &Board, plan: &Plan) -> Element {
    let text = diagram::svg(model, board, plan).expect("draws");
    assert_eq!(
        text,
        diagram::svg(model, board, plan).expect("draws"),
        "each time"
    );
    parse(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Random networks, some with junctions, on a board of each family, with all features and without any.
fn networks() -> Vec<(QuantizedModel, Board, Plan)> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let boards = [
        board("ulx3s-85f", Features::default()),
        board("ice40-hx8k", NOTHING),
        board("tang-nano-9k", Features::default()),
        board("icebreaker", Features::default()),
    ];
    (0..32)
        .map(|index| {
            let model = any_model(&mut rng);
            let board = boards[index % boards.len()].clone();
            let lanes = random_lanes(&mut rng, &model);
            // So many that queues are deep.
            let spikes = vec![if index % 2 == 0 { 500.0 } else { 1.0 }; lanes.len()];
            let traffic = from_rates(&model, &spikes).expect("a valid model");
            let plan = Plan::with_lanes(&model, &board, &traffic, &lanes).expect("lanes fit");
            (model, board, plan)
        })
        .collect()
}

/// Text of a memory in the picture.
fn memory(name: &str, shape: MemoryShape, board: &Board) -> String {
    let words = if shape.depth == 1 {
        "1 word".into()
    } else {
        format!("{} words", shape.depth)
    };
    let built = match shape.style {
        Style::Block => format!(
            "{} block RAM",
            block_rams(board.device.family, shape.depth, shape.word_bits())
        ),
        Style::Distributed => "distributed RAM".into(),
        Style::Logic => "logic".into(),
        Style::Spram => format!(
            "{} SPRAM",
            shape.depth.div_ceil(16384) * shape.word_bits().div_ceil(16)
        ),
    };
    format!(
        "{name}: {words} of {} × {} bits, {built}",
        shape.lanes, shape.width
    )
}

fn check_layer(group: &Element, plan: &LayerPlan, engine: &EngineParams, board: &Board) {
    let name = &plan.name;
    let texts = group.texts();
    assert!(texts.contains(&name.as_str()), "{name}: {texts:?}");
    let lanes = |number: usize, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let engine_text = format!(
        "{} × {}",
        lanes(engine.lanes, "lane"),
        lanes(engine.groups, "group")
    );
    assert!(texts.contains(&engine_text.as_str()), "{engine_text}: {texts:?}");
    let cycles = texts
        .iter()
        .find(|text| text.contains("ideal cycles"))
        .expect("cycles");
    let cycles = cycles.split(' ').next().expect("a number").replace(',', "");
    let cycles: f64 = cycles.parse().expect("a number");
    assert!((cycles - plan.ideal_cycles).abs() <= 0.5, "{name}: {cycles}");
    assert!(
        texts.contains(&format!("LUT {}", grouped(plan.cost.luts)).as_str()),
        "{texts:?}"
    );

    let memories = group.groups("memory");
    let titles: Vec<&str> = memories.iter().map(|memory| memory.title()).collect();
    let mut wanted = vec![
        memory("weights", engine.weights.shape, board),
        memory("membranes", engine.membranes, board),
    ];
    if engine.settle.fires {
        wanted.push(memory("thresholds", engine.thresholds.shape, board));
    }
    if engine.has_identity() {
        wanted.push(memory("identities", engine.identities.shape, board));
    }
    if engine.settle.biased {
        wanted.push(memory("biases", engine.biases.shape, board));
    }
    for wanted in &wanted {
        assert!(
            titles.contains(&wanted.as_str()),
            "{name}: {wanted} in {titles:?}"
        );
    }
    for (path, depth) in engine.paths.iter().zip(&plan.fifo_depths) {
        let fifo = format!(
            ": {} events of {} bits",
            grouped(*depth),
            path.sources.entry_bits()
        );
        let is_it = |title: &&&str| title.starts_with("FIFO") && title.contains(&fifo);
        assert!(
            titles.iter().any(|title| is_it(&title)),
            "{name}: {fifo} in {titles:?}"
        );
    }
    let extra = usize::from(plan.queue_depth > 0) + engine.paths.len();
    assert_eq!(titles.len(), wanted.len() + extra, "{name}: {titles:?}");
}

fn grouped(number: usize) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

/// Number of block RAMs of memories, read from their titles.
fn block_rams_of(group: &Element) -> usize {
    let memories = group.groups("memory");
    let number = |memory: &&Element| {
        let built = memory.title().rsplit(", ").next()?.strip_suffix(" block RAM")?;
        built.parse::<usize>().ok()
    };
    memories.iter().filter_map(number).sum()
}

#[test]
fn every_layer_shows_the_lanes_and_memories_that_are_built() {
    let mut junctions = 0;
    for (model, board, plan) in networks() {
        let root = draw(&model, &board, &plan);
        let layers = root.groups("layer");
        let core = core_params(&model, &plan).expect("a core");
        assert_eq!(layers.len(), plan.layers.len());
        for ((group, engine), layer) in layers.iter().zip(core.engines()).zip(&plan.layers) {
            check_layer(group, layer, engine, &board);
            junctions += engine.paths.len() - 1;
        }
        // What the plan counts is what its memories add up to; the last layer's snapshot stands below it.
        let snapshots = root.groups("memory");
        let snapshot = snapshots
            .iter()
            .find(|memory| memory.title().starts_with("snapshot"));
        let snapshot = snapshot.map_or(0, |memory| {
            let built = memory
                .title()
                .rsplit(", ")
                .next()
                .and_then(|built| built.split(' ').next());
            built.and_then(|number| number.parse().ok()).unwrap_or(0)
        });
        for (index, (group, layer)) in layers.iter().zip(&plan.layers).enumerate() {
            let below = if index + 1 == layers.len() { snapshot } else { 0 };
            assert_eq!(
                block_rams_of(group) + below,
                layer.cost.block_rams,
                "{}",
                layer.name
            );
        }
        let totals = root.groups("budget").concat_texts();
        for (used, available) in [
            (plan.cost.luts, board.device.luts),
            (plan.cost.block_rams, board.device.block_rams),
        ] {
            let text = format!("{} of {} (", grouped(used), grouped(available));
            assert!(totals.contains(&text), "{text} in {totals}");
        }
    }
    assert!(junctions >= 5, "{junctions} junctions");
}

trait Texts {
    fn concat_texts(&self) -> String;
}

impl Texts for Vec<&Element> {
    fn concat_texts(&self) -> String {
        self.iter()
            .flat_map(|group| group.texts())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn points(line: &Element) -> Vec<(f64, f64)> {
    let points = line.attributes["points"].split(' ').map(|point| {
        let (x, y) = point.split_once(',').expect("two numbers");
        (x.parse().expect("a number"), y.parse().expect("a number"))
    });
    points.collect()
}

/// Left, top, right and bottom edge of the first rectangle of a group.
fn area(group: &Element) -> [f64; 4] {
    let rect = group.named("rect")[0];
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|of| rect.number(of));
    [x, y, x + width, y + height]
}

#[test]
fn every_path_is_a_line_from_its_source_to_its_layer() {
    let mut junctions = 0;
    for (model, board, plan) in networks() {
        let root = draw(&model, &board, &plan);
        let layers = root.groups("layer");
        let streams = root.groups("stream");
        let geometry = Geometry::of(&model).expect("a valid model");
        let mut wanted = 0;
        for (index, layer) in geometry.layers.iter().enumerate() {
            junctions += layer.paths.len() - 1;
            for path in &layer.paths {
                wanted += 1;
                let (from, source) = match path.stream.checked_sub(1) {
                    None => ("input", root.groups("input")[0]),
                    Some(source) => (plan.layers[source].name.as_str(), layers[source]),
                };
                let title = format!("{from} → {}", plan.layers[index].name);
                let is_it = |stream: &&&Element| {
                    let rest = stream.title().strip_prefix(&title);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
                };
                let found: Vec<_> = streams.iter().filter(is_it).collect();
                assert!(!found.is_empty(), "no {title}");
                let [left, top, right, bottom] = area(layers[index]);
                let [from_left, _, from_right, from_bottom] = area(source);
                for stream in found {
                    let line = points(stream.named("polyline")[0]);
                    let (x, y) = line[0];
                    // At its source or at the fork just below.
                    assert!(
                        (from_left..=from_right).contains(&x),
                        "{title} begins at {x}, {y}"
                    );
                    assert!(
                        (from_bottom..from_bottom + 30.0).contains(&y),
                        "{title} begins at {x}, {y}"
                    );
                    let (x, y) = points(stream.named("polygon")[0])[0];
                    let on_edge =
                        (left..=right).contains(&x) && y == top || x == right && (top..=bottom).contains(&y);
                    assert!(on_edge, "{title} ends at {x}, {y}");
                    // No line passes through a layer.
                    for (a, b) in line.iter().zip(&line[1..]) {
                        for other in &layers {
                            let [left, top, right, bottom] = area(other);
                            let beside = a.0.max(b.0) <= left || a.0.min(b.0) >= right;
                            let apart = a.1.max(b.1) <= top || a.1.min(b.1) >= bottom;
                            assert!(beside || apart, "{title} crosses a layer");
                        }
                    }
                }
            }
        }
        assert_eq!(streams.len(), wanted, "no line but those of paths");
    }
    assert!(junctions >= 5, "{junctions} junctions");
}

#[test]
fn two_detours_never_lie_on_each_other() {
    let mut compared = 0;
    for (model, board, plan) in networks() {
        let root = draw(&model, &board, &plan);
        let vertical = root
            .groups("stream")
            .iter()
            .filter_map(|stream| {
                let line = points(stream.named("polyline")[0]);
                // The piece that is not on the axis of the layers.
                let piece = line.windows(2).find(|pair| {
                    pair[0].0 == pair[1].0 && line.len() > 2 && pair[0].0 > area(root.groups("link")[0])[2]
                })?;
                Some((piece[0].0, piece[0].1, piece[1].1))
            })
            .collect::<Vec<_>>();
        for (index, a) in vertical.iter().enumerate() {
            for b in &vertical[index + 1..] {
                compared += 1;
                assert!(a.0 != b.0 || a.2 < b.1 || b.2 < a.1, "{a:?} and {b:?}");
            }
        }
    }
    assert!(compared >= 10, "{compared} pairs");
}

#[test]
fn all_lies_within_the_picture_and_no_block_on_another() {
    for (model, board, plan) in networks() {
        let root = draw(&model, &board, &plan);
        let (width, height) = (root.number("width"), root.number("height"));
        for rect in root
            .named("rect")
            .into_iter()
            .filter(|rect| rect.attributes.contains_key("rx"))
        {
            let [x, y, w, h] = ["x", "y", "width", "height"].map(|of| rect.number(of));
            assert!(x >= 0.0 && y >= 0.0 && x + w <= width && y + h <= height);
        }
        let blocks: Vec<[f64; 4]> = ["link", "input", "layer"]
            .iter()
            .flat_map(|class| root.groups(class))
            .map(area)
            .collect();
        for pair in blocks.windows(2) {
            assert!(pair[0][3] < pair[1][1], "{pair:?}");
        }
        for layer in root.groups("layer") {
            let [left, top, right, bottom] = area(layer);
            let mut before = left;
            for memory in layer.groups("memory") {
                let [x, y, end, low] = area(memory);
                assert!(
                    before < x && end < right && top < y && low < bottom,
                    "{}",
                    memory.title()
                );
                before = end;
            }
        }
    }
}

#[test]
fn the_link_shows_what_the_features_bring() {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), &[6, 5, 3]);
    let texts = |features: Features| {
        let board = board("ulx3s-85f", features);
        let plan = Plan::with_lanes(&model, &board, &one_spike_per_step(&model), &[2, 3]).expect("lanes fit");
        let root = draw(&model, &board, &plan);
        let classes = ["return", "load", "early-exit"].map(|class| root.groups(class).len());
        let texts: Vec<String> = root.texts().into_iter().map(str::to_owned).collect();
        (texts, classes)
    };
    let has = |texts: &[String], text: &str| texts.iter().any(|found| found == text);
    let (all, classes) = texts(Features::default());
    for text in [
        "UART receiver",
        "frame receiver",
        "command processor",
        "encoder",
        "early exit",
        "snapshot",
    ] {
        assert!(has(&all, text), "{text} in {all:?}");
    }
    assert!(has(&all, "loads weights, image, margins"), "{all:?}");
    assert_eq!(classes, [1, 1, 1]);
    let (bare, classes) = texts(NOTHING);
    for text in ["encoder", "early exit", "parameters", "splitter"] {
        assert!(!has(&bare, text), "{text} in {bare:?}");
    }
    assert!(
        has(&bare, "snapshot") && has(&bare, "UART transmitter"),
        "{bare:?}"
    );
    assert!(!bare.iter().any(|text| text.starts_with("loads")), "{bare:?}");
    assert_eq!(classes, [1, 0, 0]);
}

#[test]
fn names_are_escaped() {
    let mut model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), &[6, 5, 3]);
    model.description.name = "a<b&\"c\"".into();
    for (index, name) in ["<&\"'", "]]></svg>"].into_iter().enumerate() {
        model.layers[index].name = name.into();
        model.description.layers[index].name = name.into();
    }
    let mut board = board("ulx3s-85f", Features::default());
    board.title = "R&D <board>".into();
    let plan = Plan::with_lanes(&model, &board, &one_spike_per_step(&model), &[2, 3]).expect("lanes fit");
    let root = draw(&model, &board, &plan);
    assert_eq!(root.title(), "a<b&\"c\" on R&D <board>");
    let texts = root.texts();
    for text in ["a<b&\"c\" on R&D <board>", "<&\"'", "]]></svg>"] {
        assert!(texts.contains(&text), "{text} in {texts:?}");
    }
}

#[test]
fn the_diagram_is_in_the_design_and_not_in_its_hash() {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), &[6, 5, 3]);
    let board = board("ulx3s-85f", Features::default());
    let plan = Plan::with_lanes(&model, &board, &one_spike_per_step(&model), &[2, 3]).expect("lanes fit");
    // The same hardware for other spikes: another plan and picture, the same design.
    let mut busier = plan.clone();
    busier.layers[0].ideal_cycles += 10.0;
    assert_ne!(plan.hash(), busier.hash());
    let [one, two] = [&plan, &busier].map(|plan| design(&model, &board, plan).expect("designs"));
    assert_eq!(
        one.files[diagram::FILE],
        diagram::svg(&model, &board, &plan).expect("draws")
    );
    assert_ne!(one.files[diagram::FILE], two.files[diagram::FILE]);
    assert_eq!(one.design_hash, two.design_hash);
    for (design, plan) in [(&one, &plan), (&two, &busier)] {
        let line = format!("// Plan {}.\n", hex(&plan.hash()));
        assert!(design.files["accelerator.v"].contains(&line), "{line}");
    }
}
