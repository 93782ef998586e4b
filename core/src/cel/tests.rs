//! Tables of what expressions mean, and what is wrong with those that mean nothing.

mod answers;
mod faults;
mod hostile;
