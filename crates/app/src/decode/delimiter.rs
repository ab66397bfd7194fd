//! What stands between cells.

/// In order of how usual they are.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many lines are looked at.
const LINES: usize = 20;

/// The delimiter of a text by its first lines: the one that most lines have as often as the first
/// line has it, outside quotes; of equals the one that is there most.
pub(super) fn guess_delimiter(text: &str) -> u8 {
    let lines = count_by_line(text);
    let Some(first) = lines.first() else { return DELIMITERS[0] };
    let score = |kind: &usize| {
        let alike = lines.iter().filter(|line| line[*kind] == first[*kind]).count();
        (first[*kind] > 0, alike, first[*kind])
    };
    // The first of equals, which `max_by_key` would pass over.
    let best = (0..DELIMITERS.len()).rev().max_by_key(score).unwrap_or_default();
    DELIMITERS[best]
}

/// Excel's hint, which stands before the headers: the delimiter.
pub(super) fn told_by_excel(text: &str) -> Option<u8> {
    let line = text.lines().next()?.trim_matches('"');
    match line.strip_prefix("sep=")?.as_bytes() {
        [delimiter] if delimiter.is_ascii() => Some(*delimiter),
        _ => None,
    }
}

/// How often each delimiter is in each of the first lines. The last line may be cut off, and
/// counts only if it is the only one.
fn count_by_line(text: &str) -> Vec<[usize; 4]> {
    let (mut lines, mut line) = (Vec::new(), [0; 4]);
    let (mut quoted, mut blank) = (false, true);
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => {
                if !blank {
                    lines.push(line);
                }
                (line, blank) = ([0; 4], true);
                if lines.len() == LINES {
                    break;
                }
                continue;
            }
            _ if quoted => {}
            _ => {
                if let Some(kind) = DELIMITERS.iter().position(|delimiter| *delimiter == byte) {
                    line[kind] += 1;
                }
            }
        }
        blank = false;
    }
    if lines.is_empty() {
        lines.push(line);
    }
    lines
}
