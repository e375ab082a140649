//! The structure of the project, as tests: what would otherwise be said again in each review.

mod arrows;
mod catalogue;
mod citations;
mod codes;
mod fuzz;
mod project;
mod pure;
mod transitions;
mod words;
