//! A small service that is not a bank, with log-ins, things and orders: hyper in HTTP/1.1,
//! h2 in HTTP/2.
#![allow(dead_code, reason = "every test file uses its own part of it")]

use bytes::Bytes;
use http::request::Parts;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    Http1,
    Http2,
    Http1Tls,
    Http2Tls,
}

/// What it was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub key: Option<String>,
}

#[derive(Default)]
struct State {
    asked: Mutex<Vec<Asked>>,
    count: AtomicU64,
    log_ins: AtomicU64,
    orders: AtomicU64,
    connections: AtomicU64,
}

pub struct LittleService {
    pub base: String,
    /// The certificate that it shows.
    pub certificate: Option<PathBuf>,
    state: Arc<State>,
    _folder: tempfile::TempDir,
}

impl LittleService {
    /// Each answer takes so long.
    pub fn start(speaks: Speaks, slow: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut certificate = None;
        let acceptor = match speaks {
            Speaks::Http1 | Speaks::Http2 => None,
            Speaks::Http1Tls | Speaks::Http2Tls => {
                let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
                let path = folder.path().join("ca.pem");
                std::fs::write(&path, made.cert.pem()).unwrap();
                certificate = Some(path);
                let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
                let mut config =
                    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                        .with_safe_default_protocol_versions()
                        .unwrap()
                        .with_no_client_auth()
                        .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
                        .unwrap();
                let protocol: &[u8] = match speaks {
                    Speaks::Http2Tls => b"h2",
                    _ => b"http/1.1",
                };
                config.alpn_protocols = vec![protocol.to_vec()];
                Some(TlsAcceptor::from(Arc::new(config)))
            }
        };
        let state = Arc::new(State::default());
        let (tell, told) = std::sync::mpsc::channel();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap().port()).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    shared.connections.fetch_add(1, Ordering::Relaxed);
                    let (state, acceptor) = (Arc::clone(&shared), acceptor.clone());
                    tokio::spawn(serve(stream, acceptor, speaks, state, slow));
                }
            });
        });
        let port = told.recv().unwrap();
        let base = match certificate {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        Self {
            base,
            certificate,
            state,
            _folder: folder,
        }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    pub fn count(&self) -> u64 {
        self.state.count.load(Ordering::Relaxed)
    }

    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Relaxed)
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    speaks: Speaks,
    state: Arc<State>,
    slow: Duration,
) {
    let http2 = matches!(speaks, Speaks::Http2 | Speaks::Http2Tls);
    match acceptor {
        None => serve_plain(stream, http2, state, slow).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve_plain(stream, http2, state, slow).await;
            }
        }
    }
}

async fn serve_plain(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    http2: bool,
    state: Arc<State>,
    slow: Duration,
) {
    if !http2 {
        let service = service_fn(move |request: Request<Incoming>| {
            let state = Arc::clone(&state);
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let (status, body) = answer(&head, &body, &state, slow).await;
                let response = Response::builder()
                    .status(status)
                    .header("content-type", "application/json")
                    .body(Full::new(Bytes::from(body)));
                Ok::<_, Infallible>(response.unwrap())
            }
        });
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
        return;
    }
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let (head, mut arriving) = request.into_parts();
            let mut body = Vec::new();
            while let Some(Ok(piece)) = arriving.data().await {
                let _ = arriving.flow_control().release_capacity(piece.len());
                body.extend_from_slice(&piece);
            }
            let (status, body) = answer(&head, &body, &state, slow).await;
            let response = Response::builder().status(status).body(()).unwrap();
            if let Ok(mut sending) = respond.send_response(response, false) {
                let _ = sending.send_data(Bytes::from(body), true);
            }
        });
    }
}

async fn answer(head: &Parts, body: &[u8], state: &State, slow: Duration) -> (u16, String) {
    let path = head.uri.path().to_owned();
    let header = |name: &str| {
        let value = head.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let (token, key) = (header("authorization"), header("idempotency-key"));
    // What only counts need not be remembered.
    if path != "/plain" {
        state.asked.lock().unwrap().push(Asked {
            path: path.clone(),
            key: key.clone(),
        });
    }
    state.count.fetch_add(1, Ordering::Relaxed);
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    if !slow.is_zero() {
        tokio::time::sleep(slow).await;
    }
    let logged_in = token.is_some_and(|token| token.starts_with("Bearer T"));
    if path == "/plain" {
        (200, r#"{"hello":"world"}"#.to_owned())
    } else if path == "/log-ins" {
        let number = state.log_ins.fetch_add(1, Ordering::Relaxed);
        match (body["name"].as_str(), body["number"].as_u64()) {
            (Some(_), Some(_)) => (201, format!(r#"{{"token":"T{number}"}}"#)),
            _ => (422, r#"{"code":"wrong_body"}"#.to_owned()),
        }
    } else if !logged_in {
        (401, r#"{"code":"no_token"}"#.to_owned())
    } else if path.starts_with("/things/") {
        (200, r#"{"name":"thing"}"#.to_owned())
    } else if path == "/questions" {
        (201, r#"{"answer":42}"#.to_owned())
    } else if body["amount"] == "12.30" && key.is_some() {
        match state.orders.fetch_add(1, Ordering::Relaxed) % 10 {
            9 => (409, r#"{"code":"sold_out"}"#.to_owned()),
            _ => (201, "{}".to_owned()),
        }
    } else {
        (422, r#"{"code":"wrong_body"}"#.to_owned())
    }
}
