//! The process: opens the data folder, replays the journal, listens, and ends in good order.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, extract::Request};
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::{oneshot, watch},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::{
    access::{Access, random_prefix},
    api::{Description, Peer, Service, router},
    authentication::ProofPool,
    clock::BusinessClock,
    connection::{ConnectionWatch, HEADER_TIME_MAX, WatchedStream},
    connections::{Connections, Place},
    data_folder::{DataFolder, DataFolderError},
    descriptors::{self, TooFewDescriptors},
    forgotten_keys::{NotingParts, start_noting},
    handover::Handover,
    journal::{Journal, JournalError, JournalReaders},
    metrics::Metrics,
    office::Office,
    options::{OptionError, ServeOptions},
    projector::{ProjectionError, ProjectorParts, start_projector},
    rates::{Rates, TIDY_EVERY},
    recovery::{Recovered, RecoveryError, recover},
    room::is_lacking,
    rules::{BusinessTime, IDEMPOTENCY_MICROS, Operation},
    snapshot::{SnapshotFolder, SnapshotParts, start_snapshots},
    tls::{self, TlsError},
    tools::JournalPlace,
    writer::{WriterError, WriterParts, start_writer},
};

/// How long a kept connection may idle between two requests.
const IDLE_MAX: Duration = Duration::from_secs(75);
/// How long a stopping server waits for requests that it accepted, planted slowness aside.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// The most headers of a request and the most bytes of its head.
const HEADERS_MAX: usize = 64;
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// What the index of a log takes at least.
const LOG_INDEX_BYTES: usize = 32 * 1024;

/// Why a server did not start or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Wrong usage.
    #[error(transparent)]
    Options(#[from] OptionError),
    /// The data folder cannot be used.
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The data folder of a bank in `PostgreSQL` holds another bank.
    #[error("{0} holds a journal of its own: with --postgres name another data folder")]
    TwoJournals(String),
    /// The state cannot be recovered.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The projection cannot be used.
    #[error("the bank cannot start without its histories: {0}")]
    Projection(ProjectionError),
    /// The system grants too little.
    #[error(transparent)]
    Descriptors(#[from] TooFewDescriptors),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The writer stopped; what it had not answered is unknown until the next start.
    #[error("the bank stopped: {0}")]
    Writer(#[from] WriterError),
    /// The projector stopped, and with it histories, alerts and older keys. What was accepted was
    /// answered first.
    #[error(
        "the bank stopped since the projector had: {0}. Nothing is lost, and the next start goes on; if it falls again, `branchlab bank rebuild` makes the projection anew"
    )]
    Projector(String),
    /// The address cannot be listened on, or the tokens cannot be kept.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system says.
        error: io::Error,
    },
    /// A second signal came while the server was stopping.
    #[error("stopped at once by a second signal")]
    Interrupted,
}

/// By hand: what caused it is in its text, and is not to be told twice.
impl From<ProjectionError> for ServeError {
    fn from(error: ProjectionError) -> Self {
        Self::Projection(error)
    }
}

/// Serves until SIGTERM or SIGINT. The first line on standard output is
/// `listening on http://ADDRESS:PORT`, or `https://…` with a certificate; by then the bank is ready.
pub async fn serve(options: ServeOptions) -> Result<(), ServeError> {
    options.check()?;
    let tls = options.tls.as_ref().map(tls::acceptor).transpose()?;
    // Without this a file that may grow no more ends the process instead of being a full disk.
    let too_long = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    let _too_long =
        signal(too_long).map_err(|error| io_error("signals cannot be received", error))?;
    let connections = Connections::new(descriptors::connections()?);
    let folder = DataFolder::open(&options.data)?;
    let running = start(&options, &folder)?;
    let listener = listen(options.addr);
    let listener = listener
        .map_err(|error| io_error(&format!("{} cannot be listened on", options.addr), error))?;
    let local = listener
        .local_addr()
        .map_err(|error| io_error("the address is unknown", error))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    announce(scheme, local).map_err(|error| io_error("standard output is closed", error))?;
    let patience = DRAIN_MAX
        + options
            .slow
            .iter()
            .map(|(_, duration)| *duration)
            .sum::<Duration>();
    running.serve(listener, connections, tls, patience).await
}

/// Connections that may wait to be accepted: as many as come when a city's phones come back at once. The
/// system's bound (`net.core.somaxconn`) holds, too; whoever finds no room tries again a second later.
const WAITING_TO_BE_ACCEPTED: u32 = 4_096;

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // The connections of a server that has just ended keep no other one from its address.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_TO_BE_ACCEPTED)
}

fn io_error(what: &str, error: io::Error) -> ServeError {
    ServeError::Io {
        what: what.to_owned(),
        error,
    }
}

fn announce(scheme: &str, local: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {scheme}://{local}")?;
    out.flush()
}

/// The bank's threads and the API over them.
struct Running {
    service: Arc<Service>,
    writer_end: oneshot::Receiver<Result<(), WriterError>>,
    projector_end: oneshot::Receiver<Result<(), ProjectionError>>,
}

fn start(options: &ServeOptions, folder: &DataFolder) -> Result<Running, ServeError> {
    if options.postgres.is_none() {
        folder.require_journal()?;
    }
    let access = Access::open(folder.path())
        .map_err(|error| io_error("the tokens cannot be read or made", error))?;
    let place = journal_place(options)?;
    let mut journal = open_journal(&place, folder)?;
    let began = Instant::now();
    let recovered = recover(journal.as_mut(), folder.path(), options.keys_in_memory)?;
    let Recovered { state, head, .. } = recovered;
    let seq = state.seq();
    if let Some((torn, kept)) = &recovered.cut {
        tracing::warn!(
            "record {torn} at the end of the journal was torn: it is cut off and kept in {}",
            kept.display()
        );
    }
    tracing::info!(
        "recovered {seq} records in {:?} from the snapshot of record {}, head {head}",
        began.elapsed(),
        recovered.snapshot
    );
    let clock = match options.clock {
        Some(start) => BusinessClock::starting(start, options.clock_speed),
        None => BusinessClock::starting(Timestamp::now(), options.clock_speed),
    };
    clock.note_stamp(state.at());
    warn_of_late_clock(&clock, state.at());
    let metrics = Arc::new(Metrics::default());
    metrics.durable(seq);
    let (durable_sender, durable) = watch::channel(seq);
    let readers = Arc::new(JournalReaders::new(move || place.open_reader()));
    let handover = Arc::new(Handover::default());
    let (history, projector_end) = start_projector(ProjectorParts {
        path: &folder.projection(),
        journal: Arc::clone(&readers),
        handover: Arc::clone(&handover),
        durable: durable.clone(),
        metrics: Arc::clone(&metrics),
        keys_in_memory: options.keys_in_memory,
        clock: clock.clone(),
    })?;
    let history = Arc::new(history);
    let (customer_rate, address_rate) = options.rates();
    let rates = Rates::new(customer_rate, address_rate);
    for (token, session) in state.sessions() {
        rates.knows(*token, session.customer, session.expires);
    }
    start_snapshots(SnapshotParts {
        folder: SnapshotFolder::new(folder.path()),
        journal: Arc::clone(&readers),
        durable: durable.clone(),
        newest: recovered.snapshot,
        every: options.records_per_snapshot,
    })
    .map_err(|error| io_error("the thread of snapshots cannot start", error))?;
    let forgotten = start_noting(NotingParts {
        journal: Arc::clone(&readers),
        through: recovered.keys_unread,
        dead: state.at().before(IDEMPOTENCY_MICROS),
        durable: durable.clone(),
    })
    .map_err(|error| io_error("the thread that reads keys cannot start", error))?;
    let (bank, writer_end) = start_writer(WriterParts {
        state,
        forgotten,
        journal,
        clock: clock.clone(),
        plant: options.plant,
        metrics: Arc::clone(&metrics),
        durable: durable_sender,
        handover,
    })?;
    let service = Arc::new(Service {
        bank: bank.with_history(Arc::clone(&history)),
        access,
        proofs: ProofPool::default(),
        office: Office::new(planted(options, Operation::SocialSecurityQuery)),
        history,
        journal: readers,
        metrics,
        clock,
        test: options.test,
        observability: options.observability,
        slow: options.slow.clone(),
        durable,
        stopping: AtomicBool::new(false),
        requests: AtomicU64::new(1),
        request_prefix: random_prefix()
            .map_err(|error| io_error("the system gives no random numbers", error))?,
        description: Description::new(options.test),
        rates,
    });
    Ok(Running {
        service,
        writer_end,
        projector_end,
    })
}

/// Opens the journal; says that the disk is full where it is.
fn open_journal(
    place: &JournalPlace,
    folder: &DataFolder,
) -> Result<Box<dyn Journal>, JournalError> {
    place.open().map_err(|error| match error {
        // SQLite does not say why the index of the journal's log could not be made.
        JournalError::Unusable(_) if is_lacking(&folder.journal(), LOG_INDEX_BYTES) => {
            JournalError::StorageFull
        }
        other => other,
    })
}

/// Warns where the last record is later than the clock.
fn warn_of_late_clock(clock: &BusinessClock, last: BusinessTime) {
    let ahead = last.0.saturating_sub(clock.now().0);
    if let Ok(micros @ 1..) = u64::try_from(ahead) {
        let ahead = SignedDuration::from_secs(micros.div_ceil(1_000_000).cast_signed());
        tracing::warn!(
            "the clock is {ahead:#} behind the last record, of {last}: records are stamped with that until it has caught up. Set the clock right"
        );
    }
}

/// Where the journal is. A folder with records of its own is no companion of a database.
fn journal_place(options: &ServeOptions) -> Result<JournalPlace, ServeError> {
    let Some(url) = &options.postgres else {
        return Ok(JournalPlace::Folder(options.data.clone()));
    };
    let own = JournalPlace::Folder(options.data.clone());
    let holds_records = std::fs::metadata(options.data.join("journal.sqlite"))
        .is_ok_and(|file| file.len() > 0)
        && own.open_reader()?.last()? > 0;
    if holds_records {
        return Err(ServeError::TwoJournals(options.data.display().to_string()));
    }
    Ok(JournalPlace::Postgres(url.clone()))
}

/// The API over a bank in this process, without a socket. It ends with the runtime.
#[cfg(feature = "fuzzing")]
pub fn in_process(options: &ServeOptions, folder: &DataFolder) -> Result<Router, ServeError> {
    start(options, folder).map(|running| router(running.service))
}

/// How much longer a test wants an operation to take.
fn planted(options: &ServeOptions, operation: Operation) -> Duration {
    let slow = options.slow.iter().filter(|(slow, _)| *slow == operation);
    slow.map(|(_, duration)| *duration).sum()
}

impl Running {
    async fn serve(
        self,
        listener: TcpListener,
        connections: Arc<Connections>,
        tls: Option<TlsAcceptor>,
        patience: Duration,
    ) -> Result<(), ServeError> {
        let Self {
            service,
            mut writer_end,
            mut projector_end,
        } = self;
        let failed = |error| io_error("signals cannot be received", error);
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let (stop, stopping) = watch::channel(());
        let door = Door {
            app: router(Arc::clone(&service)),
            service: Arc::clone(&service),
            tls,
            stopping,
        };
        let fallen = tokio::select! {
            () = accept(&listener, &connections, &door) => None,
            () = tidy(&service) => None,
            end = &mut writer_end => return writer_failed(end),
            end = &mut projector_end => match end {
                // It follows the writer, so that has ended.
                Ok(Ok(())) => return writer_failed(writer_end.await),
                end => Some(projector_failed(end)),
            },
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
        };
        drop(listener);
        if let Some(fallen) = &fallen {
            tracing::error!("{fallen}");
        }
        tracing::info!("stopping: answering what was accepted");
        service.stopping.store(true, Ordering::Relaxed);
        stop.send_replace(());
        tokio::select! {
            drained = tokio::time::timeout(patience, connections.ended()) => {
                if drained.is_err() {
                    tracing::warn!("some connections did not end in time and were cut");
                }
            }
            end = &mut writer_end => return writer_failed(end),
            _ = terminate.recv() => return Err(ServeError::Interrupted),
            _ = interrupt.recv() => return Err(ServeError::Interrupted),
        }
        // The last way into the queue closes with the application; the writer then ends, and with
        // it the channel that the projector follows.
        drop(door);
        drop(service);
        let ended = tokio::time::timeout(patience, async {
            let writer = writer_end.await;
            if !matches!(writer, Ok(Ok(()))) {
                return writer_failed(writer);
            }
            if let Some(fallen) = fallen {
                return Err(fallen);
            }
            match projector_end.await {
                Ok(Ok(())) => Ok(()),
                end => Err(projector_failed(end)),
            }
        });
        ended.await.unwrap_or(Ok(()))
    }
}

/// The writer ended though nobody told it to.
fn writer_failed(
    end: Result<Result<(), WriterError>, oneshot::error::RecvError>,
) -> Result<(), ServeError> {
    let fallen = || WriterError::Thread("it ended without a word".to_owned());
    match end {
        Ok(Err(error)) => Err(error.into()),
        Ok(Ok(())) | Err(_) => Err(fallen().into()),
    }
}

/// The projector ended before the writer.
fn projector_failed(
    end: Result<Result<(), ProjectionError>, oneshot::error::RecvError>,
) -> ServeError {
    ServeError::Projector(match end {
        Ok(Err(error)) => error.to_string(),
        Ok(Ok(())) | Err(_) => "its thread fell over".to_owned(),
    })
}

/// Tidies the table of who asked lately, for ever.
async fn tidy(service: &Service) {
    loop {
        tokio::time::sleep(TIDY_EVERY).await;
        if service.rates.limit_anybody() {
            service.rates.tidy(service.clock.now());
        }
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Door {
    app: Router,
    service: Arc<Service>,
    tls: Option<TlsAcceptor>,
    stopping: watch::Receiver<()>,
}

/// Accepts connections for ever, as many at a time as there are places.
async fn accept(listener: &TcpListener, connections: &Arc<Connections>, door: &Door) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let watch = ConnectionWatch::new();
                let place = connections.place(peer.ip(), watch.clone()).await;
                let door = door.clone();
                tokio::spawn(async move {
                    let metrics = Arc::clone(&door.service.metrics);
                    metrics.connected();
                    greet(stream, Peer(peer.ip()), door, watch, place).await;
                    metrics.disconnected();
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: wait until some connection ends.
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Greets in TLS where that is spoken, and converses. The place is given back at the end.
async fn greet(stream: TcpStream, peer: Peer, door: Door, watch: ConnectionWatch, _place: Place) {
    // Answers are small and whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let Some(tls) = door.tls.clone() else {
        return converse(stream, peer, door, watch).await;
    };
    let greeting = tokio::time::timeout(HEADER_TIME_MAX, tls.accept(stream));
    let greeted = tokio::select! {
        greeted = greeting => greeted,
        () = watch.dismissed() => return,
    };
    match greeted {
        Ok(Ok(stream)) => converse(stream, peer, door, watch).await,
        Ok(Err(error)) => tracing::debug!("no TLS: {error}"),
        Err(_) => tracing::debug!("no TLS within {HEADER_TIME_MAX:?}"),
    }
}

/// One connection from its first request to its end.
async fn converse<S>(stream: S, peer: Peer, door: Door, watch: ConnectionWatch)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Door {
        app, mut stopping, ..
    } = door;
    let io = TokioIo::new(WatchedStream::new(stream, watch.clone()));
    let stage = watch.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        stage.head_arrived(request.body().size_hint().exact());
        let stage = stage.clone();
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer);
        let answering = app.clone().oneshot(request);
        async move {
            let answer = answering.await;
            stage.answered();
            answer
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_MAX)
        // Whoever has said all that there is to say may still want the answer.
        .half_close(true)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX);
    let connection = builder.serve_connection(io, service);
    tokio::pin!(connection);
    tokio::select! {
        // Whatever ends a connection early is the client's affair.
        _ = connection.as_mut() => return,
        () = watch.out_of_time() => return,
        // A head that was not whole in time is not waited for.
        () = watch.dismissed() => if watch.is_in_head() { return },
        _ = stopping.changed() => {}
    }
    // What it has asked by now is answered.
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection.as_mut() => {}
        () = watch.out_of_time() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_of_the_journal_is_read_for_somebody_who_may_not_ask() {
        let folder = tempfile::tempdir().unwrap();
        let mut options = ServeOptions::new(([127, 0, 0, 1], 0).into(), folder.path().to_owned());
        options.address_rate = Some(0);
        let data = DataFolder::open(folder.path()).unwrap();
        let Running { service, .. } = start(&options, &data).unwrap();
        let tokens = std::fs::read(folder.path().join("tokens.json")).unwrap();
        let tokens: serde_json::Value = serde_json::from_slice(&tokens).unwrap();
        let app = router(Arc::clone(&service));
        let ask = async |method: &str, path: &str, token: &str| {
            let proposal = r#"{"record": 1, "kind": "refund", "reason": "wrong"}"#;
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header("host", "bank")
                .header("authorization", format!("Bearer {token}"))
                .header("idempotency-key", "key")
                .body(axum::body::Body::from(proposal))
                .unwrap();
            app.clone()
                .oneshot(request)
                .await
                .unwrap()
                .status()
                .as_u16()
        };
        let operator = tokens["operator"].as_str().unwrap();
        for (method, path) in [
            ("POST", "/v1/returns"),
            ("GET", "/v1/transfers/T000000000001"),
            ("GET", "/v1/audit/records"),
        ] {
            assert_eq!(ask(method, path, "garbage").await, 401, "{path}");
            assert_eq!(service.journal.kept(), 0, "{path}");
        }
        // Who may ask is not told that there is nothing before somebody has looked.
        assert_eq!(ask("POST", "/v1/returns", operator).await, 404);
        assert_eq!(service.journal.kept(), 1);
    }

    #[tokio::test]
    async fn a_bank_without_its_projector_stops_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let options = ServeOptions::new(([127, 0, 0, 1], 0).into(), folder.path().to_owned());
        let data = DataFolder::open(folder.path()).unwrap();
        for told in [
            None,
            Some(Err(ProjectionError::Io(io::Error::other("odd")))),
        ] {
            let mut running = start(&options, &data).unwrap();
            let (fall, end) = oneshot::channel();
            let projector = std::mem::replace(&mut running.projector_end, end);
            let named = if told.is_some() { "odd" } else { "fell over" };
            match told {
                Some(end) => fall.send(end).unwrap(),
                // A thread that panics tells nothing.
                None => drop(fall),
            }
            let listener = TcpListener::bind(options.addr).await.unwrap();
            let serving = running.serve(listener, Connections::new(4), None, DRAIN_MAX);
            let served = tokio::time::timeout(Duration::from_secs(20), serving).await;
            let error = served.expect("it goes on serving").unwrap_err();
            assert!(matches!(error, ServeError::Projector(_)), "{error}");
            assert!(error.to_string().contains(named), "{error}");
            projector.await.unwrap().unwrap();
        }
    }
}
