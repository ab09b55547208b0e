//! Which endpoint of a project a request on the shared URL is for.
//!
//! The key says which endpoints are possible, the model's name which of them is meant (design section 2). An endpoint
//! that the key may not use must never show: its models are as unknown as those that nobody serves.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::endpoint::Endpoint;
use crate::key::ApiKey;

/// Most endpoints that an answer names when several are possible.
const MOST_NAMED: usize = 10;

/// The endpoints of one project, oldest first.
#[derive(Debug, Default)]
pub struct Directory {
    endpoints: Box<[Arc<Endpoint>]>,
    by_name: HashMap<Box<str>, usize, RandomState>,
    by_model: HashMap<Box<str>, Vec<usize>, RandomState>,
    /// Those that take any model.
    open: Vec<usize>,
}

/// What came of looking for an endpoint.
#[derive(Clone, Debug)]
pub enum Choice {
    /// None that the key may use.
    Nothing,
    /// This one and no other.
    One(Arc<Endpoint>),
    /// Several are possible; the first ten of them, oldest first.
    Several(Vec<Arc<Endpoint>>),
}

impl Directory {
    /// Sorts out the endpoints of a project, which come oldest first.
    pub fn new(endpoints: impl IntoIterator<Item = Arc<Endpoint>>) -> Self {
        let mut directory = Self {
            endpoints: endpoints.into_iter().collect(),
            ..Self::default()
        };
        for (index, endpoint) in directory.endpoints.iter().enumerate() {
            directory.by_name.insert(endpoint.name.clone(), index);
            for model in &endpoint.models {
                let listing = directory.by_model.entry(model.name.clone());
                listing.or_default().push(index);
            }
            if endpoint.models.is_empty() {
                directory.open.push(index);
            }
        }
        directory
    }

    /// The endpoints that the key may use, oldest first where the key names none.
    pub fn usable<'d>(&'d self, key: &'d ApiKey) -> impl Iterator<Item = &'d Arc<Endpoint>> {
        let names = key.endpoints.as_deref();
        let all = names.is_none().then_some(&*self.endpoints);
        let named = names.into_iter().flatten().filter_map(|name| {
            let index = self.by_name.get(&**name)?;
            self.endpoints.get(*index)
        });
        all.into_iter().flatten().chain(named)
    }

    /// The endpoint for a request whose model is not known.
    pub fn choose(&self, key: &ApiKey) -> Choice {
        choice(self.usable(key))
    }

    /// The endpoint for a request to a model: of those that list it, else of those that take any.
    pub fn choose_by_model(&self, key: &ApiKey, model: &str) -> Choice {
        let usable = |indices: &[usize]| {
            let endpoints = indices
                .iter()
                .filter_map(|index| self.endpoints.get(*index));
            choice(
                endpoints
                    .filter(|endpoint| key.allows_endpoint(&endpoint.project.id, &endpoint.name)),
            )
        };
        let listing = self.by_model.get(model).map_or(&[][..], Vec::as_slice);
        match usable(listing) {
            Choice::Nothing => usable(&self.open),
            found => found,
        }
    }
}

fn choice<'d>(mut endpoints: impl Iterator<Item = &'d Arc<Endpoint>>) -> Choice {
    let Some(first) = endpoints.next() else {
        return Choice::Nothing;
    };
    let Some(second) = endpoints.next() else {
        return Choice::One(Arc::clone(first));
    };
    let several = [first, second].into_iter().chain(endpoints);
    Choice::Several(several.take(MOST_NAMED).cloned().collect())
}
