//! An endpoint as flags: what people type, turned into the document of the management API.
//!
//! Says nothing about a field whose flag was not given, so that the same flags make a new endpoint and a merge patch.
//! Must not judge values: the gateway does, and reports all problems at once.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::cli::failure::Failure;
use crate::cli::input;

/// What happens to a request that the policy does not admit.
#[derive(Clone, Copy, ValueEnum)]
enum Enforcement {
    /// Refused before the upstream
    Server,
    /// Forwarded, the browser withholds the answer
    Browser,
    /// Answered as if it were listed, and counted
    Report,
}

/// The fields of an endpoint.
#[derive(Args)]
pub(super) struct EndpointFlags {
    /// A model that it serves, NAME or NAME=UPSTREAM_NAME; repeat for more; none means any model
    #[arg(long = "model", value_name = "NAME", help_heading = "Upstream")]
    models: Vec<String>,
    /// Base URL of the inference API behind it, e.g. http://127.0.0.1:11434/v1
    #[arg(long, value_name = "URL", help_heading = "Upstream")]
    pub(super) upstream: Option<String>,
    /// Environment variable that holds the upstream's credential
    #[arg(long, value_name = "VARIABLE", help_heading = "Upstream")]
    credential_env: Option<String>,
    /// Read the upstream's credential from stdin
    #[arg(long, help_heading = "Upstream", conflicts_with = "credential_env")]
    credential_stdin: bool,
    /// The upstream needs no credential; drops a stored one
    #[arg(
        long,
        help_heading = "Upstream",
        conflicts_with_all = ["credential_env", "credential_stdin"]
    )]
    no_credential: bool,
    /// Header that carries the credential, instead of `Authorization: Bearer`
    #[arg(long, value_name = "NAME", help_heading = "Upstream")]
    credential_header: Option<String>,
    /// PEM file with the authorities that vouch for an https upstream, instead of the system's
    #[arg(long, value_name = "FILE", help_heading = "Upstream")]
    ca_certificate: Option<PathBuf>,
    /// The system's authorities vouch for the upstream again
    #[arg(long, help_heading = "Upstream", conflicts_with = "ca_certificate")]
    no_ca_certificate: bool,

    /// An origin that may call it, e.g. https://app.example.com or https://*.example.com; repeat for more
    #[arg(long = "allow-origin", value_name = "ORIGIN", help_heading = "CORS")]
    pub(super) origins: Vec<String>,
    /// A method that pages may use; repeat for more
    #[arg(long = "allow-method", value_name = "METHOD", help_heading = "CORS")]
    methods: Vec<String>,
    /// A header that pages may send, or a preset: @openai, @anthropic, @google-genai, @drawbridge; repeat for more
    #[arg(long = "allow-header", value_name = "HEADER", help_heading = "CORS")]
    headers: Vec<String>,
    /// A response header that pages may read; repeat for more
    #[arg(long = "expose-header", value_name = "HEADER", help_heading = "CORS")]
    exposed: Vec<String>,
    /// Seconds for which browsers may remember a preflight's answer
    #[arg(long, value_name = "SECONDS", help_heading = "CORS")]
    max_age: Option<i64>,
    /// Whether pages may send cookies and client certificates (API keys do not need this)
    #[arg(
        long,
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "CORS"
    )]
    allow_credentials: Option<bool>,
    /// Who enforces the policy
    #[arg(long, value_name = "WHO", help_heading = "CORS")]
    enforcement: Option<Enforcement>,

    /// Most bytes of a request's body
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    max_body_bytes: Option<u64>,
    /// Seconds to wait for a connection to the upstream
    #[arg(long, value_name = "SECONDS", help_heading = "Limits")]
    connect_seconds: Option<u64>,
    /// Seconds to wait for the first byte of its answer
    #[arg(long, value_name = "SECONDS", help_heading = "Limits")]
    first_byte_seconds: Option<u64>,
    /// Seconds to wait between two bytes of its answer
    #[arg(long, value_name = "SECONDS", help_heading = "Limits")]
    idle_seconds: Option<u64>,
}

impl EndpointFlags {
    /// The document that says what was given, and nothing else.
    ///
    /// # Errors
    /// When the credential, or a file, cannot be read from where it was said to be.
    pub(super) fn document(&self) -> Result<Map<String, Value>, Failure> {
        let mut document = Map::new();
        put_list(
            &mut document,
            "models",
            self.models.iter().map(|model| self::model(model)),
        );
        put_object(&mut document, "upstream", self.upstream()?);
        put_object(&mut document, "cors", self.cors());
        put_object(&mut document, "limits", self.limits());
        Ok(document)
    }

    fn upstream(&self) -> Result<Map<String, Value>, Failure> {
        let mut upstream = Map::new();
        put(&mut upstream, "base_url", self.upstream.as_deref());
        if let Some(variable) = &self.credential_env {
            put(
                &mut upstream,
                "credential",
                Some(input::secret_from_variable(variable)?),
            );
        } else if self.credential_stdin {
            put(
                &mut upstream,
                "credential",
                Some(input::secret_from_stdin()?),
            );
        } else if self.no_credential {
            put(&mut upstream, "credential", Some(Value::Null));
        }
        put(
            &mut upstream,
            "credential_header",
            self.credential_header.as_deref(),
        );
        let ca_certificate = match &self.ca_certificate {
            Some(file) => Some(input::text_of_file(file)?),
            None => self.no_ca_certificate.then_some(Value::Null),
        };
        put(&mut upstream, "ca_certificate", ca_certificate);
        Ok(upstream)
    }

    fn cors(&self) -> Map<String, Value> {
        let mut cors = Map::new();
        put_list(
            &mut cors,
            "allowedOrigins",
            self.origins.iter().map(String::as_str),
        );
        put_list(
            &mut cors,
            "allowedMethods",
            self.methods.iter().map(String::as_str),
        );
        put_list(
            &mut cors,
            "allowedHeaders",
            self.headers.iter().map(String::as_str),
        );
        put(&mut cors, "maxAge", self.max_age);
        put(&mut cors, "allowCredentials", self.allow_credentials);
        put_list(
            &mut cors,
            "exposedHeaders",
            self.exposed.iter().map(String::as_str),
        );
        let enforcement = self.enforcement.map(|enforcement| match enforcement {
            Enforcement::Server => "server",
            Enforcement::Browser => "browser",
            Enforcement::Report => "report",
        });
        put(&mut cors, "enforcement", enforcement);
        cors
    }

    fn limits(&self) -> Map<String, Value> {
        let mut limits = Map::new();
        put(&mut limits, "max_body_bytes", self.max_body_bytes);
        put(&mut limits, "connect_seconds", self.connect_seconds);
        put(&mut limits, "first_byte_seconds", self.first_byte_seconds);
        put(&mut limits, "idle_seconds", self.idle_seconds);
        limits
    }
}

/// `small=tiny-random` is served under the first name and called by the second.
fn model(text: &str) -> Value {
    match text.split_once('=') {
        Some((name, upstream_name)) => json!({"name": name, "upstream_name": upstream_name}),
        None => Value::from(text),
    }
}

fn put(object: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}

fn put_list<V: Into<Value>>(
    object: &mut Map<String, Value>,
    name: &str,
    values: impl Iterator<Item = V>,
) {
    let values: Vec<Value> = values.map(Into::into).collect();
    if !values.is_empty() {
        object.insert(name.to_owned(), Value::Array(values));
    }
}

fn put_object(object: &mut Map<String, Value>, name: &str, value: Map<String, Value>) {
    if !value.is_empty() {
        object.insert(name.to_owned(), Value::Object(value));
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: EndpointFlags,
    }

    fn document(line: &str) -> Value {
        let arguments = std::iter::once("x").chain(line.split_whitespace());
        let line = Line::try_parse_from(arguments).unwrap();
        Value::Object(line.flags.document().unwrap())
    }

    #[test]
    fn flags_say_what_was_typed_and_nothing_else() {
        assert_eq!(document(""), json!({}));
        assert_eq!(
            document(
                "--upstream http://127.0.0.1:1/v1 --model a --model small=tiny-random --allow-origin https://a.b"
            ),
            json!({
                "models": ["a", {"name": "small", "upstream_name": "tiny-random"}],
                "upstream": {"base_url": "http://127.0.0.1:1/v1"},
                "cors": {"allowedOrigins": ["https://a.b"]},
            })
        );
        assert_eq!(
            document(
                "--allow-header @openai --allow-method POST --max-age 600 --allow-credentials \
                 --expose-header x-a --enforcement report --idle-seconds 9"
            ),
            json!({
                "cors": {
                    "allowedMethods": ["POST"], "allowedHeaders": ["@openai"], "maxAge": 600,
                    "allowCredentials": true, "exposedHeaders": ["x-a"], "enforcement": "report",
                },
                "limits": {"idle_seconds": 9},
            })
        );
    }

    #[test]
    fn what_is_on_can_be_turned_off() {
        assert_eq!(
            document("--allow-credentials=false"),
            json!({"cors": {"allowCredentials": false}})
        );
        assert_eq!(
            document("--no-credential"),
            json!({"upstream": {"credential": null}})
        );
        assert_eq!(
            document("--no-ca-certificate"),
            json!({"upstream": {"ca_certificate": null}})
        );
    }

    #[test]
    fn a_certificate_is_read_from_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "its text\n").unwrap();
        assert_eq!(
            document(&format!("--ca-certificate {}", file.path().display())),
            json!({"upstream": {"ca_certificate": "its text\n"}})
        );
        let line = Line::try_parse_from(["x", "--ca-certificate", "/no/such/file"]).unwrap();
        let failure = line.flags.document().unwrap_err().to_string();
        assert!(failure.contains("/no/such/file"), "{failure}");
    }
}
