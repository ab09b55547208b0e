//! `drawbridge audit verify`: the one command that reads the data directory itself, because hashes cover the stored
//! bytes, and because whoever asks should not have to believe the gateway.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use drawbridge_store::{Broken, Link, StoreError, verify_audit};
use serde_json::json;

use crate::cli::{CANNOT_START, DONE, VERDICT, output};

pub(super) const HELP: &str = "\
Reads the database in the data directory, and changes nothing; a gateway may be running on it. No key is needed.

The chain alone cannot tell that somebody rewrote all of it, or put back an older database. So note the
NUMBER:HASH that this prints in another place, and pass it with --expect next time.

Examples:
  drawbridge audit verify --data-dir /var/lib/drawbridge
  drawbridge audit verify --expect 1234:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Exit codes:
  0  the log is whole
  2  wrong usage
  3  the data directory cannot be read
  4  verification failed: a row was changed or removed";

#[derive(Args)]
pub(in crate::cli) struct Verify {
    /// The gateway's data directory
    #[arg(
        long,
        value_name = "DIRECTORY",
        env = "DRAWBRIDGE_DATA_DIR",
        hide_env_values = true,
        default_value = "./data"
    )]
    data_dir: PathBuf,
    /// A row of an earlier verification, which must still be there as it was
    #[arg(long, value_name = "NUMBER:HASH")]
    expect: Option<Link>,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(in crate::cli) async fn run(self) -> ExitCode {
        let verified = verify_audit(&self.data_dir, self.expect).await;
        ExitCode::from(match verified {
            Ok(Ok(last)) => self.whole(last),
            Ok(Err(broken)) => self.broken(broken),
            Err(error) => cannot_read(error),
        })
    }

    fn whole(&self, last: Link) -> u8 {
        output::print(&match (self.json, last.seq) {
            (true, rows) => json!({
                "object": "audit_verification",
                "verified": true,
                "rows": rows,
                "last": (rows > 0).then(|| last.to_string()),
            })
            .to_string(),
            (false, 0) => "the audit log is empty".to_owned(),
            (false, 1) => format!("the audit log is whole: 1 row\nlast row  {last}"),
            (false, rows) => format!("the audit log is whole: {rows} rows\nlast row  {last}"),
        });
        DONE
    }

    fn broken(&self, broken: Broken) -> u8 {
        let row = broken.seq();
        let reason = format!("{:#}", anyhow::Error::new(broken));
        if self.json {
            let document = json!({
                "object": "audit_verification",
                "verified": false,
                "rows": row - 1,
                "first_bad_row": row,
                "reason": reason,
            });
            output::print(&document.to_string());
        }
        output::error(&format!(
            "{reason}\n  the rows before it are as they were written; compare with a backup of the database"
        ));
        VERDICT
    }
}

fn cannot_read(error: StoreError) -> u8 {
    output::error(&format!("{:#}", anyhow::Error::new(error)));
    CANNOT_START
}
