//! Networks from the outside: tiny ones, written byte by byte by the tests themselves, opened and
//! run in the ONNX Runtime that the library finds by its own rules (`make setup` puts it there).

mod card;
mod contract;
mod info;
mod network;
mod onnx;
mod refusals;
mod runtime;
mod shipped;
mod tiny;
