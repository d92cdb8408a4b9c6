//! Asks a device what it is, and checks that it is the wanted one.

use super::ConnectOptions;
use super::session::Session;
use crate::error::{Error, Result};
use crate::protocol::{Identity, Opcode, Response, VERSION};
use crate::transport::Transport;
use std::time::Instant;

/// Asks for the identity, and refuses one that is not wanted or not valid. Also returns the number of the write that the
/// device expects.
pub(super) fn identify<T: Transport>(
    session: &mut Session<T>,
    options: &ConnectOptions,
) -> Result<(Identity, u16)> {
    let response = session.read(Opcode::Identify, options.retries)?;
    let identity = identity_of(&response)?;
    if identity.protocol != VERSION {
        return Err(Error::ProtocolVersion {
            found: identity.protocol,
            wanted: VERSION,
        });
    }
    if let Some(wanted) = options.expect_design.filter(|&wanted| wanted != identity.design) {
        return Err(Error::DesignMismatch {
            found: identity.design,
            wanted,
        });
    }
    if let Some(wanted) = &options.expect_identity {
        same_numbers(&identity, wanted)?;
    }
    let loads = options.load.is_some() && identity.loadable;
    let wanted = options
        .load
        .as_ref()
        .map(|model| model.hash)
        .or(options.expect_model);
    if let Some(wanted) = wanted.filter(|&wanted| wanted != identity.model && !loads) {
        return Err(Error::ModelMismatch {
            found: identity.model,
            wanted,
        });
    }
    let least = [
        ("layers", u32::from(identity.layers)),
        ("classes", u32::from(identity.classes)),
        ("inputs", identity.inputs),
        ("slots", u32::from(identity.slots)),
    ];
    match least.into_iter().find(|&(_, value)| value == 0) {
        Some((field, found)) => Err(Error::BadIdentity {
            field,
            found,
            wanted: 1,
        }),
        None => Ok((identity, response.expected)),
    }
}

/// Asks for the identity of a device that has not answered yet, in up to `attempts` rounds. A line on which nothing at all
/// arrives is given up after the time within which an unplugged board must come back.
pub(super) fn first_identify<T: Transport>(
    session: &mut Session<T>,
    options: &ConnectOptions,
) -> Result<(Identity, u16)> {
    let start = Instant::now();
    let (mut rounds, mut sent) = (0, 0);
    loop {
        let attempts = match identify(session, options) {
            Err(Error::NoResponse { attempts, .. }) => attempts,
            other => return other,
        };
        (rounds, sent) = (rounds + 1, sent + attempts);
        let is_silent = session.statistics.total.bytes_in == 0;
        if rounds >= options.attempts || is_silent && start.elapsed() >= options.timeouts.replug {
            return Err(Error::NoResponse {
                command: Opcode::Identify,
                attempts: sent,
                waited: start.elapsed(),
                gaps: 0,
                bytes: session.statistics.total.bytes_in,
                bad: session.statistics.bad_responses,
            });
        }
        session.discard()?;
    }
}

/// Returns the identity in a response to IDENTIFY.
pub(super) fn identity_of(response: &Response) -> Result<Identity> {
    Identity::decode(&response.payload).ok_or(Error::MalformedResponse {
        command: Opcode::Identify,
        found: response.payload.len(),
        wanted: crate::protocol::payload::IDENTITY_BYTES,
    })
}

/// Refuses an identity whose numbers are not those of the wanted design: lengths of responses follow from them.
fn same_numbers(found: &Identity, wanted: &Identity) -> Result<()> {
    let numbers = found.numbers().into_iter().zip(wanted.numbers());
    match numbers.into_iter().find(|(found, wanted)| found != wanted) {
        Some(((field, found), (_, wanted))) => Err(Error::IdentityMismatch { field, found, wanted }),
        None => Ok(()),
    }
}

/// Refuses a device that is not the one from before. Another model is accepted if `loads`, since it is loaded again.
pub(super) fn same(found: &Identity, wanted: &Identity, loads: bool) -> Result<()> {
    if found.design != wanted.design {
        return Err(Error::DesignMismatch {
            found: found.design,
            wanted: wanted.design,
        });
    }
    same_numbers(found, wanted)?;
    if found.model != wanted.model && !loads {
        return Err(Error::ModelMismatch {
            found: found.model,
            wanted: wanted.model,
        });
    }
    Ok(())
}
