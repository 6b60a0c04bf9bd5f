//! "Did you mean": the known name that is nearest to an unknown one.

/// Names that are looked at for one suggestion.
const CANDIDATES_MAX: usize = 2_000;

/// Bytes of a name that is taken for the head of a longer one.
const HEAD_BYTES_MIN: usize = 4;

/// ``did you mean `Ship`?``, if a candidate is near enough.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().take(CANDIDATES_MAX).collect();
    let near = nearest(name, candidates.iter().copied()).or_else(|| {
        // `Timeout` for `TimeoutSeconds`.
        let is_head = |candidate: &&str| {
            name.len() >= HEAD_BYTES_MIN && candidate.len() > name.len() && candidate.starts_with(name)
        };
        candidates.into_iter().find(is_head)
    });
    near.map(|near| format!("did you mean `{near}`?"))
}

/// The candidate that takes the fewest edits (case counts for none), at most a third of the name's length; the first
/// of several.
fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    // Of a name of two letters, one edit leaves another name; only its case may differ.
    let limit = if letters.len() < 3 { 0 } else { (letters.len() / 3).clamp(1, 6) };
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
            let edits = distance(&letters, &other, limit)?;
            (candidate != name).then_some((edits, candidate))
        })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Edits (a letter added, dropped, changed, or swapped with its neighbour) from one to the other, if within `limit`.
fn distance(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut edits =
                (get(&last, j) + usize::from(x != y)).min(get(&last, j + 1) + 1).min(get(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                edits = edits.min(get(&before_last, j - 1) + 1);
            }
            row.push(edits);
        }
        if row.iter().all(|edits| *edits > limit) {
            return None;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|edits| *edits <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, candidates: &[&str], want: Option<&str>) {
        assert_eq!(nearest(name, candidates.iter().copied()), want);
    }

    #[test]
    fn finds_slips_of_the_pen() {
        check("Shipp", &["Pay", "Ship"], Some("Ship"));
        check("ship", &["Pay", "Ship"], Some("Ship"));
        check("Shpi", &["Pay", "Ship"], Some("Ship"));
        check("pass3", &["pass1", "pass2"], Some("pass1"));
        check("Comment", &["Coment"], Some("Coment"));
        check("größe", &["grösse", "Größe"], Some("Größe"));
    }

    #[test]
    fn leaves_strangers_alone() {
        check("Refund", &["Pay", "Ship"], None);
        check("", &["Pay"], None);
        check("a", &[], None);
        check("B", &["A"], None);
        check("b", &["A", "B"], Some("B"));
    }
}
