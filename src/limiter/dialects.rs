//! Dialects: one real program a file, under the parameters' own names, in its
//! own number types and arithmetic.
