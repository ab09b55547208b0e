//! The counters of all cores, written out as OpenMetrics text.

use std::fmt;
use std::sync::Arc;

use drawbridge_policy::cors::Refusal;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};

use super::counts::{CoreCounts, Count, ENDS, UPSTREAM_ERRORS, decisions};
use super::totals::{HistogramTotals, Totals, totals};
use super::{Metrics, lock};

const PREFIX: &str = "drawbridge";

pub(super) fn text(metrics: &Arc<Metrics>) -> String {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Exposition(Arc::clone(metrics))));
    let mut text = String::new();
    // Writing into a `String` cannot fail; were it cut even so, scrapers would miss its `# EOF`.
    let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
    text
}

struct Exposition(Arc<Metrics>);

impl fmt::Debug for Exposition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Exposition")
    }
}

impl Collector for Exposition {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let metrics = &*self.0;
        let cores = lock(&metrics.cores).clone();
        let mut out = Out(encoder);
        out.endpoints(&totals(metrics, &cores))?;
        out.connections(&cores)?;
        out.pools(&cores)?;
        out.process(metrics)
    }
}

fn sum(cores: &[Arc<CoreCounts>], count: impl Fn(&CoreCounts) -> &Count) -> u64 {
    cores.iter().map(|core| count(core).get()).sum()
}

struct Out<'e>(DescriptorEncoder<'e>);

impl Out<'_> {
    fn endpoints(&mut self, endpoints: &[Totals]) -> fmt::Result {
        self.requests(endpoints)?;
        self.cors_decisions(endpoints)?;
        self.upstream_errors(endpoints)?;
        self.open_streams(endpoints)?;
        let help = "Forwarded requests, from their head to the head of the answer";
        let first_byte = |totals: &Totals| totals.first_byte;
        self.histogram("request_first_byte", help, endpoints, first_byte)?;
        let help = "Forwarded requests, from their head to the end of the answer";
        let duration = |totals: &Totals| totals.duration;
        self.histogram("request_duration", help, endpoints, duration)
    }

    fn requests(&mut self, endpoints: &[Totals]) -> fmt::Result {
        let help = "Requests that have ended, by the status of their answer";
        let mut metric = self.counters("requests", help)?;
        for totals in endpoints {
            for (status, value) in &totals.statuses {
                let status = match status {
                    Some(0) => "none".to_owned(),
                    Some(status) => status.to_string(),
                    None => "other".to_owned(),
                };
                let labels = [("status", &*status), ("endpoint", &totals.label)];
                sample(&mut metric, &labels, *value)?;
            }
        }
        Ok(())
    }

    fn cors_decisions(&mut self, endpoints: &[Totals]) -> fmt::Result {
        let help = "What came of judging requests by their origin, method and headers";
        let mut metric = self.counters("cors_decisions", help)?;
        for totals in endpoints {
            for (note, value) in decisions().zip(totals.decisions) {
                let labels = [
                    ("phase", note.phase.name()),
                    ("result", note.verdict.name()),
                    ("reason", note.reason.map_or("", Refusal::code)),
                    ("endpoint", &totals.label),
                ];
                if value > 0 {
                    sample(&mut metric, &labels, value)?;
                }
            }
        }
        Ok(())
    }

    fn upstream_errors(&mut self, endpoints: &[Totals]) -> fmt::Result {
        let help = "Forwarded requests that failed at their upstream";
        let mut metric = self.counters("upstream_errors", help)?;
        for totals in endpoints {
            for (code, value) in UPSTREAM_ERRORS.into_iter().zip(totals.upstream_errors) {
                if value > 0 {
                    let labels = [("code", code), ("endpoint", &totals.label)];
                    sample(&mut metric, &labels, value)?;
                }
            }
        }
        Ok(())
    }

    fn open_streams(&mut self, endpoints: &[Totals]) -> fmt::Result {
        let help = "Forwarded requests whose answer has not ended";
        let mut metric =
            (self.0).encode_descriptor("open_streams", help, None, MetricType::Gauge)?;
        // Nothing is forwarded that is no endpoint's.
        for totals in endpoints.iter().filter(|totals| !totals.label.is_empty()) {
            let labels = [("endpoint", &*totals.label)];
            let mut metric = metric.encode_family(&labels)?;
            metric.encode_gauge(&totals.open_streams)?;
        }
        Ok(())
    }

    /// Endpoints of which nothing was observed are left out.
    fn histogram(
        &mut self,
        name: &str,
        help: &str,
        endpoints: &[Totals],
        of: impl Fn(&Totals) -> HistogramTotals,
    ) -> fmt::Result {
        let unit = Some(&Unit::Seconds);
        let mut metric = (self.0).encode_descriptor(name, help, unit, MetricType::Histogram)?;
        for totals in endpoints {
            let histogram = of(totals);
            let count = histogram.count();
            if count > 0 {
                let labels = [("endpoint", &*totals.label)];
                let mut metric = metric.encode_family(&labels)?;
                let (seconds, buckets) = (histogram.seconds(), histogram.buckets());
                metric.encode_histogram::<NoLabelSet>(seconds, count, &buckets, None)?;
            }
        }
        Ok(())
    }

    fn connections(&mut self, cores: &[Arc<CoreCounts>]) -> fmt::Result {
        let help = "Requests under way, of every kind";
        self.gauge(
            "open_requests",
            help,
            sum(cores, |core| &core.open_requests),
        )?;
        let help = "Client connections that are open";
        let open = sum(cores, |core| &core.open_connections);
        self.gauge("open_connections", help, open)?;
        let help = "Client connections that were accepted";
        self.counter("connections", help, sum(cores, |core| &core.connections))?;
        let help = "Client connections beyond the limit, answered with a bare 503";
        let refused = sum(cores, |core| &core.connections_refused);
        self.counter("connections_refused", help, refused)?;
        let help = "Client connections that the gateway ended itself";
        let mut metric = self.counters("connections_ended", help)?;
        for (index, reason) in ENDS.into_iter().enumerate() {
            let ended = sum(cores, |core| &core.connections_ended[index]);
            sample(&mut metric, &[("reason", reason)], ended)?;
        }
        Ok(())
    }

    fn pools(&mut self, cores: &[Arc<CoreCounts>]) -> fmt::Result {
        let help = "Connections to upstreams that wait for a request";
        self.gauge(
            "upstream_pool_idle",
            help,
            sum(cores, |core| &core.pool_idle),
        )?;
        let help = "Connections to upstreams that were opened";
        let opened = sum(cores, |core| &core.pool_opened);
        self.counter("upstream_pool_opened", help, opened)?;
        let help = "Requests that went over a connection of the pool";
        let reused = sum(cores, |core| &core.pool_reused);
        self.counter("upstream_pool_reused", help, reused)
    }

    fn process(&mut self, metrics: &Metrics) -> fmt::Result {
        let help = "Revision of the configuration that requests obey";
        self.gauge("snapshot_revision", help, metrics.live.load().revision())?;
        let help = "Log lines that were dropped because the writer could not keep up";
        self.counter("log_lines_dropped", help, metrics.log.dropped())?;
        let (help, unit) = (
            "When the process started, since the Unix epoch",
            Some(&Unit::Seconds),
        );
        (self.0)
            .encode_descriptor("process_start_time", help, unit, MetricType::Gauge)?
            .encode_gauge(&metrics.started.as_second())?;
        (self.0)
            .encode_descriptor(
                "build",
                "The version of this gateway",
                None,
                MetricType::Info,
            )?
            .encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let mut metric = (self.0).encode_descriptor(name, help, None, MetricType::Gauge)?;
        metric.encode_gauge(&value)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        count(&mut self.counters(name, help)?, value)
    }

    fn counters<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        (self.0).encode_descriptor(name, help, None, MetricType::Counter)
    }
}

fn count(metric: &mut MetricEncoder<'_>, value: u64) -> fmt::Result {
    metric.encode_counter(&value, None::<&Exemplar<NoLabelSet, u64>>)
}

/// One sample of a counter with labels.
fn sample(metric: &mut MetricEncoder<'_>, labels: &impl EncodeLabelSet, value: u64) -> fmt::Result {
    count(&mut metric.encode_family(labels)?, value)
}
