//! The tensors at a model's edges: what the contract says they are, and whether they are.

use std::path::Path;

use ort::value::{Outlet, TensorElementType, ValueType};

use crate::NetworkError;

/// An input or output by name. Its shape is `[n, ...]`: items in a batch, then the shape of one.
#[derive(Clone, Copy)]
pub(crate) struct Tensor<'a> {
    pub name: &'static str,
    /// The shape of one item, where it is known.
    pub item_shape: Option<&'a [usize]>,
}

impl<'a> Tensor<'a> {
    pub(crate) fn new(name: &'static str, item_shape: Option<&'a [usize]>) -> Self {
        Self { name, item_shape }
    }
}

/// Sees that a model declares every tensor that is wanted, and as it is wanted.
pub(crate) fn check(
    file: &Path,
    kind: &str,
    declared: &[Outlet],
    wanted: &[Tensor<'_>],
) -> Result<(), NetworkError> {
    for tensor in wanted {
        let outlet = declared.iter().find(|outlet| outlet.name() == tensor.name);
        let problem = match outlet {
            Some(outlet) => problem(outlet.dtype(), tensor.item_shape),
            None => {
                let names: Vec<_> = declared.iter().map(Outlet::name).collect();
                Some(format!("is not among its {kind}s: {}", names.join(", ")))
            }
        };
        if let Some(problem) = problem {
            return Err(error(file, tensor.name, problem));
        }
    }
    Ok(())
}

/// Sees that a model wants nothing that nobody gives it.
pub(crate) fn check_no_more(
    file: &Path,
    declared: &[Outlet],
    given: &[Tensor<'_>],
) -> Result<(), NetworkError> {
    let is_given = |outlet: &&Outlet| given.iter().any(|tensor| tensor.name == outlet.name());
    match declared.iter().find(|outlet| !is_given(outlet)) {
        None => Ok(()),
        Some(outlet) => {
            let problem = "is an input of which the contract says nothing".into();
            Err(error(file, outlet.name(), problem))
        }
    }
}

/// Sees that what came out are as many items as went in, of the shape wanted, all of them finite.
pub(crate) fn check_output(
    file: &Path,
    wanted: &Tensor<'_>,
    first_item: usize,
    items: usize,
    (shape, values): (&[i64], &[f32]),
) -> Result<(), NetworkError> {
    let fits = |item_shape: &[usize]| {
        shape[1..]
            .iter()
            .map(|d| *d as usize)
            .eq(item_shape.iter().copied())
    };
    let counted = shape.first() == Some(&(items as i64)) && !values.is_empty();
    if !counted || !wanted.item_shape.is_none_or(fits) {
        let problem = format!(
            "came out as {shape:?} for {items} items, must be {}",
            batch_shape(wanted.item_shape)
        );
        return Err(error(file, wanted.name, problem));
    }
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => Err(NetworkError::Value {
            file: file.into(),
            tensor: wanted.name,
            item: first_item + at / (values.len() / items),
            value: values[at],
            problem: "not a finite number",
        }),
    }
}

pub(crate) fn error(file: &Path, tensor: &str, problem: String) -> NetworkError {
    NetworkError::Tensor {
        file: file.into(),
        tensor: tensor.into(),
        problem,
    }
}

/// What is wrong with a tensor as a model declares it. A dimension that it leaves open is right.
fn problem(declared: &ValueType, item_shape: Option<&[usize]>) -> Option<String> {
    let ValueType::Tensor { ty, shape, .. } = declared else {
        return Some("is not a tensor".into());
    };
    if *ty != TensorElementType::Float32 {
        return Some(format!("holds {ty}, must hold f32"));
    }
    let open_batch = shape.first() == Some(&-1);
    let fits = |wanted: &[usize]| {
        let agree =
            |(declared, wanted): (&i64, &usize)| *declared == -1 || *declared as usize == *wanted;
        shape.len() == wanted.len() + 1 && shape[1..].iter().zip(wanted).all(agree)
    };
    (!open_batch || !item_shape.is_none_or(fits)).then(|| {
        let declared: Vec<_> = shape.iter().map(dimension).collect();
        let declared = declared.join(", ");
        format!(
            "is [{declared}], must be {} with n left open",
            batch_shape(item_shape)
        )
    })
}

fn batch_shape(item_shape: Option<&[usize]>) -> String {
    match item_shape {
        None => "[n, ...]".into(),
        Some(item) => {
            let item: String = item.iter().map(|d| format!(", {d}")).collect();
            format!("[n{item}]")
        }
    }
}

fn dimension(declared: &i64) -> String {
    match declared {
        -1 => "open".into(),
        fixed => fixed.to_string(),
    }
}
