//! The interface, asked over the loopback by a client that knows nothing but TCP.

mod bad_input;
mod churn;
mod end;
mod frame;
mod health;
mod live;
mod metrics;
mod openapi;
mod page;
mod queries;
mod sources;
mod support;
mod token;
mod views;
