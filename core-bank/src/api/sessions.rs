//! Sessions: log-ins by device or password, log-outs, termination from afar, closed channels.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Service, Shared,
    customers::OF_PRESENCE,
    endpoint::{Asked, Endpoint, Rule},
    problem::Problem,
    request::{Secret, caller_without_query, shut_out, well_formed},
    schemas,
    write::{json_body, planted_slowness, read, write_without_body},
};
use crate::{
    access::{self, TokenKind, random_salt},
    authentication::{hash_password, is_password, may_be_password},
    rules::{
        Action, Caller, Channel, CustomerId, IdentityCheckId, Operation, Refusal,
        RefusalCode as Code, SESSION_MICROS_MAX, SessionId, TokenDigest, TokenNonce,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::write("/v1/sessions", Operation::LogIn, log_in)
            .takes::<LogInBody>()
            .applied(&["session"])
            .refuses(&[Code::WrongCredentials, Code::ChannelClosed]),
        Endpoint::read("/v1/sessions", Operation::SessionQuery, list).answers::<SessionsDocument>(),
        Endpoint::new(
            Method::DELETE,
            "/v1/sessions/current",
            Rule::Channels(Operation::LogOut),
            log_out,
        )
        .named(Operation::LogOut.name(), Operation::LogOut.summary())
        .keyed()
        .applied(&[]),
        Endpoint::action(
            "/v1/sessions/terminations",
            Operation::SessionTermination,
            terminate,
        )
        .applied(&[])
        .refuses(&[Code::SessionNotFound]),
        Endpoint::action(
            "/v1/customers/{customer}/channels",
            Operation::ChannelSetting,
            set_channel,
        )
        .applied(&[])
        .refuses(OF_PRESENCE),
        Endpoint::action(
            "/v1/customers/{customer}/device-removals",
            Operation::DeviceRemoval,
            remove_devices,
        )
        .applied(&[])
        .refuses(OF_PRESENCE),
        Endpoint::write("/v1/passwords", Operation::PasswordSetting, set_password)
            .takes::<PasswordBody>()
            .applied(&[])
            .refuses(OF_PRESENCE),
    ]
}

/// A channel that customers log in to.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LogInChannel {
    Mobile,
    Online,
    Messenger,
}

impl LogInChannel {
    fn channel(self) -> Channel {
        match self {
            Self::Mobile => Channel::Mobile,
            Self::Online => Channel::Online,
            Self::Messenger => Channel::Messenger,
        }
    }
}

/// Either `device_token` or `password` logs in.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LogInBody {
    #[schema(value_type = CustomerId)]
    customer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Token>)]
    device_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 8, max_length = 64)]
    password: Option<Secret>,
    channel: LogInChannel,
}

pub async fn log_in(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let made = service.access.issue(TokenKind::Session);
    let mut reading = read::<LogInBody>(&service, request, Operation::LogIn).await?;
    let (nonce, session) = made.map_err(|_| Code::Internal)?;
    let customer = CustomerId::parse(&reading.body.customer);
    let channel = reading.body.channel.channel();
    let action = match (
        reading.body.device_token.take(),
        reading.body.password.take(),
    ) {
        (Some(token), None) => by_device(channel, customer, &token, (session, nonce)),
        (None, Some(Secret(password))) => {
            reading.blind(&service.access, &password);
            let action =
                by_password(&service, channel, customer, password, (session, nonce)).await?;
            if let Action::LogInByPassword { right: false, .. } = action {
                reading.set_apart();
            }
            action
        }
        _ => {
            let form = "alone: either it or `password` logs in";
            return well_formed("device_token", form, None);
        }
    };
    let answer = reading.submit(&service, action).await?;
    if let Some(customer) = customer {
        let expires = service.clock.now().after(SESSION_MICROS_MAX);
        service.rates.knows(session, customer, expires);
    }
    Ok(answer)
}

fn by_device(
    channel: Channel,
    customer: Option<CustomerId>,
    token: &str,
    (session, nonce): (TokenDigest, TokenNonce),
) -> Action {
    let device = access::digest(token);
    match channel {
        Channel::Mobile => Action::LogIn {
            customer,
            device,
            session,
            nonce,
        },
        _ => Action::LogInTo {
            channel,
            customer,
            device,
            session,
            nonce,
        },
    }
}

/// Compares the password on the bounded pool, whoever the customer may be, ahead of the queue.
async fn by_password(
    service: &Service,
    channel: Channel,
    customer: Option<CustomerId>,
    password: String,
    (session, nonce): (TokenDigest, TokenNonce),
) -> Result<Action, Problem> {
    let held = service.bank.read(move |state| {
        let owner = customer.and_then(|customer| state.customer(customer))?;
        owner.profile.password.clone()
    });
    let held = held.await?;
    let hash = held.as_ref().map(|known| known.1);
    let right = service
        .proofs
        .check(move || is_password(&password, hash))
        .await?;
    Ok(Action::LogInByPassword {
        channel,
        customer,
        password: held.map(|known| known.0),
        right,
        session,
        nonce,
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    #[schema(value_type = CustomerId)]
    customer: String,
    #[schema(value_type = IdentityCheckId)]
    identity_check: String,
    #[schema(value_type = String, min_length = 8, max_length = 64)]
    password: Secret,
}

pub async fn set_password(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let mut reading = read::<PasswordBody>(&service, request, Operation::PasswordSetting).await?;
    if let Caller::Session(token) = reading.caller {
        // No session may do this; it is told so before a hash is computed for it.
        return Err(shut_out(&service, token).await);
    }
    let form = "a password of 8 to 64 characters";
    let password = std::mem::take(&mut reading.body.password).0;
    let password = may_be_password(&password).then_some(password);
    let password = well_formed("password", form, password)?;
    reading.blind(&service.access, &password);
    let salt = random_salt().map_err(|_| Code::Internal)?;
    let hash = service.proofs.check(move || hash_password(&password, salt));
    let action = Action::SetPassword {
        customer: CustomerId::parse(&reading.body.customer),
        check: IdentityCheckId::parse(&reading.body.identity_check),
        hash: hash.await?.ok_or(Code::Overloaded)?,
    };
    reading.submit(&service, action).await
}

pub async fn log_out(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    write_without_body(&service, &parts, Operation::LogOut, |caller| match caller {
        Caller::Session(session) => Ok(Action::LogOut { session }),
        Caller::Terminal(_) | Caller::AtTerminal(..) | Caller::Visitor => {
            Err(Code::Forbidden.into())
        }
    })
    .await
}

#[derive(Serialize, ToSchema)]
struct SessionsDocument {
    sessions: Vec<SessionRow>,
}

#[derive(Serialize, ToSchema)]
struct SessionRow {
    session: SessionId,
    channel: &'static str,
    #[schema(value_type = schemas::Moment)]
    began: String,
    #[schema(value_type = schemas::Moment)]
    expires: String,
    /// Whether it is the one that asks.
    current: bool,
}

pub async fn list(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let caller = caller_without_query(&service, &request, Operation::SessionQuery)?;
    planted_slowness(&service, Operation::SessionQuery).await;
    let now = service.clock.now();
    let sessions = service.bank.read(move |state| {
        let reader = state.reader(caller, Operation::SessionQuery, now)?;
        let own = reader.customer().ok_or(Code::Forbidden)?;
        let owner = state.customer(own).ok_or(Code::CustomerNotFound)?;
        let open = owner.sessions.iter().filter_map(|digest| {
            let session = state.session(*digest)?;
            session.stands(now).then(|| SessionRow {
                session: session.id,
                channel: session.channel.name(),
                began: session.began.to_string(),
                expires: session.expires.to_string(),
                current: caller == Caller::Session(*digest),
            })
        });
        Ok::<Vec<SessionRow>, Refusal>(open.collect())
    });
    let sessions = sessions.await??;
    Ok(json_body(&SessionsDocument { sessions }).into_response())
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TerminationBody {
    #[schema(value_type = SessionId)]
    session: String,
}

fn terminate(body: &TerminationBody, _: &Asked) -> Result<Action, Problem> {
    Ok(Action::TerminateSession {
        session: SessionId::parse(&body.session),
    })
}

/// A channel that customers may close. The counter is where they are opened again.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OwnChannel {
    Mobile,
    Online,
    Messenger,
    Kiosk,
    Atm,
}

impl OwnChannel {
    fn channel(self) -> Channel {
        match self {
            Self::Mobile => Channel::Mobile,
            Self::Online => Channel::Online,
            Self::Messenger => Channel::Messenger,
            Self::Kiosk => Channel::Kiosk,
            Self::Atm => Channel::Atm,
        }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChannelBody {
    channel: OwnChannel,
    open: bool,
    /// At the counter and the kiosk; a session needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<IdentityCheckId>)]
    identity_check: Option<String>,
}

fn set_channel(body: &ChannelBody, asked: &Asked) -> Result<Action, Problem> {
    let check = body.identity_check.as_deref();
    Ok(Action::SetChannel {
        customer: asked.named(CustomerId::parse),
        check: check.and_then(IdentityCheckId::parse),
        channel: body.channel.channel(),
        open: body.open,
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RemovalBody {
    /// At the counter and the kiosk; a session needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<IdentityCheckId>)]
    identity_check: Option<String>,
}

fn remove_devices(body: &RemovalBody, asked: &Asked) -> Result<Action, Problem> {
    let check = body.identity_check.as_deref();
    Ok(Action::RemoveDevices {
        customer: asked.named(CustomerId::parse),
        check: check.and_then(IdentityCheckId::parse),
    })
}
