//! Append-only columns in chunks. A full chunk is shared, never copied: a clone (a fork of a run, a snapshot for a
//! face) costs the open chunk and one pointer for each full one.

use std::sync::Arc;

/// Columns of equal length.
pub trait Columns: Clone + Default {
    /// Rows in a full chunk.
    const ROWS: usize;
    /// Rows now.
    fn rows(&self) -> usize;
}

/// Chunks of columns; row numbers are counted over all of them.
#[derive(Clone, Debug, Default)]
pub struct Chunks<C> {
    full: Vec<Arc<C>>,
    open: C,
}

impl<C: Columns> Chunks<C> {
    /// Rows in all.
    pub fn len(&self) -> usize {
        self.full.len() * C::ROWS + self.open.rows()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The chunk to append one row to.
    #[inline]
    pub fn open(&mut self) -> &mut C {
        if self.open.rows() == C::ROWS {
            self.full.push(Arc::new(std::mem::take(&mut self.open)));
        }
        &mut self.open
    }

    /// The chunk of a row and the row's place in it.
    #[inline]
    pub fn locate(&self, row: usize) -> (&C, usize) {
        let (chunk, place) = (row / C::ROWS, row % C::ROWS);
        (self.full.get(chunk).map_or(&self.open, |full| full), place)
    }

    /// All chunks in order, the open one last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &C> {
        self.full.iter().map(|chunk| &**chunk).chain(std::iter::once(&self.open))
    }
}
