//! Parser of compact text.

use super::Compact;
use super::cursor::Cursor;
use crate::network::validation::MAX_LAYERS;
use crate::network::{LayerDescription, LayerKind, NetworkError, Shape, Shortcut};

/// Kernel and padding of a residual block's convolutions.
pub(super) const BLOCK_KERNEL: usize = 3;
pub(super) const BLOCK_PADDING: usize = 1;

const TIMES: [char; 2] = ['x', '×'];
const PIECE: &str = "a layer: nCk, Pk, Rn, In, or a number of neurons";

/// Layer whose sources are given as numbers of layers; 0 is the input.
#[derive(Clone, Debug)]
struct Layer {
    kind: LayerKind,
    dropout: f32,
    threshold: Option<f32>,
    from: Option<usize>,
    path: Option<Path>,
}

/// Second path of a junction.
#[derive(Clone, Debug)]
struct Path {
    from: Origin,
    stride: usize,
    identity: bool,
}

#[derive(Clone, Copy, Debug)]
enum Origin {
    /// Layer with this number.
    Layer(usize),
    /// Layer this many places before the current one.
    Before(usize),
}

impl Layer {
    const fn new(kind: LayerKind) -> Self {
        Self {
            kind,
            dropout: 0.0,
            threshold: None,
            from: None,
            path: None,
        }
    }

    /// Whether the layer gives a source by number.
    const fn has_number(&self) -> bool {
        self.from.is_some()
            || matches!(
                self.path,
                Some(Path {
                    from: Origin::Layer(_),
                    ..
                })
            )
    }
}

impl Compact {
    /// Parses a text; the network is not validated.
    pub(crate) fn parse(text: &str) -> Result<Self, NetworkError> {
        let mut cursor = Cursor::new(text);
        let mut layers = Vec::new();
        let mut last = piece(&mut cursor, &mut layers)?;
        while cursor.take(&['-']).is_some() {
            last = piece(&mut cursor, &mut layers)?;
        }
        let mut input = None;
        if cursor.take(&['@']).is_some() {
            input = Some(shape(&mut cursor)?);
        }
        if cursor.peek().is_some() {
            return Err(cursor.refuse(if input.is_some() {
                "the end"
            } else {
                "`-`, `@` or the end"
            }));
        }
        if let Some(Layer { kind, .. }) = layers.last_mut()
            && let LayerKind::Fc { out } = *kind
        {
            *kind = LayerKind::Out { out };
        } else {
            return Err(last.refuse("a number of classes, as the last layer"));
        }
        Ok(Self {
            input,
            layers: name(layers),
        })
    }
}

/// Parses a piece; returns the position at which it began.
fn piece<'a>(cursor: &mut Cursor<'a>, layers: &mut Vec<Layer>) -> Result<Cursor<'a>, NetworkError> {
    let start = cursor.clone();
    let unit = match cursor.take(&['P', 'R', 'I']) {
        Some('P') => vec![pool(cursor)?],
        Some(block) => residual(cursor, block == 'I')?,
        None => vec![numbered(cursor)?],
    };
    let times = match cursor.take(&TIMES) {
        Some(_) if unit.iter().any(Layer::has_number) => {
            return Err(cursor.refuse("no repetition: it takes its spikes from a layer by number"));
        }
        Some(_) => cursor.number("how often the piece is repeated")?,
        None => 1,
    };
    if times == 0 || times.saturating_mul(unit.len()) > MAX_LAYERS - layers.len().min(MAX_LAYERS) {
        return Err(start.refuse(&format!("1 to {MAX_LAYERS} layers in all")));
    }
    for _ in 0..times {
        layers.extend(unit.iter().cloned());
    }
    Ok(start)
}

/// Parses a convolution or a fully-connected layer, both of which begin with a number.
fn numbered(cursor: &mut Cursor<'_>) -> Result<Layer, NetworkError> {
    let out = cursor.number(PIECE)?;
    if cursor.take(&['C']).is_none() {
        let mut layer = Layer::new(LayerKind::Fc { out });
        options(cursor, &mut layer)?;
        return Ok(layer);
    }
    let kernel = cursor.number("the kernel's rows")?;
    let (mut stride, mut padding) = (None, None);
    let mut layer = Layer::new(LayerKind::Fc { out });
    loop {
        let before = cursor.clone();
        match cursor.take(&['s', 'p', '+', '=']) {
            Some('s') => set(&mut stride, cursor.number("a stride")?, &before, "`s`")?,
            Some('p') => set(&mut padding, cursor.number("a padding")?, &before, "`p`")?,
            Some(sign) => {
                let from = Origin::Layer(cursor.number("the number of a layer")?);
                let stride = optional_stride(cursor)?;
                let identity = sign == '=';
                let path = Path {
                    from,
                    stride,
                    identity,
                };
                set(&mut layer.path, path, &before, "path")?;
            }
            None if option(cursor, &mut layer)? => {}
            None => break,
        }
    }
    layer.kind = LayerKind::Conv {
        out,
        kernel,
        stride: stride.unwrap_or(1),
        padding: padding.unwrap_or(0),
    };
    Ok(layer)
}

fn pool(cursor: &mut Cursor<'_>) -> Result<Layer, NetworkError> {
    let kernel = cursor.number("the window's rows")?;
    let mut layer = Layer::new(LayerKind::Pool { kernel });
    options(cursor, &mut layer)?;
    Ok(layer)
}

/// Parses a block into its two convolutions; the second one also receives the input of the first.
fn residual(cursor: &mut Cursor<'_>, identity: bool) -> Result<Vec<Layer>, NetworkError> {
    let out = cursor.number("the block's channels")?;
    let stride = optional_stride(cursor)?;
    let conv = |stride| LayerKind::Conv {
        out,
        kernel: BLOCK_KERNEL,
        stride,
        padding: BLOCK_PADDING,
    };
    let mut first = Layer::new(conv(1));
    options(cursor, &mut first)?;
    let mut second = Layer {
        from: None,
        kind: conv(stride),
        ..first.clone()
    };
    second.path = Some(Path {
        from: first.from.map_or(Origin::Before(2), Origin::Layer),
        stride,
        identity,
    });
    Ok(vec![first, second])
}

fn optional_stride(cursor: &mut Cursor<'_>) -> Result<usize, NetworkError> {
    match cursor.take(&['s']) {
        Some(_) => cursor.number("a stride"),
        None => Ok(1),
    }
}

fn options(cursor: &mut Cursor<'_>, layer: &mut Layer) -> Result<(), NetworkError> {
    while option(cursor, layer)? {}
    Ok(())
}

/// Parses an option; returns false if there is none.
fn option(cursor: &mut Cursor<'_>, layer: &mut Layer) -> Result<bool, NetworkError> {
    let before = cursor.clone();
    match cursor.take(&['d', 't', '<']) {
        Some('d') if layer.dropout > 0.0 => return Err(before.refuse("no second `d`")),
        Some('d') => layer.dropout = cursor.decimal("a probability")?,
        Some('t') => set(
            &mut layer.threshold,
            cursor.decimal("a threshold")?,
            &before,
            "`t`",
        )?,
        Some(_) => set(
            &mut layer.from,
            cursor.number("the number of a layer")?,
            &before,
            "`<`",
        )?,
        None => return Ok(false),
    }
    Ok(true)
}

/// Sets a property that may be given only once; `before` is the position of the property, for the error.
fn set<T>(place: &mut Option<T>, value: T, before: &Cursor<'_>, what: &str) -> Result<(), NetworkError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(before.refuse(&format!("no second {what}"))),
    }
}

fn shape(cursor: &mut Cursor<'_>) -> Result<Shape, NetworkError> {
    const SHAPE: &str = "a shape: channels x rows x columns, such as 1x28x28";
    let mut sizes = [cursor.number(SHAPE)?, 0, 0];
    for size in &mut sizes[1..] {
        if cursor.take(&TIMES).is_none() {
            return Err(cursor.refuse(SHAPE));
        }
        *size = cursor.number(SHAPE)?;
    }
    Ok(sizes.into())
}

/// Assigns names to the layers and replaces the numbers of sources by these names.
fn name(layers: Vec<Layer>) -> Vec<LayerDescription> {
    let (mut convs, mut pools, mut fcs) = (0, 0, 0);
    let mut numbered = |kind: &LayerKind| {
        let count = match kind {
            LayerKind::Conv { .. } => &mut convs,
            LayerKind::Pool { .. } => &mut pools,
            LayerKind::Fc { .. } => &mut fcs,
            LayerKind::Out { .. } => return kind.op().to_owned(),
        };
        *count += 1;
        format!("{}{count}", kind.op())
    };
    let names: Vec<String> = layers.iter().map(|layer| numbered(&layer.kind)).collect();
    let source = |number: usize| match number.checked_sub(1) {
        None => "input".to_owned(),
        // A number without a layer becomes a name without a layer, which validation refuses.
        Some(index) => names
            .get(index)
            .cloned()
            .unwrap_or_else(|| format!("layer-{number}")),
    };
    let describe = |(index, layer): (usize, Layer)| LayerDescription {
        name: names[index].clone(),
        from: layer.from.map(source),
        threshold: layer.threshold,
        leak: None,
        dropout: layer.dropout,
        shortcut: layer.path.map(|path| Shortcut {
            from: source(match path.from {
                Origin::Layer(number) => number,
                Origin::Before(layers) => (index + 1).saturating_sub(layers),
            }),
            stride: path.stride,
            identity: path.identity,
        }),
        kind: layer.kind,
    };
    layers.into_iter().enumerate().map(describe).collect()
}
