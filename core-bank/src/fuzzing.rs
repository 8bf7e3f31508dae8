//! The whole API without a socket, for fuzz targets: built with the feature `fuzzing` only.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::{Router, body::Body, extract::Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::{ServeOptions, TerminalTokens, data_folder::DataFolder, server::in_process};

/// A test's bank in this process.
pub struct Edge {
    runtime: Runtime,
    app: Router,
    tokens: TerminalTokens,
    keys: AtomicU64,
    _folder: DataFolder,
}

impl Edge {
    /// Opens a bank in a folder.
    ///
    /// # Panics
    ///
    /// When it cannot: a fuzz target has nobody to tell.
    pub fn open(data: &Path) -> Self {
        let mut options = ServeOptions::new(([127, 0, 0, 1], 0).into(), data.to_owned());
        options.test = true;
        let runtime = Runtime::new().expect("a runtime");
        let folder = DataFolder::open(data).expect("a folder");
        let app = runtime.block_on(async { in_process(&options, &folder).expect("a bank") });
        let tokens = std::fs::read(data.join("tokens.json")).expect("tokens");
        Self {
            runtime,
            app,
            tokens: serde_json::from_slice(&tokens).expect("tokens"),
            keys: AtomicU64::new(0),
            _folder: folder,
        }
    }

    /// The terminals' tokens.
    pub fn tokens(&self) -> TerminalTokens {
        self.tokens.clone()
    }

    /// Sends a request with a key of its own; the status and the document that came back.
    ///
    /// # Panics
    ///
    /// When the answer is none.
    pub fn ask(&self, method: &str, path: &str, token: &str, body: &[u8]) -> (u16, Value) {
        let key = self.keys.fetch_add(1, Ordering::Relaxed);
        let request: Request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "bank")
            .header("authorization", format!("Bearer {token}"))
            .header("idempotency-key", format!("fuzz-{key}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_vec()))
            .expect("a request");
        self.runtime.block_on(async {
            let answer = self.app.clone().oneshot(request).await;
            let answer = answer.unwrap_or_else(|never| match never {});
            let status = answer.status().as_u16();
            let bytes = answer.into_body().collect().await.expect("a body");
            let document = serde_json::from_slice(&bytes.to_bytes()).unwrap_or_default();
            (status, document)
        })
    }
}
