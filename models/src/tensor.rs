//! The tensors at a model's edges: what the contract says they are, and whether they are.

use std::{ops::Range, path::Path};

use ort::value::{Outlet, TensorElementType, ValueType};

use crate::NetworkError;

/// An input or output by name. Its shape is `[n, ...]`: items in a batch, then the shape of one.
#[derive(Clone, Copy)]
pub(crate) struct Tensor<'a> {
    pub name: &'static str,
    /// The shape of one item, where it is known.
    pub item_shape: Option<&'a [usize]>,
    /// What its numbers are.
    pub kind: TensorElementType,
}

impl<'a> Tensor<'a> {
    pub(crate) fn new(name: &'static str, item_shape: Option<&'a [usize]>) -> Self {
        let kind = TensorElementType::Float32;
        Self {
            name,
            item_shape,
            kind,
        }
    }

    /// The same of bytes.
    pub(crate) fn of_bytes(self) -> Self {
        let kind = TensorElementType::Uint8;
        Self { kind, ..self }
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
            Some(outlet) => problem(outlet.dtype(), tensor.kind, tensor.item_shape),
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

/// Sees that what came out are as many items as were given, of the shape wanted, and gives those of
/// `items`, all of them finite. What lies behind them is padding.
pub(crate) fn check_output<'a>(
    file: &Path,
    wanted: &Tensor<'_>,
    items: &Range<usize>,
    given: usize,
    (shape, values): (&[i64], &'a [f32]),
) -> Result<&'a [f32], NetworkError> {
    let fits = |item_shape: &[usize]| {
        shape[1..]
            .iter()
            .map(|d| *d as usize)
            .eq(item_shape.iter().copied())
    };
    let counted = shape.first() == Some(&(given as i64)) && !values.is_empty();
    if !counted || !wanted.item_shape.is_none_or(fits) {
        let problem = format!(
            "came out as {shape:?} for {given} items, must be {}",
            batch_shape(wanted.item_shape)
        );
        return Err(error(file, wanted.name, problem));
    }
    let item_values = values.len() / given;
    let values = &values[..items.len() * item_values];
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(values),
        Some(at) => Err(NetworkError::Value {
            file: file.into(),
            tensor: wanted.name,
            item: items.start + at / item_values,
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
fn problem(
    declared: &ValueType,
    kind: TensorElementType,
    item_shape: Option<&[usize]>,
) -> Option<String> {
    let ValueType::Tensor { ty, shape, .. } = declared else {
        return Some("is not a tensor".into());
    };
    if *ty != kind {
        return Some(format!("holds {ty}, must hold {kind}"));
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
