//! Serves a bank from a data folder: `cargo run --example serve -- DATA [ADDRESS]`.

use std::{env, path::PathBuf, process::ExitCode};

use core_bank::{ServeOptions, serve};

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let data = arguments.next().map(PathBuf::from);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let (Some(data), Ok(address)) = (data, address.parse()) else {
        eprintln!("usage: serve DATA [ADDRESS]");
        return ExitCode::from(2);
    };
    match serve(ServeOptions::new(address, data)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
