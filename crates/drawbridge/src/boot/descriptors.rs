//! How many files and sockets the process may have open.
//!
//! Most systems start programs with 1,024, a limit that is meant for programs that use select(2), and let them raise it
//! themselves.

use drawbridge_gateway::log::Log;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files of the process that are no connections: the store's, the log, the cores' own.
const OTHERS: u64 = 256;

/// Raises the limit as far as it goes, and warns where it does not even allow as many clients as the settings do.
pub(super) fn raise_limit(max_connections: usize, log: &Log) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    };
    let wanted = max_connections as u64 + OTHERS;
    if let Some(limit) = current.filter(|limit| *limit < wanted) {
        log.warn(&format!(
            "at most {limit} files and sockets can be open, and {max_connections} clients need {wanted}, and as many again \
             for upstreams: raise the limit (LimitNOFILE in systemd, ulimit -n in a shell), or lower \
             `limits.max_connections`"
        ));
    }
}
