//! One run over several processes: the same rows and answers as of one, whatever is between them
//! and whoever is killed.

mod answers;
mod handshake;
mod losses;
mod network;
mod watched;
