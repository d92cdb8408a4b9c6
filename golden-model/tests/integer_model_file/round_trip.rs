//! Reading of written files, of older versions, and of files with random changes.

use super::common::{every_kind, random_model, tiny, tiny_extended};
use super::seal::seal;
use super::{Parts, folder, refused, refused_header_of, save};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::fs;
use synfire_golden_model::integer::proof::verify;
use synfire_golden_model::integer::{Engine, InputSigns, QuantizedModel};
use synfire_golden_model::network::{InputCoding, Readout, Reset};
use synfire_golden_model::spikes::SpikeRaster;

#[test]
fn a_file_holds_everything_and_equal_networks_make_equal_files() {
    let folder = folder();
    let mut model = tiny();
    model.provenance = [
        ("seed".to_owned(), "7".to_owned()),
        ("data".to_owned(), "digits".to_owned()),
    ]
    .into();
    let path = save(&model, &folder);
    let first = fs::read(&path).expect("reads");
    let loaded = QuantizedModel::load(&path).expect("loads");
    assert_eq!(loaded, model);
    assert_eq!(loaded.hash(), model.hash());
    loaded.save(&path).expect("replaces");
    assert_eq!(fs::read(&path).expect("reads"), first);
    assert_eq!(
        fs::read_dir(folder.path()).expect("lists").count(),
        1,
        "no temporary file is left"
    );
}

#[test]
fn layers_of_every_kind_survive_a_file() {
    let folder = folder();
    let path = save(&every_kind(), &folder);
    assert_eq!(QuantizedModel::load(&path).expect("loads"), every_kind());
    let header = Parts::of(&every_kind()).header;
    let tensors: Vec<(String, String)> = header
        .as_object()
        .expect("a map")
        .iter()
        .filter(|(name, _)| *name != "__metadata__")
        .map(|(name, tensor)| (name.clone(), format!("{} {}", tensor["dtype"], tensor["shape"])))
        .collect();
    let named = |name: &str, tensor: &str| (name.to_owned(), tensor.to_owned());
    assert_eq!(
        tensors,
        [
            named("one/conv3", r#""I32" [2]"#),
            named("threshold/conv1", r#""I32" [2]"#),
            named("threshold/conv2", r#""I32" [2]"#),
            named("threshold/conv3", r#""I32" [2]"#),
            named("threshold/fc1", r#""I32" [3]"#),
            named("threshold/pool1", r#""I32" [2]"#),
            named("weight/conv1", r#""I8" [2,1,3,3]"#),
            named("weight/conv2", r#""I8" [2,2,3,3]"#),
            named("weight/conv2.shortcut", r#""I8" [2,2,1,1]"#),
            named("weight/conv3", r#""I8" [2,2,1,1]"#),
            named("weight/fc1", r#""I8" [3,8]"#),
            named("weight/out", r#""I8" [2,3]"#),
        ]
    );
}

#[test]
fn a_file_of_version_1_is_read() {
    let mut parts = Parts::of(&tiny());
    assert_eq!(parts.header["__metadata__"]["version"], "2");
    parts.header["__metadata__"]["version"] = "1".into();
    let folder = folder();
    let path = folder.path().join("old.safetensors");
    fs::write(&path, parts.bytes()).expect("writes");
    assert_eq!(QuantizedModel::load(&path).expect("loads"), tiny());
}

#[test]
fn a_network_that_is_not_plain_has_version_3_and_survives() {
    let folder = folder();
    let path = save(&tiny_extended(), &folder);
    let loaded = QuantizedModel::load(&path).expect("loads");
    assert_eq!(loaded, tiny_extended());
    assert_eq!(loaded.hash(), tiny_extended().hash());
    let header = Parts::of(&tiny_extended()).header;
    assert_eq!(header["__metadata__"]["version"], "3");
    assert_eq!(header["bias/hidden"]["shape"].to_string(), "[2]");
    let layers = header["__metadata__"]["layers"].to_string();
    assert_eq!(layers.matches("ceiling").count(), 1, "{layers}");
    // Each of these alone asks for version 3; a plain network has no trace of them.
    let changes: [fn(&mut QuantizedModel); 4] = [
        |model| model.layers[1].biases = vec![0, 5],
        |model| {
            model.description.coding = InputCoding::Counts;
            model.layers[0].membrane_bits = 16;
        },
        |model| {
            model.description.reset = Reset::Subtract;
            model.layers[0].ceiling = Some(0);
        },
        |model| {
            model.description.readout = Readout::Sum;
            model.layers[1].leak_shifts.clear();
        },
    ];
    for change in changes {
        let mut model = tiny();
        change(&mut model);
        assert_eq!(Parts::of(&model).header["__metadata__"]["version"], "3");
        assert_eq!(QuantizedModel::load(save(&model, &folder)).expect("loads"), model);
        // An older reader must not take it for something else.
        let mut parts = Parts::of(&model);
        parts.header["__metadata__"]["version"] = "2".into();
        assert_eq!(
            refused(&parts.bytes()),
            "model.safetensors: the file has version 2 of its format, but contains biases, graded input, a reset by \
             subtraction or an output without leak, which version 3 has; write the file again"
        );
    }
    let text = Parts::of(&tiny()).header.to_string();
    for absent in ["bias", "ceiling", "coding", "reset", "readout"] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
}

#[test]
fn biases_of_another_shape_or_of_pooling_are_refused() {
    let of_shape = refused_header_of(&tiny_extended(), |header| {
        header["bias/out"]["shape"] = [1, 2].into();
    });
    assert_eq!(
        of_shape,
        "model.safetensors: tensor `bias/out` is I32 [1, 2], but the network needs I32 [2]; write the file again"
    );
    let mut model = every_kind();
    model.layers[1].biases = vec![1, 1];
    let error = model
        .save(folder().path().join("model.safetensors"))
        .expect_err("pooling");
    assert_eq!(
        error.to_string(),
        "quantized layer `pool1`: number of biases is 2, but must be 0; quantize the float model again with \
         `synfire quantize`"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_networks_survive_a_file(seed in any::<u64>()) {
        let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(seed), true);
        let folder = folder();
        prop_assert_eq!(QuantizedModel::load(save(&model, &folder)).expect("loads"), model);
    }

    /// A file with any changed byte, but the right checksum, gives an error or a proven network, never a panic.
    #[test]
    fn damaged_bytes_never_panic(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = Parts::of(&tiny()).bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        seal(&mut bytes);
        let folder = folder();
        let path = folder.path().join("damaged.safetensors");
        fs::write(&path, bytes).expect("writes");
        if let Ok(model) = QuantizedModel::load(&path) {
            prop_assert!(model.save(&path).is_ok());
        }
    }
}

#[test]
fn a_leaky_output_layer_whose_width_suffices_for_t_steps_only_is_valid_and_runs_no_longer() {
    let mut model = tiny();
    let out = &mut model.layers[1];
    // Eight per step, and a leak of 1/16: up to 23 within three steps, and up to 128 in the long run.
    out.leak_shifts = vec![4];
    out.floor = -16;
    for (bits, steps) in [(9, None), (8, Some(3)), (6, Some(3))] {
        model.layers[1].membrane_bits = bits;
        let loaded = QuantizedModel::load(save(&model, &folder())).expect("loads");
        assert_eq!(loaded, model);
        let bounds = verify(&loaded, InputSigns::Unsigned).expect("proven");
        assert_eq!((bounds[0].steps, bounds[1].steps), (None, steps), "{bits} bits");
        let mut engine = Engine::new(&loaded).expect("valid");
        let mut run = |steps| {
            let mut raster = SpikeRaster::new(2);
            (0..steps).for_each(|_| raster.push_step([]));
            engine.infer(&raster).map(|inference| inference.steps)
        };
        assert_eq!(run(3).expect("T steps"), 3);
        match steps {
            None => assert_eq!(run(4).expect("any number of steps"), 4),
            Some(_) => assert_eq!(
                run(4).expect_err("not proven").to_string(),
                "the input has 4 steps, but the width of layer `out` is proven only for 3; run at most 3 steps, \
                 or quantize the network for 4"
            ),
        }
    }
    model.layers[1].membrane_bits = 5;
    let error = model
        .save(folder().path().join("model.safetensors"))
        .expect_err("too narrow");
    let wanted = "layer `out`: membranes have 5 bits, but sums can reach -16 to 23, which needs 6 bits";
    assert!(error.to_string().starts_with(wanted), "{error}");
}
