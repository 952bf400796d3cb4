//! What towers give, and what a head says.

/// What a tower makes of a batch of pictures or sounds: for each item a tensor of one shape.
///
/// ```
/// use sonoscope_models::Features;
///
/// let features = Features::new(vec![2], vec![0.0, 1.0, 2.0, 3.0]);
/// assert_eq!(features.len(), 2);
/// assert_eq!(features.item(1), [2.0, 3.0]);
/// // Every picture with one sound: repeat the sound.
/// assert_eq!(features.gather(&[1, 1, 1]).len(), 3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    item_shape: Vec<usize>,
    values: Vec<f32>,
}

impl Features {
    /// Features from values, item after item.
    ///
    /// # Panics
    /// If an item has no values, or `values` is not a whole number of items.
    pub fn new(item_shape: Vec<usize>, values: Vec<f32>) -> Self {
        let item_values: usize = item_shape.iter().product();
        assert!(item_values > 0, "an item of shape {item_shape:?} is empty");
        assert!(
            values.len().is_multiple_of(item_values),
            "{} values are no whole number of items of shape {item_shape:?}",
            values.len()
        );
        Self { item_shape, values }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.item_values()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The shape of one item: `[128]` for an embedding, `[128, 14, 14]` for a map of them.
    pub fn item_shape(&self) -> &[usize] {
        &self.item_shape
    }

    /// The values of one item.
    ///
    /// # Panics
    /// If there are not that many items.
    pub fn item(&self, index: usize) -> &[f32] {
        let length = self.item_values();
        &self.values[index * length..][..length]
    }

    /// The values of every item, one after the other.
    pub fn items(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.item_values())
    }

    /// These items in this order, each as often as it is named.
    ///
    /// # Panics
    /// If there is no item of such an index.
    pub fn gather(&self, indices: &[usize]) -> Self {
        let items: Vec<_> = indices.iter().map(|index| self.item(*index)).collect();
        Self {
            item_shape: self.item_shape.clone(),
            values: items.concat(),
        }
    }

    /// All values, item after item.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    fn item_values(&self) -> usize {
        self.item_shape.iter().product()
    }
}

/// What a network says of a picture and a sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Whether sound and picture belong together: 1 if they do, 0 if not, whatever the network's
    /// own polarity is.
    pub correspondence: f32,
    /// Euclidean distance of the embeddings, from networks that have them.
    pub distance: Option<f32>,
    /// Where in the picture the sound comes from, from networks that localise: rows of cells from
    /// the top left, high is sounding. Rows and columns are in the contract.
    pub heatmap: Option<Vec<f32>>,
}
