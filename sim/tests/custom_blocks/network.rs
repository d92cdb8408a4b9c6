//! Blocks that depend on the shape of a network: tables of windows, and wires between layers.

use crate::case::{Case, Driver, ports, vector};
use crate::cases::{CYCLES, always_defined, word};
use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::interconnect::{Interconnect, Wiring};
use synfire_hw::circuit::lookup_table::LookupTable;

/// All cases of these blocks.
pub(crate) fn all(rng: &mut Xoshiro256PlusPlus) -> Vec<Case> {
    let mut cases: Vec<Case> = [1, 2, 5, 28, 64].map(|words| lookup_table(rng, words)).into();
    let straight = Wiring {
        streams: 3,
        main: vec![0, 1, 2],
        side: vec![None, None],
        throttled: false,
    };
    // A junction skips layer 1, the input feeds two layers, and no layer receives stream 3.
    let forked = Wiring {
        streams: 5,
        main: vec![0, 1, 2, 0, 4],
        side: vec![None, None, Some(1), Some(2)],
        throttled: false,
    };
    let alone = Wiring {
        streams: 1,
        main: vec![0],
        side: vec![],
        throttled: false,
    };
    let throttled = Wiring {
        throttled: true,
        ..forked.clone()
    };
    cases.extend([straight, forked, throttled, alone].map(|wiring| interconnect(rng, wiring)));
    cases
}

fn lookup_table(rng: &mut Xoshiro256PlusPlus, count: usize) -> Case {
    let words: Vec<u64> = (0..count).map(|_| rng.random()).collect();
    let driver = Driver {
        block: "lookup_table",
        name: format!("lookup table of {count} words"),
        new: Box::new(move || LookupTable::new(words.clone())),
        clock: None,
        inputs: ports([("address", 16)]),
        outputs: ports([("data", 64)]),
        set: |table, inputs| table.address.next = word(inputs[0]),
        get: |table| vec![table.data.val().to_u128()],
        defines: always_defined,
    };
    let address = |cycle| {
        if cycle < count {
            cycle
        } else {
            rng.random_range(0..count)
        }
    };
    driver.run(
        (0..CYCLES)
            .map(address)
            .map(|address| vec![address as u128])
            .collect(),
    )
}

fn interconnect(rng: &mut Xoshiro256PlusPlus, wiring: Wiring) -> Case {
    let (streams, layers, sides) = (wiring.streams, wiring.main.len(), wiring.side.len());
    let throttles = if wiring.throttled { streams } else { 0 };
    let driver = Driver {
        block: "interconnect",
        name: format!("interconnect of {wiring:?}"),
        new: Box::new(move || Interconnect::new(wiring.clone())),
        clock: None,
        inputs: [
            vector("stream_data", streams, 32),
            vector("stream_mask", streams, 64),
            vector("stream_valid", streams, 1),
            vector("main_ready", layers, 1),
            vector("side_ready", sides, 1),
            vector("throttle", throttles, 1),
        ]
        .concat(),
        outputs: [
            vector("stream_ready", streams, 1),
            vector("main_data", layers, 32),
            vector("main_mask", layers, 64),
            vector("main_valid", layers, 1),
            vector("side_data", sides, 32),
            vector("side_mask", sides, 64),
            vector("side_valid", sides, 1),
        ]
        .concat(),
        set: |wires, inputs| {
            let (data, inputs) = inputs.split_at(wires.stream_data.len());
            let (masks, bits) = inputs.split_at(wires.stream_mask.len());
            for (port, mask) in wires.stream_mask.iter_mut().zip(masks) {
                port.next = word(*mask);
            }
            for (port, data) in wires.stream_data.iter_mut().zip(data) {
                port.next = word(*data);
            }
            let ports = wires.stream_valid.iter_mut().chain(&mut wires.main_ready);
            let ports = ports.chain(&mut wires.side_ready).chain(&mut wires.throttle);
            for (port, bit) in ports.zip(bits) {
                port.next = *bit == 1;
            }
        },
        get: |wires| {
            let ready = wires.stream_ready.iter().map(|port| port.val().into());
            let main_data = wires.main_data.iter().map(|port| port.val().to_u128());
            let main_valid = wires.main_valid.iter().map(|port| port.val().into());
            let side_data = wires.side_data.iter().map(|port| port.val().to_u128());
            let side_valid = wires.side_valid.iter().map(|port| port.val().into());
            let main_mask = wires.main_mask.iter().map(|port| port.val().to_u128());
            let side_mask = wires.side_mask.iter().map(|port| port.val().to_u128());
            let main = ready.chain(main_data).chain(main_mask).chain(main_valid);
            main.chain(side_data).chain(side_mask).chain(side_valid).collect()
        },
        defines: always_defined,
    };
    let stimulus = (0..CYCLES).map(|_| {
        let data: Vec<u128> = (0..streams).map(|_| rng.random::<u32>().into()).collect();
        let masks: Vec<u128> = (0..streams).map(|_| rng.random::<u64>().into()).collect();
        let ports = streams + layers + sides;
        let chance = |port: usize| if port < ports { 0.7 } else { 0.3 };
        let bits: Vec<u128> = (0..ports + throttles)
            .map(|port| rng.random_bool(chance(port)).into())
            .collect();
        [data, masks, bits].concat()
    });
    let stimulus = stimulus.collect();
    driver.run(stimulus)
}
