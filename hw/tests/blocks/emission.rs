//! Verilog of every circuit: rust-hdl accepts the circuit, two emissions are equal, and the smallest are
//! pinned.

use crate::network::{any_model, plan, random_lanes};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rust_hdl::prelude::{Bits, Block};
use synfire_golden_model::events::Axis;
use synfire_golden_model::network::Shape;
use synfire_hw::accelerator::core_params;
use synfire_hw::circuit::accelerator::{Accelerator, LinkParams};
use synfire_hw::circuit::bundle::{Bundle, Unbundle};
use synfire_hw::circuit::core::{Core, CoreParams};
use synfire_hw::circuit::delay::Delay;
use synfire_hw::circuit::engine::{Engine, EngineParams};
use synfire_hw::circuit::event::Addressing;
use synfire_hw::circuit::event_fifo::EventFifo;
use synfire_hw::circuit::fan_out::FanOut;
use synfire_hw::circuit::fifo::Fifo;
use synfire_hw::circuit::hazard::Hazard;
use synfire_hw::circuit::interconnect::{Interconnect, Wiring};
use synfire_hw::circuit::lane::Lane;
use synfire_hw::circuit::layer::Layer;
use synfire_hw::circuit::leak::Leak;
use synfire_hw::circuit::link::chunk_decoder::ChunkDecoder;
use synfire_hw::circuit::link::command::Command;
use synfire_hw::circuit::link::crc32::Crc32;
use synfire_hw::circuit::link::early_exit::{EarlyExit, EarlyExitParams};
use synfire_hw::circuit::link::encoder::{Encoder, EncoderParams};
use synfire_hw::circuit::link::frame_receiver::FrameReceiver;
use synfire_hw::circuit::link::frame_transmitter::FrameTransmitter;
use synfire_hw::circuit::link::identity::{Identity, LoadableMemory};
use synfire_hw::circuit::link::loader::Loader;
use synfire_hw::circuit::link::responder::Responder;
use synfire_hw::circuit::link::splitter::{Splitter, SplitterParams};
use synfire_hw::circuit::link::uart_receiver::UartReceiver;
use synfire_hw::circuit::link::uart_transmitter::UartTransmitter;
use synfire_hw::circuit::lookup_table::LookupTable;
use synfire_hw::circuit::mask_pack::MaskPack;
use synfire_hw::circuit::mask_unpack::MaskUnpack;
use synfire_hw::circuit::merge::{Merge, MergeParams};
use synfire_hw::circuit::narrow::Narrow;
use synfire_hw::circuit::output_layer::OutputLayer;
use synfire_hw::circuit::parameter_memory::{Contents, ParameterMemory, ParameterMemoryParams};
use synfire_hw::circuit::picker::Picker;
use synfire_hw::circuit::popcount::Popcount;
use synfire_hw::circuit::priority_encoder::PriorityEncoder;
use synfire_hw::circuit::scale::{Scale, ScaleParams};
use synfire_hw::circuit::selector::Selector;
use synfire_hw::circuit::serializer::Serializer;
use synfire_hw::circuit::settle::{Settle, SettleParams};
use synfire_hw::circuit::snapshot::Snapshot;
use synfire_hw::circuit::spread::Spread;
use synfire_hw::circuit::walker::Walker;
use synfire_hw::circuit::window::{Synapses, Window, WindowParams};
use synfire_hw::circuit::word_memory::{MemoryShape, Style, WordMemory};
use synfire_hw::circuit::word_store::WordStore;
use synfire_hw::emit::verilog::emit;

/// The core of a network of every kind of layer: a junction of weights, one of an identity, pooling.
fn core() -> CoreParams {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    loop {
        let model = any_model(&mut rng);
        let lanes = random_lanes(&mut rng, &model);
        let params = core_params(&model, &plan(&model, &lanes)).expect("a valid model");
        let identity = params.engines().any(EngineParams::has_identity);
        let shortcut = params
            .engines()
            .any(|engine| engine.paths.len() == 2 && !engine.has_identity());
        let pooling = params
            .engines()
            .any(|engine| engine.paths[0].synapses == Synapses::OwnChannel);
        if identity && shortcut && pooling {
            return params;
        }
    }
}

fn identity() -> Identity {
    Identity {
        layers: 2,
        classes: 3,
        inputs: 6,
        clock_hz: 12_000_000,
        slot_bytes: 64,
        signed_inputs: false,
        graded_inputs: None,
        encoder: true,
        early_exit: true,
        loadable: true,
        design_hash: [1; 16],
        model_hash: [2; 16],
    }
}

const INPUT: EncoderParams = EncoderParams {
    graded: true,
    shape: [1, 2, 3],
    is_map: true,
};

/// Events of a layer of 12 channels in words of 4.
const WORDS: Addressing = Addressing {
    shape: Shape {
        channels: 12,
        height: 2,
        width: 3,
    },
    lanes: 4,
    graded: false,
};

const MEMORY: LoadableMemory = LoadableMemory {
    number: 3,
    depth: 10,
    word_bytes: 2,
};

const SHAPE: MemoryShape = MemoryShape {
    depth: 5,
    lanes: 2,
    width: 4,
    style: Style::Block,
};

fn parameter_memory(style: Style) -> ParameterMemory {
    ParameterMemory::new(params(style))
}

fn params(style: Style) -> ParameterMemoryParams {
    ParameterMemoryParams {
        shape: MemoryShape { style, ..SHAPE },
        loadable: true,
        fraction_bits: 3,
        contents: Contents {
            file: "rows.hex".into(),
            rows: vec![vec![1, -1]; 5],
        },
    }
}

/// A path of 4×4 sources of 3 channels into a 3×3 convolution of stride 2.
fn path() -> WindowParams {
    let axis = Axis {
        kernel: 3,
        stride: 2,
        padding: 1,
        outputs: 2,
    };
    WindowParams {
        sources: Addressing::of([3, 4, 4].into()).in_words_of(2),
        rows: axis,
        columns: axis,
        positions: 2,
        merged: 2,
        groups: 2,
        synapses: Synapses::Words { base: 0 },
    }
}

/// Neurons that use everything.
fn settle(stages: usize) -> SettleParams {
    SettleParams {
        leak_shifts: vec![7, 9],
        floor: -100,
        ceiling: Some(200),
        membrane_bits: 12,
        fires: true,
        biased: true,
        stages,
    }
}

/// Emits a circuit twice, and returns its Verilog.
fn verilog<B: Block>(circuit: impl Fn() -> B) -> String {
    let emitted = || emit(circuit(), &["A circuit.".into()]).expect("rust-hdl accepts the circuit");
    let text = emitted();
    assert!(text == emitted(), "two emissions differ");
    assert!(
        text.starts_with("// A circuit.\n") && text.contains("module synfire("),
        "{text}"
    );
    text
}

/// One test per circuit.
macro_rules! accepted {
    ($($test:ident: $circuit:expr;)*) => {$(
        #[test]
        fn $test() {
            verilog(|| $circuit);
        }
    )*};
}

accepted! {
    fifo_is_accepted_by_rust_hdl: Fifo::<32>::new(16, 9);
    word_store_is_accepted_by_rust_hdl: WordStore::<8>::new(32, 8);
    lane_is_accepted_by_rust_hdl: Lane::new(12, false);
    settle_is_accepted_by_rust_hdl: Settle::new(&settle(1));
    delay_is_accepted_by_rust_hdl: Delay::<Bits<9>>::new(2);
    window_is_accepted_by_rust_hdl: Window::new(&path());
    walker_is_accepted_by_rust_hdl: Walker::new(&[path()], 1, 72, 2);
    scale_is_accepted_by_rust_hdl: Scale::new(ScaleParams { lanes: 2, width: 4, fraction_bits: 3, graded: true });
    serializer_is_accepted_by_rust_hdl: Serializer::new(WORDS, 1, 16, 5);
    serializer_of_three_is_accepted_by_rust_hdl: Serializer::new(WORDS, 3, 16, 5);
    picker_is_accepted_by_rust_hdl: Picker::new(WORDS, 1);
    picker_of_three_is_accepted_by_rust_hdl: Picker::new(WORDS, 3);
    hazard_is_accepted_by_rust_hdl: Hazard::new(2, false);
    event_fifo_is_accepted_by_rust_hdl: EventFifo::new(16, WORDS);
    engine_is_accepted_by_rust_hdl: Engine::new(core().hidden.swap_remove(0).engine);
    layer_is_accepted_by_rust_hdl: Layer::new(core().hidden.swap_remove(0));
    output_layer_is_accepted_by_rust_hdl: OutputLayer::new(core().output, 16);
    core_is_accepted_by_rust_hdl: Core::new(core());
    throttled_core_is_accepted_by_rust_hdl: Core::new(core().throttled());
    uart_receiver_is_accepted_by_rust_hdl: UartReceiver::new(12);
    uart_transmitter_is_accepted_by_rust_hdl: UartTransmitter::new(12);
    crc32_is_accepted_by_rust_hdl: Crc32::default();
    frame_receiver_is_accepted_by_rust_hdl: FrameReceiver::new(64);
    frame_transmitter_is_accepted_by_rust_hdl: FrameTransmitter::new(64);
    command_is_accepted_by_rust_hdl: Command::new(&identity(), 3, &[MEMORY]);
    responder_is_accepted_by_rust_hdl: Responder::new(&identity(), 3);
    chunk_decoder_is_accepted_by_rust_hdl: ChunkDecoder::new(20, true, Some(9));
    loader_is_accepted_by_rust_hdl: Loader::new(&[MEMORY]);
    splitter_is_accepted_by_rust_hdl: Splitter::new(SplitterParams { shape: INPUT.shape, graded: true });
    encoder_is_accepted_by_rust_hdl: Encoder::new(INPUT);
    early_exit_is_accepted_by_rust_hdl: EarlyExit::new(EarlyExitParams { classes: 10, lanes: 3, steps: 100 });
    accelerator_is_accepted_by_rust_hdl: {
        let core = core();
        let layers = u8::try_from(core.engines().count()).expect("a few");
        let link = LinkParams {
            identity: Identity { layers, ..identity() },
            cycles_per_bit: 12,
            input: INPUT,
        };
        Accelerator::new(&link, core)
    };
}

#[test]
fn leak_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Leak::new(&[7, 9])));
}

#[test]
fn leak_of_nothing_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Leak::new(&[])));
}

#[test]
fn narrow_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Narrow::new(12)));
}

#[test]
fn mask_pack_of_two_banks_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| MaskPack::new(2, 3)));
}

#[test]
fn mask_pack_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| MaskPack::new(1, 3)));
}

#[test]
fn mask_unpack_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| MaskUnpack::new(1, 3)));
}

#[test]
fn bundle_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Bundle::new(2)));
}

#[test]
fn bundle_of_nothing_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Bundle::new(0)));
}

#[test]
fn unbundle_of_nothing_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Unbundle::new(0)));
}

#[test]
fn unbundle_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Unbundle::new(2)));
}

#[test]
fn merge_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Merge::new(MergeParams {
        lanes: 2,
        merged: 2,
        width: 3,
        fraction_bits: 4,
    })));
}

#[test]
fn selector_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Selector::new(3, 2, 9)));
}

#[test]
fn spread_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Spread::new(2, 2)));
}

#[test]
fn banks_of_a_word_memory_are_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| WordMemory::new(SHAPE, 2)));
}

#[test]
fn parameter_memory_of_two_ports_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| ParameterMemory::with_ports(params(Style::Block), 2)));
}

#[test]
fn popcount_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Popcount::new(3)));
}

#[test]
fn fan_out_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| FanOut::new(1, 9)));
}

#[test]
fn priority_encoder_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| PriorityEncoder::new(3, 1)));
}

#[test]
fn word_memory_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| WordMemory::new(SHAPE, 1)));
}

#[test]
fn parameter_memory_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| parameter_memory(Style::Block)));
}

#[test]
fn parameter_memory_of_flip_flops_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| parameter_memory(Style::Logic)));
}

#[test]
fn parameter_memory_of_one_port_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| parameter_memory(Style::Spram)));
}

#[test]
fn snapshot_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| Snapshot::new(SHAPE)));
}

#[test]
fn lookup_table_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| LookupTable::new(vec![7, 1 << 50, 0])));
}

#[test]
fn lookup_table_of_one_word_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| LookupTable::new(vec![7])));
}

#[test]
fn interconnect_is_accepted_by_rust_hdl() {
    // The input feeds both layers; the first layer's spikes are taken by the second and, beside, by the third.
    let wiring = Wiring {
        streams: 3,
        main: vec![0, 1, 2],
        side: vec![None, Some(0)],
        throttled: false,
    };
    insta::assert_snapshot!(verilog(|| Interconnect::new(wiring.clone())));
}
