//! Sinks beyond a network, each with a real receiver on this machine: one suite for all of them.

mod compliance;
mod house;
#[cfg(feature = "mqtt")]
mod mqtt;
#[cfg(feature = "nats")]
mod nats;
mod webhook;

#[path = "../../../pipeline/src/sinks/delivery/testing_row.rs"]
mod row;
