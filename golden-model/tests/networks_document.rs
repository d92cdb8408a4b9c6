//! `docs/networks.md` lists every preset, and its example is a valid network file.

use synfire_golden_model::Config;
use synfire_golden_model::config::preset_names;
use synfire_golden_model::network::NetworkDescription;

const PAGE: &str = include_str!("../../docs/networks.md");

#[test]
fn the_documentation_describes_all_presets_and_its_network_file_is_one() {
    let (_, example) = PAGE.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let network = Config::from_toml_str(example, "networks.md").unwrap().network;
    assert_eq!(network.compact(), "16C3p1d0.2-16C3s2p1=1s2-P2-10@3x32x32");
    for name in preset_names() {
        let mut network = NetworkDescription::preset(name).unwrap();
        network.layers.iter_mut().for_each(|layer| layer.dropout = 0.0);
        let text = network.compact();
        let layers = text.split('@').next().unwrap();
        let row = format!("| `{name}` | {} | `{layers}`", network.input);
        assert!(PAGE.contains(&row), "{row}");
    }
}
