//! `/api/sources/{id}/frame.jpg`: what a live source shows.

use axum::{
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use sonoscope_operators::Picture;
use url::form_urlencoded;

use super::{
    Problem,
    routes::{Named, Shared},
};
use crate::{
    cameras::{Camera, Shown},
    jpeg::{self, JpegError},
    paint::Canvas,
};

/// Pictures that are encoded at the same time: the run needs the cores.
pub const ENCODERS: usize = 1;

/// The latest picture of a live source.
#[utoipa::path(get, path = "/api/sources/{id}/frame.jpg", tag = "sources",
    params(
        ("id" = String, Path, description = "Its name"),
        ("heatmap" = Option<u8>, Query, description =
            "1 to see where the sound comes from and, below, how well it belongs to the picture"),
    ), responses(
    (status = 200, description = "The picture; its second is in the header `sonoscope-segment`",
        body = Vec<u8>, content_type = "image/jpeg"),
    (status = 400, description = "This is no name, or `heatmap` is neither 0 nor 1", body = Problem),
    (status = 401, description = "No token, or not the right one", body = Problem),
    (status = 404, description = "There is none of this name, no picture yet, or another process watches it", body = Problem),
    (status = 500, description = "The picture cannot be encoded", body = Problem),
))]
pub async fn frame(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
    Named(camera): Named,
) -> Result<impl IntoResponse, Problem> {
    let is_painted = wants_heatmap(query.as_deref().unwrap_or_default())?;
    let shown = camera.view.latest().ok_or_else(|| no_picture(&camera))?;
    let segment = shown.segment;
    // Places are never closed: there is one as soon as the others are done.
    let _place = shared.encoders.acquire().await;
    let encoded = tokio::task::spawn_blocking(move || encode(&shown, is_painted)).await;
    let jpeg = (encoded.map_err(|error| cannot(&error))?).map_err(|error| cannot(&error))?;
    let headers = [
        (header::CONTENT_TYPE.as_str(), "image/jpeg".to_owned()),
        (header::CACHE_CONTROL.as_str(), "no-store".to_owned()),
        ("sonoscope-segment", segment.to_string()),
    ];
    Ok((headers, jpeg))
}

fn no_picture(camera: &Camera) -> Problem {
    let id = &camera.spec.id;
    let (error, tip) = match camera.away.get() {
        Some(process) => (
            format!("{id} is watched by process {process}, where its pictures stay"),
            "pictures are shown of sources that process 0 watches; rows come of all",
        ),
        None => (
            format!("{id} has shown no picture yet"),
            "GET /api/sources/{id} says how it fares",
        ),
    };
    Problem::new(StatusCode::NOT_FOUND, error, tip)
}

fn wants_heatmap(query: &str) -> Result<bool, Problem> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let value = pairs.find_map(|(key, value)| (key == "heatmap").then_some(value));
    match value.as_deref() {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(_) => Err(Problem::bad(
            "`heatmap` is neither 0 nor 1",
            "ask for ?heatmap=1",
        )),
    }
}

fn encode(shown: &Shown, is_painted: bool) -> Result<Vec<u8>, JpegError> {
    if !is_painted {
        return jpeg::encode(&shown.picture);
    }
    let mut picture = Picture::clone(&shown.picture);
    let (width, height) = (picture.width as usize, picture.height as usize);
    let mut canvas = Canvas {
        width,
        height,
        stride: width * 3,
        rgb: &mut picture.rgb,
    };
    if let Some(map) = shown.heatmap() {
        canvas.heatmap(map);
    }
    canvas.score_bar(shown.correspondence());
    jpeg::encode(&picture)
}

fn cannot(error: &dyn std::fmt::Display) -> Problem {
    let tip = "`sonoscope doctor` says what is missing";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string(), tip)
}
