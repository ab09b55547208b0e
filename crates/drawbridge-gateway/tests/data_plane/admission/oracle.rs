//! Who may call what, read from the rules literally: slow, obvious, and without a line of the engine.

use std::net::IpAddr;

use super::ask::{Ask, Base, Body, Sent, Token};
use super::naive;
use super::world::{EndpointSpec, KeySpec, PROJECT, World};

/// The index of the endpoint whose upstream is to get the request.
pub(crate) fn destination(world: &World, ask: &Ask) -> Option<usize> {
    let index = match ask.base {
        Base::Own(index) => serves_model(&world.endpoints[index], ask).then_some(index),
        Base::Shared => chosen(world, ask),
    }?;
    let endpoint = &world.endpoints[index];
    let is_admitted = endpoint_admits(world, endpoint, ask)
        && match ask.token {
            Token::Key(key) => key_admits(&world.keys[key], endpoint, ask, world),
            // Everything, but from no page.
            Token::Root => matches!(ask.origin, Sent::Absent | Sent::Own),
            Token::Unknown | Token::Nothing => false,
        };
    is_admitted.then_some(index)
}

/// An endpoint that lists models serves no other; a request that names none by its nature passes.
fn serves_model(endpoint: &EndpointSpec, ask: &Ask) -> bool {
    endpoint.models.is_empty()
        || match ask.body {
            Body::Nothing => true,
            Body::Json(model) => model.is_some_and(|model| endpoint.models.contains(&model)),
        }
}

/// The endpoint that the shared URL stands for: of those that the key may use the only one, or the one that serves the
/// model that the body names.
fn chosen(world: &World, ask: &Ask) -> Option<usize> {
    let Token::Key(key) = ask.token else {
        return None;
    };
    let key = &world.keys[key];
    let endpoints = world.endpoints.iter().enumerate();
    let usable: Vec<_> = endpoints
        .filter(|(_, endpoint)| may_use(key, endpoint))
        .collect();
    let reads = matches!(ask.method, "GET" | "HEAD");
    if reads && ask.path == "/models" {
        // The gateway's own.
        return None;
    }
    if let [(index, endpoint)] = usable[..] {
        let asked = ask.path.strip_prefix("/models/").filter(|_| reads);
        let is_listed = asked.is_some_and(|model| endpoint.models.contains(&model));
        return (!is_listed && serves_model(endpoint, ask)).then_some(index);
    }
    let Body::Json(Some(model)) = ask.body else {
        return None;
    };
    let only = |serves: &dyn Fn(&EndpointSpec) -> bool| {
        let serving = usable.iter().filter(|(_, endpoint)| serves(endpoint));
        serving.map(|(index, _)| *index).collect::<Vec<_>>()
    };
    let listing = only(&|endpoint| endpoint.models.contains(&model));
    let open = only(&|endpoint| endpoint.models.is_empty());
    match (&listing[..], &open[..]) {
        ([index], _) | ([], [index]) => Some(*index),
        _ => None,
    }
}

/// Whether the endpoint's policy, or the keys that it leaves its origins to, admit the request.
fn endpoint_admits(world: &World, endpoint: &EndpointSpec, ask: &Ask) -> bool {
    let origin = match ask.origin {
        Sent::Absent | Sent::Own => return true,
        Sent::One(origin) => origin,
        Sent::Unusable(_) => return false,
    };
    let is_listed = |method| endpoint.methods.contains(&method);
    let admits_method =
        is_listed("*") || is_listed(ask.method) || (ask.method == "HEAD" && is_listed("GET"));
    let admits_origin = if endpoint.origins.is_empty() {
        let active = world.keys.iter().filter(|key| is_active(key));
        active
            .filter(|key| key.infers && may_use(key, endpoint))
            .any(|key| key.origins.as_ref().is_some_and(|own| admits(own, origin)))
    } else {
        admits(&endpoint.origins, origin)
    };
    admits_origin && admits_method
}

fn key_admits(key: &KeySpec, endpoint: &EndpointSpec, ask: &Ask, world: &World) -> bool {
    let from_page = match (ask.page(), &key.origins) {
        (None, _) => true,
        (Some(origin), Some(own)) => admits(own, origin),
        // It leaves pages to the endpoint; a secret one was not meant for them.
        (Some(_), None) => {
            let is_refused = !key.is_publishable && world.refuses_published_keys;
            !endpoint.origins.is_empty() && !is_refused
        }
    };
    let client: IpAddr = ask.client.parse().unwrap();
    let networks = key.networks.as_ref();
    is_active(key)
        && key.infers
        && may_use(key, endpoint)
        && (!key.is_publishable || is_for_pages(ask.method, ask.path))
        && networks.is_none_or(|networks| networks.iter().any(|network| holds(network, client)))
        && (!key.requires_origin || ask.origin != Sent::Absent)
        && from_page
}

fn is_active(key: &KeySpec) -> bool {
    !key.is_revoked && key.end.is_none_or(|year| year > 2500)
}

fn may_use(key: &KeySpec, endpoint: &EndpointSpec) -> bool {
    let (project, name) = endpoint.path.split_once('/').unwrap();
    let names = key.endpoints.as_ref();
    project == PROJECT && names.is_none_or(|names| names.contains(&name))
}

/// The routes of publishable keys that are asked for here.
fn is_for_pages(method: &str, path: &str) -> bool {
    match method {
        "GET" | "HEAD" => path.starts_with("/models"),
        "POST" => ["/chat/completions", "/embeddings", "/audio/speech"].contains(&path),
        _ => false,
    }
}

fn admits(patterns: &[&str], origin: &str) -> bool {
    let patterns: Vec<_> = patterns.iter().map(|text| (*text).to_owned()).collect();
    naive::admits(&patterns, origin.as_bytes())
}

/// Bit by bit.
fn holds(network: &str, address: IpAddr) -> bool {
    let bits = |address: IpAddr| -> String {
        let bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.iter().map(|byte| format!("{byte:08b}")).collect()
    };
    let (base, length) = network.split_once('/').unwrap_or((network, "128"));
    let (base, address) = (base.parse::<IpAddr>().unwrap(), bits(address));
    let base = bits(base);
    let length = length.parse::<usize>().unwrap().min(base.len());
    base.len() == address.len() && base[..length] == address[..length]
}
