//! Tests of a string.

/// What a string must be like.
#[derive(Clone, Debug)]
pub(super) enum TextTest {
    Prefix(String),
    /// In lower case.
    PrefixIgnoringCase(String),
    Suffix(String),
    /// In lower case.
    SuffixIgnoringCase(String),
    /// In lower case.
    EqualsIgnoringCase(String),
    Wildcard(Wildcard),
}

impl TextTest {
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::PrefixIgnoringCase(prefix) => text.to_lowercase().starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::SuffixIgnoringCase(suffix) => text.to_lowercase().ends_with(suffix),
            Self::EqualsIgnoringCase(wanted) => text.to_lowercase() == *wanted,
            Self::Wildcard(wildcard) => wildcard.holds(text),
        }
    }
}

/// A text in which `*` stands for any number of characters.
#[derive(Clone, Debug)]
pub(super) struct Wildcard {
    /// What stands between the `*`, so one more than there are of those.
    pieces: Vec<String>,
}

impl Wildcard {
    /// Reads a text in which `\*` and `\\` stand for the characters themselves, or says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = vec![String::new()];
        let mut characters = text.char_indices();
        let mut after_star = false;
        while let Some((at, character)) = characters.next() {
            let literal = match character {
                // The place is that of the first of them, in bytes, after the quote that AWS counts too.
                '*' if after_star => return Err(format!("Consecutive wildcard characters at pos {at}")),
                '*' => None,
                '\\' => match characters.next() {
                    Some((_, escaped @ ('*' | '\\'))) => Some(escaped),
                    _ => return Err(format!("Invalid escape character at pos {}", at + 1)),
                },
                other => Some(other),
            };
            after_star = literal.is_none();
            match literal {
                Some(literal) => pieces.last_mut().expect("there is at least one piece").push(literal),
                None => pieces.push(String::new()),
            }
        }
        Ok(Self { pieces })
    }

    fn holds(&self, text: &str) -> bool {
        let (first, rest) = self.pieces.split_first().expect("there is at least one piece");
        let Some((last, middle)) = rest.split_last() else { return text == first };
        let Some(mut text) = text.strip_prefix(first.as_str()).and_then(|text| text.strip_suffix(last.as_str())) else {
            return false;
        };
        // The first place that fits leaves the most text to the pieces that follow.
        middle.iter().all(|piece| {
            let found = text.split_once(piece.as_str());
            text = found.map_or(text, |(_, after)| after);
            found.is_some()
        })
    }
}
