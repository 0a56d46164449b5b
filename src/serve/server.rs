//! Sockets to questions, answers to sockets: HTTP/1.1 with a limit on everything a client can make grow. Knows no API's
//! contents but the shape of its errors.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::answer::{Answer, Fault};
use super::ask::Ask;
use super::shelf::{Shelf, Snapshot};
use super::{loki, prometheus, records, search, tempo};

/// What a client may make grow.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// Questions that are worked on at a time; more wait, within their time.
    pub questions: usize,
    /// Bytes of a request's head.
    pub head: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// Time for a head or a body to come in.
    pub reading: Duration,
    /// Time for an answer to be found; `timeout=` may ask for less.
    pub answering: Duration,
    /// Time after which a connection takes no further request.
    pub connection: Duration,
    /// Bytes of an answer.
    pub answer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 128,
            questions: 4,
            head: 64 << 10,
            body: 1 << 20,
            reading: Duration::from_secs(10),
            answering: Duration::from_secs(30),
            connection: Duration::from_secs(300),
            answer: 128 << 20,
        }
    }
}

/// A server that answers until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens and answers, on threads of its own. Fails where the address cannot be listened at.
    pub fn start(listen: SocketAddr, shelf: Shelf, limits: Limits) -> io::Result<Server> {
        Server::on(std::net::TcpListener::bind(listen)?, shelf, limits)
    }

    /// Answers at a socket that listens already, on threads of its own.
    pub fn on(socket: std::net::TcpListener, shelf: Shelf, limits: Limits) -> io::Result<Server> {
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(limits.questions.max(1))
            .build()?;
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new().name("serve".into()).spawn(move || {
            let rooms =
                Rooms { questions: Arc::new(Semaphore::new(limits.questions.max(1))), shelf, limits: Arc::new(limits) };
            runtime.block_on(accept(socket, rooms, stopped));
            // A question that is still worked on was told to stop.
            runtime.shutdown_timeout(Duration::from_secs(2));
        })?;
        Ok(Server { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has told so.
            let _ = thread.join();
        }
    }
}

/// What all connections share.
#[derive(Clone)]
struct Rooms {
    questions: Arc<Semaphore>,
    shelf: Shelf,
    limits: Arc<Limits>,
}

async fn accept(socket: std::net::TcpListener, rooms: Rooms, mut stopped: watch::Receiver<bool>) {
    let Ok(listener) = TcpListener::from_std(socket) else { return };
    let places = Arc::new(Semaphore::new(rooms.limits.connections.max(1)));
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            next = next => next,
            _ = stopped.changed() => return,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, or a client that is gone: neither is helped by haste.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (rooms, stopped) = (rooms.clone(), stopped.clone());
        tokio::spawn(async move {
            connection(stream, rooms, stopped).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, rooms: Rooms, mut stopped: watch::Receiver<bool>) {
    let limits = rooms.limits.clone();
    // Where it cannot be set, answers are a little slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let rooms = rooms.clone();
        async move { Ok::<_, std::convert::Infallible>(respond(request, &rooms).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.reading)
        .half_close(false)
        .max_buf_size(limits.head.max(8192))
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A client that breaks off or talks nonsense is no concern of ours.
        _ = connection.as_mut() => return,
        _ = tokio::time::sleep(limits.connection) => {}
        _ = stopped.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(limits.reading, connection).await;
}

async fn respond(request: Request<Incoming>, rooms: &Rooms) -> Response<Full<Bytes>> {
    let head_only = request.method() == Method::HEAD;
    let mut answer = found(request, rooms).await;
    if answer.body.len() > rooms.limits.answer {
        let most = rooms.limits.answer >> 20;
        answer = Fault::execution(format!("the answer is longer than {most} MiB: ask for less")).answer();
    }
    let length = answer.body.len();
    let body = if head_only { Vec::new() } else { answer.body };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = answer.status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if head_only {
        response.headers_mut().insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    }
    response
}

async fn found(request: Request<Incoming>, rooms: &Rooms) -> Answer {
    let (head, body) = request.into_parts();
    let prometheus = head.uri.path().starts_with("/api/v1/");
    let say = |fault: Fault| if prometheus { fault.answer() } else { fault.plain() };
    // What is far longer was refused by the HTTP library already: it reads in pieces, and stops where it likes.
    if length(&head) > rooms.limits.head {
        return say(Fault::head_too_large(format!("the head is longer than {} KiB", rooms.limits.head >> 10)));
    }
    let form = match head.method {
        Method::GET | Method::HEAD => Bytes::new(),
        Method::POST if is_form(&head.headers) => match read(body, &rooms.limits).await {
            Ok(form) => form,
            Err(fault) => return say(fault),
        },
        Method::POST => return say(Fault::bad("a POST holds application/x-www-form-urlencoded parameters")),
        method => {
            return say(Fault::method(format!("this is read-only: {method} is not allowed, ask with GET or POST")));
        }
    };
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (accept, flags) = (header(ACCEPT.as_str()).to_owned(), header("x-loki-response-encoding-flags"));
    let query = head.uri.query().unwrap_or_default();
    let ask = match Ask::read(head.uri.path(), query.as_bytes(), &form, accept) {
        Ok(ask) => ask.flagged(flags),
        Err(fault) => return say(fault),
    };
    if head.method == Method::POST && !prometheus::takes_forms(&ask.path) && !loki::takes_forms(&ask.path) {
        return say(Fault::method("ask this with GET"));
    }
    let most = match ask.duration("timeout") {
        Ok(asked) => asked
            .and_then(|ms| u64::try_from(ms).ok())
            .map_or(rooms.limits.answering, |ms| Duration::from_millis(ms).min(rooms.limits.answering)),
        Err(fault) => return say(fault),
    };
    worked_out(ask, rooms, most).await.unwrap_or_else(say)
}

/// Bytes of a request's head, as it is usually written.
fn length(head: &Parts) -> usize {
    let first = head.method.as_str().len() + head.uri.path_and_query().map_or(1, |uri| uri.as_str().len());
    let headers = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    first + "  HTTP/1.1\r\n\r\n".len() + headers.sum::<usize>()
}

fn is_form(headers: &hyper::HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.is_empty() || kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

async fn read(body: Incoming, limits: &Limits) -> Result<Bytes, Fault> {
    let whole = tokio::time::timeout(limits.reading, Limited::new(body, limits.body).collect()).await;
    match whole {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(why)) if why.is::<http_body_util::LengthLimitError>() => {
            Err(Fault::too_large(format!("the body is longer than {} KiB", limits.body >> 10)))
        }
        Ok(Err(_)) => Err(Fault::bad("the body broke off")),
        Err(_) => Err(Fault::timeout("the body took too long to come in")),
    }
}

/// Tells who works on a question that nobody waits for the answer any more: its time is up, or the client is gone.
struct StopAtEnd(Arc<AtomicBool>);

impl Drop for StopAtEnd {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn worked_out(ask: Ask, rooms: &Rooms, most: Duration) -> Result<Answer, Fault> {
    let stop = Arc::new(AtomicBool::new(false));
    let _stop_at_end = StopAtEnd(stop.clone());
    let worked = async {
        let place = rooms.questions.clone().acquire_owned().await;
        let snapshot = rooms.shelf.newest();
        let work = tokio::task::spawn_blocking(move || {
            let answer = answer(&ask, &snapshot, &stop);
            // Kept until the work is really over, so that stopped questions do not add up.
            drop(place);
            answer
        });
        work.await
    };
    match tokio::time::timeout(most, worked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Fault::internal("the question could not be worked on")),
        Err(_) => Err(Fault::timeout("query timed out in expression evaluation")),
    }
}

fn answer(ask: &Ask, snapshot: &Snapshot, stop: &Arc<AtomicBool>) -> Result<Answer, Fault> {
    if ask.path.is_empty() {
        // Clients ask for the root to see whether anybody is there.
        return Ok(Answer::text(
            StatusCode::OK,
            "allgreen: ask below /api/v1 as Prometheus, below /loki as Loki, below /api as Tempo; /changes, /health-pages and \
             /reports are JSON lines\n",
        ));
    }
    let found = prometheus::health(ask).or_else(|| prometheus::answer(ask, snapshot, stop));
    let found = found.or_else(|| loki::answer(ask, snapshot, stop)).or_else(|| search::answer(ask, snapshot, stop));
    let found = found.or_else(|| tempo::answer(ask, snapshot)).or_else(|| records::answer(ask, snapshot));
    found.ok_or_else(|| Fault::not_found("there is no such path here"))
}
