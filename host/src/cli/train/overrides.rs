//! Flags that override the parameters of a network file.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use synfire_golden_model::float::{Loss, Slope};
use synfire_golden_model::network::{InputCoding, LayerKind, NetworkDescription, Readout, Reset};
use synfire_golden_model::train::{Init, Optimizer, Rule, Schedule, TrainConfig};

/// Network and training parameters that override those of the network file.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Parameters (default: those of the network file)")]
pub(crate) struct Overrides {
    /// Number of passes over the training set.
    #[arg(long)]
    pub(super) epochs: Option<usize>,
    /// Images per step of the optimizer.
    #[arg(long)]
    batch: Option<usize>,
    /// Seed of the initial weights, the order of images, the input spikes and dropout.
    #[arg(long)]
    seed: Option<u64>,
    /// Initial weights: `random` draws, or the same draws scaled on the first training images, so that every layer fires
    /// (`data`).
    #[arg(long, value_parser = one_of(Init::ALL, Init::name))]
    init: Option<Init>,
    /// Rule by which the network is trained: `paper` for presentations of around a hundred steps, `few-steps` for 1 to 16.
    /// `few-steps` also chooses its loss, and an output that sums.
    #[arg(long, value_parser = one_of(Rule::ALL, Rule::name))]
    rule: Option<Rule>,
    /// Surrogate slope of the rule `few-steps`.
    #[arg(long, value_parser = one_of(Slope::ALL, Slope::name))]
    slope: Option<Slope>,
    /// Price of a spike under the rule `few-steps`: what each membrane word that it touches adds to the loss, per step.
    #[arg(long, value_name = "PRICE")]
    sparsity: Option<f32>,
    /// Steps that the rule `few-steps` trains with, such as 1,2,4: the first for half of the run, the others for equal parts
    /// of the rest; or `all` for those of the network throughout.
    #[arg(long, value_name = "STEPS", value_parser = Milestones::parse_steps)]
    train_steps: Option<Milestones>,
    /// Optimizer; `adam` adds weight decay to the gradient, `adamw` to the weights.
    #[arg(long, value_parser = one_of(Optimizer::ALL, Optimizer::name))]
    optimizer: Option<Optimizer>,
    /// Learning rate, after any warm-up and before the schedule lowers it.
    #[arg(long, visible_alias = "lr", value_name = "RATE")]
    pub(super) learning_rate: Option<f32>,
    /// Momentum of `sgd`.
    #[arg(long)]
    momentum: Option<f32>,
    /// Momentum of `sgd` looks ahead (Nesterov); --nesterov=false turns it off.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    nesterov: Option<bool>,
    /// Weight decay per step, relative to the learning rate.
    #[arg(long, value_name = "DECAY")]
    weight_decay: Option<f32>,
    /// Loss function to minimize.
    #[arg(long, value_parser = one_of(Loss::ALL, Loss::name))]
    loss: Option<Loss>,
    /// Schedule of the learning rate: `step` lowers it by a factor at each milestone, `cosine` along half a cosine; `one-cycle` raises it
    /// over the warm-up first.
    #[arg(long, value_parser = one_of(Schedule::ALL, Schedule::name))]
    schedule: Option<Schedule>,
    /// Epochs after which a `step` schedule lowers the learning rate, such as 75,100; or `none`.
    #[arg(long, value_name = "EPOCHS", value_parser = Milestones::parse)]
    milestones: Option<Milestones>,
    /// Factor by which a `step` schedule multiplies the learning rate at each milestone.
    #[arg(long, value_name = "FACTOR")]
    decay: Option<f32>,
    /// Learning rate at the end of a `cosine` or `one-cycle` schedule, as a share of the initial one.
    #[arg(long, value_name = "SHARE")]
    final_fraction: Option<f32>,
    /// Number of epochs, or fraction of one, over which the learning rate first rises from 0, or, with `one-cycle`, from a
    /// 25th.
    #[arg(long, value_name = "EPOCHS")]
    warmup: Option<f32>,
    /// Dropout probability of the layers that have dropout; if none has, of all hidden layers with weights.
    #[arg(long, value_name = "PROBABILITY")]
    dropout: Option<f32>,
    /// Shift training samples by up to PIXELS in each direction, which is the same as padding and cropping them.
    #[arg(long, visible_alias = "crop", value_name = "PIXELS")]
    shift: Option<usize>,
    /// Rotate training samples by up to DEGREES in each direction.
    #[arg(long, value_name = "DEGREES")]
    rotate: Option<f32>,
    /// Mirror half of the training samples left to right; --flip=false mirrors none.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    flip: Option<bool>,
    /// Time steps of an inference.
    #[arg(long)]
    steps: Option<usize>,
    /// Spikes per step of a full-scale input.
    #[arg(long)]
    rate: Option<f32>,
    /// How samples enter the network: `poisson` spikes, `direct` values of images in every step, or `counts` of events.
    #[arg(long, value_parser = one_of(InputCoding::ALL, InputCoding::name))]
    coding: Option<InputCoding>,
    /// Membrane of a neuron that fired: `zero`, or the threshold is subtracted.
    #[arg(long, value_parser = one_of(Reset::ALL, Reset::name))]
    reset: Option<Reset>,
    /// Factor by which a membrane is multiplied in each step, such as 0.99; or shifts of the hardware, such as 7,9 for
    /// exactly 1 - 2^-7 - 2^-9.
    #[arg(long, value_parser = leak)]
    leak: Option<f32>,
}

impl Overrides {
    /// Replaces the parameters that the flags give.
    pub(super) fn apply(&self, network: &mut NetworkDescription, train: &mut TrainConfig) {
        if let Some(rule) = self.rule {
            set_rule(network, train, rule);
        }
        set(&mut train.slope, self.slope);
        set(&mut train.sparsity, self.sparsity);
        set(
            &mut train.steps,
            self.train_steps.clone().map(|Milestones(steps)| steps),
        );
        set(&mut train.nesterov, self.nesterov);
        set(&mut network.coding, self.coding);
        set(&mut network.reset, self.reset);
        set(&mut train.epochs, self.epochs);
        set(&mut train.batch, self.batch);
        set(&mut train.seed, self.seed);
        set(&mut train.init, self.init);
        set(&mut train.optimizer, self.optimizer);
        set(&mut train.learning_rate, self.learning_rate);
        set(&mut train.momentum, self.momentum);
        set(&mut train.weight_decay, self.weight_decay);
        set(&mut train.loss, self.loss);
        set(&mut train.schedule, self.schedule);
        set(
            &mut train.milestones,
            self.milestones.clone().map(|Milestones(epochs)| epochs),
        );
        set(&mut train.decay, self.decay);
        set(&mut train.final_fraction, self.final_fraction);
        set(&mut train.warmup, self.warmup);
        set(&mut train.shift, self.shift);
        set(&mut train.rotate, self.rotate);
        set(&mut train.flip, self.flip);
        set(&mut network.steps, self.steps);
        set(&mut network.rate, self.rate);
        set(&mut network.leak, self.leak);
        if let Some(dropout) = self.dropout {
            set_dropout(network, dropout);
        }
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Sets the rule, and what follows from it. The rule of few steps has its own loss and sums its output; the paper's rule
/// knows neither a price nor growing presentations.
fn set_rule(network: &mut NetworkDescription, train: &mut TrainConfig, rule: Rule) {
    if rule == train.rule {
        return;
    }
    train.rule = rule;
    match rule {
        Rule::FewSteps => {
            train.loss = Loss::CrossEntropy;
            network.readout = Readout::Sum;
        }
        _ => {
            train.sparsity = 0.0;
            train.steps.clear();
            network.readout = Readout::Leak;
        }
    }
}

/// Sets the dropout of the layers that have dropout; if none has, of all hidden layers with weights.
fn set_dropout(network: &mut NetworkDescription, dropout: f32) {
    let anywhere = network.layers.iter().any(|layer| layer.dropout > 0.0);
    for layer in &mut network.layers {
        let has_weights = matches!(layer.kind, LayerKind::Conv { .. } | LayerKind::Fc { .. });
        if layer.dropout > 0.0 || (!anywhere && has_weights) {
            layer.dropout = dropout;
        }
    }
}

/// Returns a parser that accepts the names of `all`.
fn one_of<T, const N: usize>(all: [T; N], name: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.map(name)).try_map(move |text| {
        let found = all.into_iter().find(|&item| name(item) == text);
        found.ok_or("not one of the possible values")
    })
}

/// Whole numbers: epochs after which the learning rate is lowered, or steps; may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Milestones(Vec<usize>);

impl Milestones {
    /// Parses numbers of steps.
    fn parse_steps(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self(Vec::new()));
        }
        let steps = text.split(',').map(|steps| steps.trim().parse());
        let steps: Result<_, std::num::ParseIntError> = steps.collect();
        steps
            .map(Self)
            .map_err(|error| format!("{error}; give ascending numbers such as 1,2,4, or `all`"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let epochs = text.split(',').map(|epoch| epoch.trim().parse());
        let epochs: Result<_, std::num::ParseIntError> = epochs.collect();
        epochs
            .map(Self)
            .map_err(|error| format!("{error}; give whole numbers such as 75,100, or `none`"))
    }
}

/// Parses a leak factor, or shifts of which it returns the factor.
fn leak(text: &str) -> Result<f32, String> {
    // `1` is the factor 1 (no leak) and not a shift by 1, whose factor can be written as 0.5.
    let is_shifts = text.contains(',') || text.parse::<u8>().is_ok_and(|shift| shift > 1);
    if !is_shifts {
        return text.parse().map_err(|_| LEAK_REMEDY.to_owned());
    }
    let shifts: Option<Vec<u8>> = text.split(',').map(|shift| shift.trim().parse().ok()).collect();
    let shifts = shifts.ok_or(LEAK_REMEDY)?;
    let in_range = shifts.iter().all(|shift| (1..=15).contains(shift));
    if !in_range || shifts.len() > 3 || !shifts.is_sorted_by(|one, other| one < other) {
        return Err(LEAK_REMEDY.into());
    }
    // Every subtraction is exact in an f32.
    Ok(shifts
        .iter()
        .fold(1.0, |leak, &shift| leak - (-f32::from(shift)).exp2()))
}

const LEAK_REMEDY: &str =
    "give a factor such as 0.99, or up to three ascending shifts of 1 to 15, such as 7,9";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use synfire_golden_model::Config;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        overrides: Overrides,
    }

    /// Returns the digits preset, changed by a command line.
    fn changed(line: &str) -> (NetworkDescription, TrainConfig) {
        let Config { mut network, train } = Config::preset("digits").unwrap();
        let mut train = train.unwrap();
        let words = std::iter::once("train").chain(line.split_whitespace());
        Line::try_parse_from(words)
            .unwrap()
            .overrides
            .apply(&mut network, &mut train);
        (network, train)
    }

    #[test]
    fn what_is_not_given_stays() {
        let Config { network, train } = Config::preset("digits").unwrap();
        assert_eq!(changed(""), (network, train.unwrap()));
    }

    #[test]
    fn every_flag_finds_its_place() {
        let (network, train) = changed(
            "--epochs 3 --batch 7 --seed 9 --init data --optimizer sgd --lr 0.5 --momentum 0.8 --weight-decay 0.25 \
             --loss cross-entropy --schedule cosine --milestones 1,2 --decay 0.75 --final-fraction 0.125 --warmup 0.5 \
             --shift 2 --rotate 7.5 --flip --steps 11 --rate 0.375 --leak 0.875 --dropout 0.3",
        );
        let mut wanted = Config::preset("digits").unwrap();
        let text = "optimizer = 'sgd'\nlearning_rate = 0.5\nepochs = 3\nbatch = 7\nseed = 9\ninit = 'data'\nloss = 'cross-entropy'\n\
                    momentum = 0.8\nweight_decay = 0.25\nschedule = 'cosine'\nmilestones = [1, 2]\ndecay = 0.75\n\
                    final_fraction = 0.125\nwarmup = 0.5\nshift = 2\nrotate = 7.5\nflip = true";
        assert_eq!(train, toml::from_str(text).unwrap());
        wanted.network.steps = 11;
        wanted.network.rate = 0.375;
        wanted.network.leak = 0.875;
        wanted.network.layers[0].dropout = 0.3;
        assert_eq!(network, wanted.network);
    }

    #[test]
    fn dropout_goes_where_there_is_some_already() {
        let mut network = Config::preset("digits").unwrap().network;
        let mut second = network.layers[0].clone();
        second.name = "second".into();
        second.dropout = 0.1;
        network.layers.insert(1, second);
        set_dropout(&mut network, 0.5);
        let dropouts: Vec<f32> = network.layers.iter().map(|layer| layer.dropout).collect();
        assert_eq!(dropouts, [0.0, 0.5, 0.0]);
    }

    #[test]
    fn a_leak_is_a_factor_or_shifts() {
        assert_eq!(leak("0.99"), Ok(0.99));
        assert_eq!(leak("1"), Ok(1.0));
        assert_eq!(leak("7,9"), Ok(1.0 - 1.0 / 128.0 - 1.0 / 512.0));
        assert_eq!(leak("3"), Ok(0.875));
        for wrong in ["", "x", "9,7", "7,7", "0,7", "7,16", "16", "1,2,3,4", "7,9.5"] {
            assert_eq!(leak(wrong), Err(LEAK_REMEDY.into()), "{wrong}");
        }
    }

    #[test]
    fn milestones_can_be_cleared() {
        assert_eq!(Milestones::parse("none"), Ok(Milestones(Vec::new())));
        assert_eq!(Milestones::parse("75, 100"), Ok(Milestones(vec![75, 100])));
        assert!(Milestones::parse("75,x").unwrap_err().contains("such as 75,100"));
    }

    #[test]
    fn unknown_names_list_the_known() {
        let error = Line::try_parse_from(["train", "--optimizer", "adamm"]).unwrap_err();
        assert!(error.to_string().contains("sgd, adam, adamw"), "{error}");
    }
}
