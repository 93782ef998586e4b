//! Sets of completion indexes as text: `1,3-5,7` (JOB-08, JOB-11).

/// How many indexes there are in a text, all of them below `completions`.
///
/// # Errors
///
/// Upstream's words for what is wrong.
pub(super) fn count(text: &str, completions: i32) -> Result<i32, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let (mut last, mut total) = (None, 0);
    for fragment in text.split(',') {
        let (first, end) = interval(fragment, completions)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(not_increasing(last, first));
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(i32::try_from(total).unwrap_or(i32::MAX))
}

/// The first index that is in both texts; what cannot be read is left out.
pub(super) fn overlap(completed: &str, failed: &str, completions: i32) -> Option<i64> {
    let intervals = |text: &str| {
        text.split(',').filter_map(|fragment| interval(fragment, completions).ok()).collect::<Vec<_>>()
    };
    let (completed, failed) = (intervals(completed), intervals(failed));
    let (mut completed, mut failed) = (completed.iter().peekable(), failed.iter().peekable());
    while let (Some(one), Some(other)) = (completed.peek(), failed.peek()) {
        if one.0 <= other.1 && other.0 <= one.1 {
            return Some(one.0.max(other.0));
        }
        if one.0 <= other.0 {
            completed.next();
        } else {
            failed.next();
        }
    }
    None
}

fn interval(fragment: &str, completions: i32) -> Result<(i64, i64), String> {
    let mut limits = fragment.split('-');
    let (first, last) = (limits.next().unwrap_or_default(), limits.next());
    if limits.next().is_some() {
        return Err(format!(
            "the fragment {fragment:?} violates the requirement that an index interval can have at most two \
             parts separated by '-'"
        ));
    }
    let start = index(first, completions)?;
    let Some(last) = last else { return Ok((start, start)) };
    let end = index(last, completions)?;
    if start >= end {
        return Err(not_increasing(start, end));
    }
    Ok((start, end))
}

fn index(text: &str, completions: i32) -> Result<i64, String> {
    let index: i64 =
        text.parse().map_err(|_| format!("cannot convert string to integer for index: {text:?}"))?;
    if index >= i64::from(completions) {
        return Err(format!("too large index: {text:?}"));
    }
    Ok(index)
}

fn not_increasing(previous: i64, current: i64) -> String {
    format!("non-increasing order, previous: {previous}, current: {current}")
}
