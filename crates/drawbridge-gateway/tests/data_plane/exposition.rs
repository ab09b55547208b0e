//! Reads what `/metrics` shows, as strictly as a scraper may (OpenMetrics 1.0).

use std::collections::{BTreeMap, BTreeSet};

/// Every sample, by its name and labels as they were written.
pub(crate) struct Exposition {
    samples: BTreeMap<String, f64>,
    pub(crate) families: BTreeSet<String>,
}

impl Exposition {
    /// Panics where the text is not valid.
    pub(crate) fn read(text: &str) -> Self {
        let lines = text.strip_suffix("# EOF\n").unwrap();
        let mut samples = BTreeMap::new();
        let mut families = BTreeSet::new();
        let mut family = (String::new(), String::new());
        for line in lines.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let (kind, rest) = comment.split_once(' ').unwrap();
                let (name, value) = rest.split_once(' ').unwrap();
                match kind {
                    "HELP" => {
                        assert!(families.insert(name.to_owned()), "{name} comes twice");
                        family = (name.to_owned(), String::new());
                    }
                    "TYPE" => {
                        assert_eq!(name, family.0, "{line}");
                        value.clone_into(&mut family.1);
                    }
                    "UNIT" => assert!(name == family.0 && name.ends_with(value), "{line}"),
                    _ => panic!("{line}"),
                }
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap();
            check_name(series, &family);
            let value = value.parse().unwrap();
            let is_new = samples.insert(series.to_owned(), value).is_none();
            assert!(is_new, "{series} comes twice");
        }
        let exposition = Self { samples, families };
        exposition.check_histograms();
        exposition
    }

    /// The value of a series; 0 where there is none yet.
    pub(crate) fn value(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or_default()
    }

    /// Every series whose text begins so.
    pub(crate) fn series<'e>(&'e self, beginning: &'e str) -> impl Iterator<Item = (&'e str, f64)> {
        let all = self.samples.iter();
        let found = all.filter(move |(series, _)| series.starts_with(beginning));
        found.map(|(series, value)| (series.as_str(), *value))
    }

    /// `_bucket`s never fall, and the last one is `_count`.
    fn check_histograms(&self) {
        for (series, count) in &self.samples {
            let Some((name, labels)) = series.split_once("_count{") else {
                continue;
            };
            let labels = labels.trim_end_matches('}');
            let bucket = format!("{name}_bucket{{le=\"+Inf\",{labels}}}");
            assert_eq!(self.samples.get(&bucket), Some(count), "{bucket}");
        }
    }
}

fn check_name(series: &str, (family, kind): &(String, String)) {
    let name = series.split('{').next().unwrap();
    let suffix = name.strip_prefix(family).unwrap_or_else(|| {
        panic!("{series} stands in the family {family}");
    });
    let suffixes: &[&str] = match kind.as_str() {
        "counter" => &["_total"],
        "gauge" => &[""],
        "histogram" => &["_bucket", "_sum", "_count"],
        "info" => &["_info"],
        _ => panic!("{family} is of type {kind}"),
    };
    assert!(suffixes.contains(&suffix), "{series} in a {kind}");
    assert!(name.starts_with("drawbridge_"), "{series}");
}
