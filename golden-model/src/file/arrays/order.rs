//! Conversion of arrays from Fortran order, which columns cut out of a table and transposed images have.

/// Reorders elements of `width` bytes from Fortran order, where the first index varies fastest, to C order, where the
/// last one does.
pub(super) fn c_from_fortran(bytes: &[u8], sizes: &[usize], width: usize) -> Vec<u8> {
    if sizes.len() < 2 {
        return bytes.to_vec();
    }
    let mut strides = Vec::with_capacity(sizes.len());
    let mut stride = width;
    for &size in sizes {
        strides.push(stride);
        stride *= size;
    }
    let mut reordered = Vec::with_capacity(bytes.len());
    let mut index = vec![0; sizes.len()];
    let mut at = 0;
    while reordered.len() < bytes.len() {
        reordered.extend_from_slice(&bytes[at..at + width]);
        for dimension in (0..sizes.len()).rev() {
            index[dimension] += 1;
            at += strides[dimension];
            if index[dimension] < sizes[dimension] {
                break;
            }
            at -= strides[dimension] * sizes[dimension];
            index[dimension] = 0;
        }
    }
    reordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_index_varies_fastest() {
        // The table 0 1 2 / 3 4 5, column by column.
        assert_eq!(
            c_from_fortran(&[0, 3, 1, 4, 2, 5], &[2, 3], 1),
            [0, 1, 2, 3, 4, 5]
        );
        assert_eq!(c_from_fortran(&[1, 2, 3], &[3], 1), [1, 2, 3]);
        assert!(c_from_fortran(&[], &[0, 4], 2).is_empty());
    }

    #[test]
    fn elements_of_any_width_and_rank_keep_their_place() {
        let sizes = [3, 2, 4];
        let number = |[i, j, k]: [usize; 3]| u16::try_from(100 * i + 10 * j + k).unwrap().to_le_bytes();
        let (mut fortran, mut c) = (Vec::new(), Vec::new());
        for k in 0..4 {
            for j in 0..2 {
                fortran.extend((0..3).flat_map(|i| number([i, j, k])));
            }
        }
        for i in 0..3 {
            for j in 0..2 {
                c.extend((0..4).flat_map(|k| number([i, j, k])));
            }
        }
        assert_eq!(c_from_fortran(&fortran, &sizes, 2), c);
    }
}
