//! The arguments of many rows in one column. How many a row has follows from its template, so only every sixteenth
//! row's place is kept.

use super::template::ABSENT;

/// Arguments of rows, in order.
#[derive(Clone, Debug, Default)]
pub struct Args {
    values: Vec<u32>,
    marks: Vec<u32>,
}

const EVERY: usize = 16;

impl Args {
    /// Appends the arguments of row number `row`, which has `arity` of them.
    #[inline]
    pub fn push(&mut self, row: usize, arity: usize, args: &[u32]) {
        if row.is_multiple_of(EVERY) {
            self.marks.push(self.values.len() as u32);
        }
        let given = args.len().min(arity);
        self.values.extend_from_slice(&args[..given]);
        self.values.extend(std::iter::repeat_n(ABSENT, arity - given));
    }

    /// The arguments of a row; `arity` tells how many a row has.
    #[inline]
    pub fn of(&self, row: usize, arity: impl Fn(usize) -> usize) -> &[u32] {
        let first = row - row % EVERY;
        let start = self.marks[row / EVERY] as usize + (first..row).map(&arity).sum::<usize>();
        &self.values[start..start + arity(row)]
    }

    /// The arguments of all rows, one after another.
    pub fn all(&self) -> &[u32] {
        &self.values
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        (self.values.len() + self.marks.len()) * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_finds_its_own() {
        let arity = |row: usize| row % 4;
        let mut args = Args::default();
        for row in 0..1000 {
            let own: Vec<u32> = (0..arity(row)).map(|at| (row * 10 + at) as u32).collect();
            args.push(row, arity(row), &own);
        }
        for row in 0..1000 {
            let own: Vec<u32> = (0..arity(row)).map(|at| (row * 10 + at) as u32).collect();
            assert_eq!(args.of(row, arity), own);
        }
    }

    #[test]
    fn too_few_are_filled_up_and_too_many_cut() {
        let mut args = Args::default();
        args.push(0, 3, &[1]);
        args.push(1, 1, &[2, 3]);
        assert_eq!(args.of(0, |row| [3, 1][row]), [1, ABSENT, ABSENT]);
        assert_eq!(args.of(1, |row| [3, 1][row]), [2]);
    }
}
