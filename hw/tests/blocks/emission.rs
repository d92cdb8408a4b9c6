//! Verilog of every circuit: rust-hdl accepts it, it is the same each time, and the smallest are pinned.

use crate::network::{plan, random_model};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rust_hdl::prelude::Block;
use synfire_golden_model::quantized::QuantizedModel;
use synfire_hw::accelerator::{core, engines};
use synfire_hw::circuit::accelerator::{Accelerator, LinkParams};
use synfire_hw::circuit::engine::Engine;
use synfire_hw::circuit::fifo::Fifo;
use synfire_hw::circuit::lane::Lane;
use synfire_hw::circuit::leak::Leak;
use synfire_hw::circuit::lif_layer::LifLayer;
use synfire_hw::circuit::link::chunk_decoder::ChunkDecoder;
use synfire_hw::circuit::link::command::Command;
use synfire_hw::circuit::link::crc32::Crc32;
use synfire_hw::circuit::link::early_exit::{EarlyExit, EarlyExitParams};
use synfire_hw::circuit::link::encoder::{Encoder, EncoderParams};
use synfire_hw::circuit::link::frame_receiver::FrameReceiver;
use synfire_hw::circuit::link::frame_transmitter::FrameTransmitter;
use synfire_hw::circuit::link::identity::{Identity, LoadableMemory};
use synfire_hw::circuit::link::loader::Loader;
use synfire_hw::circuit::link::splitter::{Splitter, SplitterParams};
use synfire_hw::circuit::link::uart_receiver::UartReceiver;
use synfire_hw::circuit::link::uart_transmitter::UartTransmitter;
use synfire_hw::circuit::mask_pack::MaskPack;
use synfire_hw::circuit::narrow::Narrow;
use synfire_hw::circuit::output_layer::OutputLayer;
use synfire_hw::circuit::priority_encoder::PriorityEncoder;
use synfire_hw::circuit::serializer::Serializer;
use synfire_hw::circuit::word_memory::{Contents, Style, WordMemory, WordMemoryParams};
use synfire_hw::circuit::word_store::WordStore;
use synfire_hw::emit::verilog::emit;
use synfire_hw::plan::Plan;

fn network() -> (QuantizedModel, Plan) {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), &[6, 5, 3]);
    let plan = plan(&model, &[2, 3]);
    (model, plan)
}

fn identity() -> Identity {
    Identity {
        layers: 2,
        classes: 3,
        inputs: 6,
        clock_hz: 12_000_000,
        slot_bytes: 64,
        signed_inputs: false,
        encoder: true,
        early_exit: false,
        loadable: false,
        design_hash: [1; 16],
        model_hash: [2; 16],
    }
}

const INPUT: EncoderParams = EncoderParams {
    shape: [1, 2, 3],
    is_map: true,
};

const MEMORY: LoadableMemory = LoadableMemory {
    number: 3,
    depth: 10,
    word_bytes: 2,
};

fn memory(contents: Contents) -> WordMemory {
    WordMemory::new(WordMemoryParams {
        depth: 5,
        lanes: 2,
        width: 4,
        fraction_bits: 3,
        contents,
        style: Style::Block,
    })
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

/// One test a circuit.
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
    lane_is_accepted_by_rust_hdl: Lane::new(&[7, 9], -100, 12, true);
    serializer_is_accepted_by_rust_hdl: Serializer::new(4, 3);
    engine_is_accepted_by_rust_hdl: {
        let (model, plan) = network();
        Engine::new(engines(&model, &plan).swap_remove(0))
    };
    lif_layer_is_accepted_by_rust_hdl: {
        let (model, plan) = network();
        LifLayer::new(engines(&model, &plan).swap_remove(0), 16)
    };
    output_layer_is_accepted_by_rust_hdl: {
        let (model, plan) = network();
        OutputLayer::new(engines(&model, &plan).swap_remove(1), 16)
    };
    core_is_accepted_by_rust_hdl: {
        let (model, plan) = network();
        core(&model, &plan)
    };
    uart_receiver_is_accepted_by_rust_hdl: UartReceiver::new(12);
    uart_transmitter_is_accepted_by_rust_hdl: UartTransmitter::new(12);
    crc32_is_accepted_by_rust_hdl: Crc32::default();
    frame_receiver_is_accepted_by_rust_hdl: FrameReceiver::new(64);
    frame_transmitter_is_accepted_by_rust_hdl: FrameTransmitter::new(64);
    command_is_accepted_by_rust_hdl: Command::new(&identity(), 3, &[MEMORY]);
    chunk_decoder_is_accepted_by_rust_hdl: ChunkDecoder::new(20, true);
    loader_is_accepted_by_rust_hdl: Loader::new(&[MEMORY]);
    splitter_is_accepted_by_rust_hdl: Splitter::new(SplitterParams { shape: INPUT.shape });
    encoder_is_accepted_by_rust_hdl: Encoder::new(INPUT);
    early_exit_is_accepted_by_rust_hdl: EarlyExit::new(EarlyExitParams { classes: 10, lanes: 3, steps: 100 });
    accelerator_is_accepted_by_rust_hdl: {
        let (model, plan) = network();
        let link = LinkParams { identity: identity(), clocks_per_bit: 12, input: INPUT };
        Accelerator::new(&link, core_params(&model, &plan).expect("valid"))
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
fn mask_pack_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| MaskPack::new(3)));
}

#[test]
fn priority_encoder_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| PriorityEncoder::new(3)));
}

#[test]
fn word_memory_is_accepted_by_rust_hdl() {
    insta::assert_snapshot!(verilog(|| memory(Contents::Zero)));
}

#[test]
fn word_memory_with_an_image_is_accepted_by_rust_hdl() {
    let rows = vec![vec![1, -1]; 5];
    insta::assert_snapshot!(verilog(|| memory(Contents::Image {
        file: "rows.hex".into(),
        rows: rows.clone()
    })));
}
