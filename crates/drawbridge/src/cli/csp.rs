//! `drawbridge csp`: the Content-Security-Policy that a page needs to call the gateway, and whether a given one does.
//!
//! Nothing of it is enforced by the gateway. With `--public-url`, only `--project` makes it ask a gateway anything.

use clap::Args;
use drawbridge_policy::csp::{Block, Call as PageCall, Csp, Judgement, source_for, without_name};
use drawbridge_policy::origin::Origin;
use http::Method;
use serde_json::{Value, json};

use super::address::encoded;
use super::client::Call;
use super::failure::Failure;
use super::output;
use super::session::Connection;
use crate::settings::parse_public_url;

#[derive(Args)]
pub(super) struct CspArguments {
    /// The origin under which browsers reach the gateway; when left out, the gateway at --url is asked
    #[arg(
        long,
        value_name = "ORIGIN",
        env = "DRAWBRIDGE_PUBLIC_URL",
        hide_env_values = true
    )]
    public_url: Option<String>,
    /// Only the endpoints of this project, by their own URLs: slug or id
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// The value of a Content-Security-Policy header: does it let the page call?
    #[arg(long, value_name = "CSP")]
    check: Option<String>,
    /// Where the page comes from, which 'self' and sources without a scheme depend on; another origin when left out
    #[arg(long, value_name = "ORIGIN", requires = "check")]
    page_origin: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) const HELP: &str = "\
A page's own Content-Security-Policy decides where it may connect to. A page that has none, or
neither connect-src nor default-src in it, needs nothing. The policy of the gateway's own answers
has no part in this.

Examples:
  drawbridge csp --public-url https://gateway.example.com
  drawbridge csp --public-url https://gateway.example.com \\
      --check \"default-src 'self'; img-src *\" --page-origin https://app.example.com

Exit codes:
  0  done; with --check: the policy allows calls to the gateway
  1  refused by the gateway, or it could not be reached (not with --public-url alone)
  2  wrong usage
  4  the policy given with --check blocks calls to the gateway";

/// What pages are to call.
struct Target {
    gateway: String,
    /// `/`, or a project's.
    path: String,
    /// As it stands in a policy.
    source: String,
}

impl CspArguments {
    pub(super) fn json(&self) -> bool {
        self.connection.json
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        let page = self.page_origin.as_deref().map(page_origin).transpose()?;
        let target = self.target().await?;
        match &self.check {
            Some(csp) => self.check(&target, csp, page),
            None => {
                self.tell(&target);
                Ok(())
            }
        }
    }

    async fn target(&self) -> Result<Target, Failure> {
        let gateway = match &self.public_url {
            Some(url) => web_origin("--public-url", url)?,
            None => self.asked_origin().await?,
        };
        let path = match &self.project {
            Some(project) => {
                let session = self.connection.open()?;
                let path = format!("/v1/projects/{}", encoded(project));
                let call = Call::new(format!("show project {project:?}"), Method::GET, path);
                let project = session.call(call).await?.value;
                format!("/{}/", output::text(&project["id"]))
            }
            None => "/".to_owned(),
        };
        let source = source_for(origin(&gateway)?, &path).ok_or_else(|| {
            Failure::Usage(format!(
                "no Content-Security-Policy can name {gateway}, as browsers ignore IPv6 addresses in it: \
                 give the gateway a name, and that with --public-url"
            ))
        })?;
        Ok(Target {
            gateway,
            path,
            source,
        })
    }

    /// What the gateway itself says: with `admin.listen`, pages call another address than commands.
    async fn asked_origin(&self) -> Result<String, Failure> {
        let call = Call::new(
            "ask for the gateway's origin",
            Method::POST,
            "/dashboard/api/csp",
        );
        let answer = self.connection.open()?.call(call.body(json!({}))).await?;
        Ok(output::text(&answer.value["source"])
            .trim_end_matches('/')
            .to_owned())
    }

    fn tell(&self, target: &Target) {
        let directive = format!("connect-src 'self' {}", target.source);
        if self.json() {
            let document = json!({ "source": target.source, "directive": directive });
            return output::print(&document.to_string());
        }
        output::print(&directive);
        output::note(
            "This lets a page call the gateway and its own origin. Where the page's Content-Security-Policy has a \
             connect-src, add the last source to it; where it has only a default-src, add this directive, with the \
             other origins that the page calls.",
        );
        if self.project.is_some() {
            let gateway = &target.gateway;
            output::note(&format!(
                "A page that uses the shared URL needs {gateway}/v1/ too."
            ));
        }
        if self.public_url.is_none() {
            output::note(
                "The origin is what the gateway knows of itself; name the one that browsers use with --public-url, if it is another.",
            );
        }
    }

    fn check(&self, target: &Target, csp: &str, page: Option<Origin<'_>>) -> Result<(), Failure> {
        let (csp, warnings) = Csp::parse(without_name(csp));
        let judgement = csp.judge(&PageCall {
            gateway: origin(&target.gateway)?,
            path: &target.path,
            page,
        });
        if self.json() {
            output::print(&document(target, &judgement, &warnings).to_string());
        } else {
            for warning in &warnings {
                output::warning(warning);
            }
            output::print(&human(target, &judgement));
        }
        match judgement.blocks.is_empty() {
            true => Ok(()),
            false => Err(Failure::Verdict(format!(
                "the policy blocks calls to {}",
                target.source
            ))),
        }
    }
}

/// The origin of a URL that has nothing else.
fn web_origin(flag: &str, url: &str) -> Result<String, Failure> {
    parse_public_url(url).map_err(|problem| Failure::Usage(format!("{flag}: {problem}")))
}

fn page_origin(text: &str) -> Result<Origin<'_>, Failure> {
    Origin::parse(text.as_bytes()).ok_or_else(|| {
        let example = "write it as browsers send it, such as https://app.example.com";
        Failure::Usage(format!(
            "--page-origin: `{text}` is not an origin, {example}"
        ))
    })
}

fn origin(text: &str) -> Result<Origin<'_>, Failure> {
    Origin::parse(text.as_bytes())
        .ok_or_else(|| Failure::Usage(format!("`{text}` is not an origin")))
}

fn human(target: &Target, judgement: &Judgement) -> String {
    let Target { source, .. } = target;
    if judgement.blocks.is_empty() {
        return format!("allowed: the policy lets the page call {source}");
    }
    let blocks = judgement.blocks.iter().map(|block| told(block, source));
    let mut text = blocks.collect::<Vec<_>>().join("\n");
    if let Some(cured) = &judgement.cured {
        text += &format!("\nThe whole header then:\n  {cured}");
    }
    text
}

/// One policy that blocks.
fn told(block: &Block, source: &str) -> String {
    let mut text = format!("blocked: {}", block.reason(source));
    for (near, miss) in &block.near {
        text += &format!("\n  `{near}` has {}", miss.difference());
    }
    if let Some(cure) = &block.cure {
        text += match block.directive {
            "default-src" => "\nAdd the directive:\n  ",
            _ => "\nWrite instead:\n  ",
        };
        text += cure;
    }
    text
}

fn document(target: &Target, judgement: &Judgement, warnings: &[String]) -> Value {
    let mut document = judgement.to_value(warnings);
    document["source"] = target.source.clone().into();
    document
}
