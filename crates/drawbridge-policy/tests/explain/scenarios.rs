//! The simulator does what browsers did.

use drawbridge_policy::explain::{Browser, Outcome, Simulation, console_lines};

use crate::data::scenarios;

/// `OPTIONS POST content-type from http://…`: what is sent, in the words of the data.
fn sent(simulation: &Simulation) -> Vec<String> {
    let mut sent = Vec::new();
    for (index, step) in simulation.steps.iter().enumerate() {
        let then = if index == 0 { "" } else { "then " };
        if let Some(asked) = &step.preflight {
            let mut words = vec!["OPTIONS".to_owned(), asked.method.clone()];
            if !asked.headers.is_empty() {
                words.push(asked.headers.join(","));
            }
            sent.push(format!("{then}{} from {}", words.join(" "), asked.origin));
        }
        if let Some((method, origin)) = &step.request {
            let origin = origin.as_ref().map(|origin| format!(" from {origin}"));
            sent.push(format!("{then}{method}{}", origin.unwrap_or_default()));
        }
    }
    sent
}

#[test]
fn browsers_send_what_the_simulator_says_and_nothing_else() {
    let mut differences = Vec::new();
    for scenario in scenarios() {
        for browser in Browser::ALL {
            let simulated = sent(&scenario.simulated(browser));
            if simulated != scenario.sent(browser) && scenario.id != "connection-refused" {
                differences.push(format!(
                    "{} {browser:?}: {simulated:#?} is not {:#?}",
                    scenario.id,
                    scenario.sent(browser)
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn the_check_that_fails_is_the_one_that_browsers_name() {
    let mut differences = Vec::new();
    for scenario in scenarios() {
        for browser in Browser::ALL {
            let simulation = scenario.simulated(browser);
            let code = match &simulation.outcome {
                Outcome::Blocked(fault) => Some(fault.code.name().to_owned()),
                Outcome::Readable(_) | Outcome::Opaque => None,
                unfinished => panic!("{}: {unfinished:?}", scenario.id),
            };
            if code != scenario.code(browser) {
                differences.push(format!(
                    "{} {browser:?}: {code:?} is not {:?}",
                    scenario.id,
                    scenario.code(browser)
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn the_console_says_what_the_simulator_says() {
    let mut differences = Vec::new();
    for scenario in scenarios() {
        for browser in Browser::ALL {
            let simulation = scenario.simulated(browser);
            let printed = console_lines(browser, &scenario.request, &simulation);
            let printed: Vec<Vec<String>> = printed
                .into_iter()
                .map(|line| {
                    let mut all = line.alternatives;
                    all.push(line.text);
                    all.sort();
                    all
                })
                .collect();
            let mut seen = scenario.lines(browser);
            seen.iter_mut().for_each(|line| line.sort());
            if printed != seen {
                differences.push(format!(
                    "{} {browser:?}: {printed:#?} is not {seen:#?}",
                    scenario.id
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
