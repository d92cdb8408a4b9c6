//! The second training rule: networks of few steps, layer by layer over a batch and its steps.
//!
//! # Forward pass
//!
//! For channel c of a layer, λ the leak, in step t:
//!
//! ```text
//! z(t) = Σ w · s(t)                       both paths of a junction; for graded input Σ w · x
//! u(t) = γ (z(t) − μ)/σ + β [+ s]         μ, σ of the channel over batch, positions and steps; s over an identity path
//! v(t) = λ r(t−1) + u(t)
//! s(t) = [v(t) > 1]
//! r(t) = v(t) where it did not fire; 0, or v(t) − 1 if resets subtract, where it did
//! ```
//!
//! Normalization over batch, positions and steps is that of Zheng et al. 2021 (arXiv 2011.05280). An identity path adds
//! after the normalization, because that of an integrate-and-fire network adds one threshold and no other number. A
//! pooling neuron counts spikes as under the first rule. The output layer has a bias and neither leaks nor sums in
//! training: y(t) = W s(t) + b.
//!
//! The loss of an image is the mean over steps of the cross-entropy of softmax(y(t)) (Deng et al. 2022, arXiv
//! 2202.11946); its answer is the class with the largest Σ y(t).
//!
//! # Backward pass
//!
//! ```text
//! e(t) = Σ w δ(t) over its targets + ρ F / T
//! ε(t) = e(t) h(v(t)) + λ [s(t) = 0] ε(t+1)         the reset is not differentiated; with subtraction λ ε(t+1)
//! δ    = γ/σ (ε − mean ε − ẑ · mean(ε ẑ)),  ẑ = (z − μ)/σ;   ∂L/∂γ = Σ ε ẑ,  ∂L/∂β = Σ ε
//! ∂L/∂w = Σ δ(t) s(t)
//! ```
//!
//! h is a [`Slope`] (Wu et al. 2018, arXiv 1706.02609). ρ is the price of a spike, and F the membrane words that it
//! touches. A pooling neuron that fires on any spike of its window passes e to each source whose spike would have changed
//! it: the derivative of 1 − Π(1 − s). Any other pooling neuron passes e/k² to each source.
//!
//! Both passes walk over spikes: ∂L/∂w only where a source fired, and e only of sources whose slope is not 0.

mod adoption;
mod backward;
mod batch;
mod check;
mod folding;
mod forward;
mod gradient;
mod integers;
mod loss;
mod network;
mod parameters;
mod pooling;
mod slope;
mod sweep;
mod work;

pub(crate) use batch::{Batch, Image};
pub use gradient::{FewStepsGradient, FewStepsParameters, few_steps_gradient, fold_normalization};
pub(crate) use network::FewSteps;
pub(crate) use parameters::Role;
pub use slope::Slope;
pub(crate) use sweep::MAX_STEPS;

#[cfg(test)]
mod tests;
