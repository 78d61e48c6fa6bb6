//! The fenced blocks of a Markdown file.

/// One block, without its fences.
pub struct Block<'t> {
    /// The first word after the opening fence.
    pub kind: &'t str,
    pub text: &'t str,
    /// Where it opens, from 1.
    pub line: usize,
}

impl<'t> Block<'t> {
    pub fn lines(&self) -> impl Iterator<Item = &'t str> {
        self.text.lines()
    }
}

/// All blocks, in order.
pub fn blocks(document: &str) -> Vec<Block<'_>> {
    let (mut all, mut open): (Vec<Block<'_>>, Option<(&str, usize, usize)>) = (Vec::new(), None);
    let mut at = 0;
    for (index, line) in document.split_inclusive('\n').enumerate() {
        if let Some(info) = line.trim_end().strip_prefix("```") {
            open = match open {
                None => Some((info.split_whitespace().next().unwrap_or_default(), at + line.len(), index + 1)),
                Some((kind, start, opened)) => {
                    all.push(Block { kind, text: &document[start..at], line: opened });
                    None
                }
            };
        }
        at += line.len();
    }
    assert!(open.is_none(), "the last block is not closed");
    all
}
