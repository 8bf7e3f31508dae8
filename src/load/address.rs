//! To whom load is sent, as the command line says it.

use crate::arguments::LoadArguments;
use crate::exit::Failure;
use crate::load::plan::Plan;
use loadgen::{Endpoint, Reach, Target, TargetFile, Tokens, Trust, Version};
use std::path::Path;

/// To whom.
pub enum To {
    /// A bank that is started for the run.
    OwnBank,
    /// A bank that is there.
    Bank(Target),
    /// A system of somebody's own, spoken to as its target file says.
    OwnSystem(TargetFile, Endpoint),
}

impl To {
    /// The target of the command line.
    pub fn read(arguments: &LoadArguments, plan: &Plan) -> Result<Self, Failure> {
        let tokens = arguments.tokens.as_deref();
        Self::at(arguments.target.as_deref(), tokens, arguments, plan)
    }

    /// Reads the target file and the tokens, and refuses what may not be reached.
    pub fn at(
        url: Option<&str>,
        tokens: Option<&Path>,
        arguments: &LoadArguments,
        plan: &Plan,
    ) -> Result<Self, Failure> {
        let usage = |error: loadgen::LoadError| Failure::usage(error.to_string());
        let reach = match &arguments.i_own_this_target {
            None => Reach::Loopback,
            Some(host) => Reach::OwnHost(host.clone()),
        };
        let named = arguments.target_file.clone();
        if let Some(path) = named.or_else(|| plan.target_file()) {
            if tokens.is_some() {
                return Err(Failure::usage(
                    "--tokens are the core bank's; a target file says by itself how to log in",
                ));
            }
            let file = TargetFile::read(&path);
            let file = file.map_err(|fault| Failure::usage(fault.to_string()))?;
            let endpoint = file.endpoint(url, arguments.ca.clone(), &reach);
            return Ok(Self::OwnSystem(file, endpoint.map_err(usage)?));
        }
        let Some(url) = url else {
            return Ok(Self::OwnBank);
        };
        let Some(tokens) = tokens else {
            return Err(Failure::usage(
                "--target needs --tokens: the tokens.json in the data directory of that bank; or, for a system of your own, --target-file",
            ));
        };
        let tokens = Tokens::read(tokens).map_err(usage)?;
        let trust = arguments.ca.clone().map_or(Trust::System, Trust::File);
        let endpoint = Endpoint::new(url, Version::Http1, &trust, &reach).map_err(usage)?;
        Ok(Self::Bank(Target::at(endpoint, tokens)))
    }
    /// Where it lives, as a comparison records it.
    pub fn place(&self) -> String {
        match self {
            Self::OwnBank => "a bank started for the run".to_owned(),
            Self::Bank(target) => target.base().to_owned(),
            Self::OwnSystem(_, endpoint) => endpoint.base().to_owned(),
        }
    }
}
