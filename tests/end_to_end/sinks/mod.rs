//! Sinks beyond a network, each with a real receiver on this machine: one suite for all of them.

mod asked;
mod compliance;
mod house;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "mqtt")]
mod mqtt;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "object-store")]
mod s3;
mod webhook;

#[path = "../../../pipeline/src/sinks/delivery/testing_row.rs"]
mod row;
