//! The server that all of them are measured against: one thread, keep-alive, the same answer to
//! anything as soon as the request is whole.

use std::io::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const BODY: &str = r#"{"ready":true,"seq":1,"identity_check":"I1"}"#;

/// Listens on a free port, says which on the first line, and serves until its stdin closes.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    std::thread::spawn(|| {
        let mut nothing = String::new();
        let _ = std::io::stdin().read_line(&mut nothing);
        std::process::exit(0);
    });
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        std::io::stdout().flush().unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = answer(stream).await;
            });
        }
    });
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let answer = format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let knock = answer.replace("201 Created", "200 OK");
    let mut bytes = Vec::with_capacity(4096);
    loop {
        bytes.clear();
        loop {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
            if is_whole(&bytes) {
                break;
            }
        }
        let answer = if bytes.starts_with(b"GET") {
            &knock
        } else {
            &answer
        };
        let keeps = !contains(&bytes, b"HTTP/1.0\r\n") || contains(&bytes, b"eep-");
        if keeps && contains(&bytes, b"HTTP/1.0\r\n") {
            // ab speaks HTTP/1.0 and must be told that the connection stays.
            let (head, rest) = answer.split_at("HTTP/1.1 200 OK\r\n".len());
            let told = format!("{head}connection: keep-alive\r\n{rest}");
            stream.write_all(told.as_bytes()).await?;
        } else {
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Requests of these generators are a head, and a body where there is a `content-length`.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    if bytes.starts_with(b"GET") {
        return true;
    }
    let text = String::from_utf8_lossy(&bytes[..head]);
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    bytes.len() >= head + 4 + length.unwrap_or(0)
}
