//! What an examination makes up: a value for each parameter that has none. Whatever is wrong with a value that comes of one
//! is no mistake of the template.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostics, Span};

/// The made-up values, and what has come of them.
#[derive(Default)]
pub struct MadeUp {
    /// The parameters that have one, with it, in the order of their templates.
    parameters: Vec<(String, String)>,
    /// Parameters of nested stacks that are given a value which comes of one.
    passed_on: BTreeSet<String>,
    used: BTreeSet<String>,
    uses: usize,
    /// Where the values stand that came of made-up ones.
    places: BTreeSet<(usize, usize)>,
    /// What would be wrong with them.
    pub excused: Diagnostics,
}

impl MadeUp {
    /// Notes that a parameter gets a made-up value.
    pub fn add(&mut self, parameter: &str, value: &str) {
        self.parameters.push((parameter.to_owned(), value.to_owned()));
    }

    /// Notes that a nested stack's parameter is given what came of one.
    pub fn pass_on(&mut self, parameter: &str) {
        self.passed_on.insert(parameter.to_owned());
    }

    /// Notes that the value of a parameter is looked at, and where: by a rule, or by what a stack is made of.
    pub fn look_at(&mut self, parameter: &str, at: &Span, in_rule: bool) {
        let is_made_up = self.parameters.iter().any(|(name, _)| name == parameter);
        if is_made_up || self.passed_on.contains(parameter) {
            self.uses += 1;
            self.mark(at);
        }
        if is_made_up && !in_rule {
            self.used.insert(parameter.to_owned());
        }
    }

    /// How often such a value has been looked at.
    pub fn uses(&self) -> usize {
        self.uses
    }

    /// Notes that the value at a place comes of a made-up one.
    pub fn mark(&mut self, at: &Span) {
        self.places.insert((at.start, at.end));
    }

    /// Whether the value at a place does.
    pub fn covers(&self, at: &Span) -> bool {
        self.places.contains(&(at.start, at.end))
    }

    /// The parameters whose made-up value a stack is made of, with it.
    pub fn used(&self) -> impl Iterator<Item = &(String, String)> {
        self.parameters.iter().filter(|(name, _)| self.used.contains(name))
    }
}
