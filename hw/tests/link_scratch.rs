include!("core_scratch.rs");

use synfire_hw::circuit::accelerator::Accelerator;
use synfire_hw::circuit::link::command::Identity;

const CPB: u64 = 4;

struct Board {
    sim: Simulation<Accelerator>,
    rxbits: std::collections::VecDeque<bool>,
    tx_state: Option<(u64, u32, u8)>,
    last_tx: bool,
    out: Vec<u8>,
}
impl Board {
    fn send(&mut self, body: &[u8]) {
        let mut b = body.to_vec();
        b.extend(crc32fast::hash(body).to_le_bytes());
        let mut w = cobs::encode_vec(&b);
        w.push(0);
        self.raw(&w);
    }
    fn raw(&mut self, w: &[u8]) {
        for &x in w {
            self.rxbits.push_back(false);
            for i in 0..8 {
                self.rxbits.push_back(x >> i & 1 == 1);
            }
            self.rxbits.push_back(true);
        }
    }
    fn bit(&mut self) {
        let b = self.rxbits.pop_front().unwrap_or(true);
        for _ in 0..CPB {
            self.sim.circuit().rx.next = b;
            self.sim.tick();
            let tx = self.sim.circuit().tx.val();
            match &mut self.tx_state {
                None => {
                    if self.last_tx && !tx {
                        self.tx_state = Some((CPB / 2, 0, 0));
                    }
                }
                Some((n, pos, acc)) => {
                    if *n == 0 {
                        *n = CPB - 1;
                        if *pos == 0 {
                            assert!(!tx);
                        } else if *pos <= 8 {
                            *acc |= (tx as u8) << (*pos - 1);
                        } else {
                            assert!(tx);
                            self.out.push(*acc);
                        }
                        *pos += 1;
                        if *pos == 10 {
                            self.tx_state = None;
                        }
                    } else {
                        *n -= 1;
                    }
                }
            }
            self.last_tx = tx;
        }
    }
    fn receive(&mut self) -> Option<Vec<u8>> {
        for _ in 0..3000 {
            if let Some(p) = self.out.iter().position(|&b| b == 0) {
                let f: Vec<u8> = self.out.drain(..=p).collect();
                let d = cobs::decode_vec(&f[..f.len() - 1]).unwrap();
                let (b, c) = d.split_at(d.len() - 4);
                assert_eq!(crc32fast::hash(b).to_le_bytes(), c);
                return Some(b.to_vec());
            }
            self.bit();
        }
        None
    }
}

#[test]
fn link() {
    let mut rng = Rng(7);
    let sizes = [20, 13, 10];
    let lanes = [4, 3];
    let model = model(&mut rng, &sizes);
    let plan = Plan {
        fifo_depth: 16,
        layers: lanes
            .iter()
            .map(|&lanes| LayerPlan { lanes, membrane_style: Style::Logic, threshold_style: Style::Logic })
            .collect(),
    };
    let id = Identity {
        layers: 2,
        classes: 10,
        inputs: 20,
        clock_hz: 12_000_000,
        slot_bytes: 256,
        design_hash: [7; 16],
        model_hash: [0; 16],
    };
    let acc = Accelerator::new(&id, synfire_hw::accelerator::engines(&model, &plan), 16, CPB);
    {
        use rust_hdl::prelude::*;
        let mut c = Accelerator::new(&id, synfire_hw::accelerator::engines(&model, &plan), 16, CPB);
        c.connect_all();
        std::fs::create_dir_all("/tmp/probe/acc").unwrap();
        std::fs::write("/tmp/probe/acc/acc.v", generate_verilog(&c)).unwrap();
        for (n, t) in synfire_hw::accelerator::memory_images(&model, &plan) {
            std::fs::write(format!("/tmp/probe/acc/{n}"), t).unwrap();
        }
    }
    let sim = Simulation::new(acc, |c| &mut c.clock).unwrap();
    let mut b = Board { sim, rxbits: Default::default(), tx_state: None, last_tx: true, out: vec![] };
    for _ in 0..5 {
        b.bit();
    }
    b.raw(&[0, 3, 4, 0]);
    b.send(&[1, 1, 5, 6]);
    let r = b.receive().unwrap();
    println!("{r:?}");
    assert_eq!(r[..8], [1, 0x81, 5, 6, 0, 2, 0, 0]);
    assert_eq!(r[8..], id.payload());
    b.send(&[1, 2, 0xff, 0]);
    assert_eq!(b.receive().unwrap(), [1, 0x82, 0xff, 0, 0, 2, 0, 1]);
    // out of sequence
    b.send(&[1, 0x10, 0xff, 0]);
    assert_eq!(b.receive().unwrap(), [1, 0x90, 0xff, 0, 4, 2, 0, 1]);
    b.send(&[1, 0x77, 0xff, 0]);
    assert_eq!(b.receive().unwrap(), [1, 0xf7, 0xff, 0, 1, 2, 0, 1]);
    b.send(&[9, 0x10, 0xff, 0]);
    assert_eq!(b.receive().unwrap(), [1, 0x90, 0xff, 0, 2, 2, 0, 1]);
    b.send(&[1, 0x10, 0, 1]);
    assert_eq!(b.receive().unwrap(), [1, 0x90, 0, 1, 0, 2, 1, 1]);
    let mut raster = SpikeRaster::new(20);
    let mut payload = vec![];
    for t in 0..8 {
        let s: Vec<Spike> = (0..20).filter(|_| rng.below(2) == 0).map(Spike::positive).collect();
        if t % 2 == 0 {
            payload.push(0x80);
            let mut bm = vec![0u8; 3];
            for x in &s {
                bm[x.address as usize / 8] |= 1 << (x.address % 8);
            }
            payload.extend(bm);
        } else {
            payload.push(0x81);
            let mut a = -1i32;
            for x in &s {
                payload.push((x.address as i32 - a) as u8);
                a = x.address as i32;
            }
            payload.push(0);
        }
        raster.push_step(s);
    }
    let (_, potentials) = reference(&model, &raster);
    let mut f = vec![1, 0x11, 1, 1];
    f.extend(&payload);
    b.send(&f);
    b.send(&[1, 0x20, 3, 4]);
    assert_eq!(b.receive().unwrap(), [1, 0x91, 1, 1, 0, 2, 2, 1]);
    let r = b.receive().unwrap();
    println!("{r:?}");
    assert_eq!(r[..12], [1, 0xA0, 3, 4, 0, 2, 2, 1, 8, 0, 0, 0]);
    let p: Vec<i32> = r[16..].chunks(4).map(|c| i32::from_le_bytes(c.try_into().unwrap())).collect();
    assert_eq!(p, potentials);
    b.send(&[1, 0x21, 3, 4]);
    let r = b.receive().unwrap();
    println!("{:?}", r[8..].chunks(4).map(|c| i32::from_le_bytes(c.try_into().unwrap())).collect::<Vec<_>>());
    println!("cycles {}", b.sim.cycles());
}
