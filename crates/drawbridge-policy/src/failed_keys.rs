//! Addresses that send keys which are not good.
//!
//! After 20 of them in a minute an address is told to wait, so that keys cannot be guessed by the million. It must never
//! keep a valid key from being served, and never take more memory: the table has a fixed size, and where it is full the
//! address with the fewest failures gives way.

use std::hash::BuildHasher as _;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::bucket::{nanoseconds, take};
use crate::rate_limit::RateLimit;

/// Failures that an address has.
const LIMIT: Option<RateLimit> = RateLimit::new(20, 60);
const SHARDS: usize = 64;
/// Addresses in a shard.
const WAYS: usize = 64;

/// How often which address failed.
#[derive(Debug)]
pub struct FailedKeys {
    /// Seeded by chance: nobody can aim at a shard.
    hasher: RandomState,
    shards: Box<[Mutex<Box<[Entry]>>]>,
}

/// An address and when it is forgotten, in nanoseconds. While it is free its network is `::`, and nothing has failed there.
#[derive(Clone, Copy, Debug)]
struct Entry {
    network: Ipv6Addr,
    full_at: u64,
}

impl Default for FailedKeys {
    fn default() -> Self {
        let free = Entry {
            network: Ipv6Addr::UNSPECIFIED,
            full_at: 0,
        };
        let shard = || Mutex::new(vec![free; WAYS].into());
        Self {
            hasher: RandomState::default(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }
}

impl FailedKeys {
    /// Notes that a key from this address was not good. `now` as for [`Bucket`](crate::bucket::Bucket).
    ///
    /// # Errors
    /// The address has failed too often; how long until it may fail again.
    pub fn note(&self, address: IpAddr, now: Duration) -> Result<(), Duration> {
        let Some(limit) = LIMIT else {
            return Ok(());
        };
        let network = network(address);
        let shard = usize::try_from(self.hasher.hash_one(network) >> 40).unwrap_or_default();
        let mut entries = self.shards[shard % SHARDS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let found = entries.iter().position(|entry| entry.network == network);
        let index = found.or_else(|| {
            let by_failures = entries.iter().enumerate();
            let (index, _) = by_failures.min_by_key(|(_, entry)| entry.full_at)?;
            entries[index] = Entry {
                network,
                full_at: 0,
            };
            Some(index)
        });
        let Some(entry) = index.and_then(|index| entries.get_mut(index)) else {
            return Ok(());
        };
        match take(entry.full_at, limit, nanoseconds(now)) {
            Ok((full_at, _)) => {
                entry.full_at = full_at;
                Ok(())
            }
            Err((_, level)) => Err(level.next),
        }
    }
}

/// Who is counted as one: an IPv4 address, or the /64 that one IPv6 customer has at least.
fn network(address: IpAddr) -> Ipv6Addr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(failed: &FailedKeys, address: &str, seconds: u64) -> Result<(), Duration> {
        failed.note(address.parse().unwrap(), Duration::from_secs(seconds))
    }

    #[test]
    fn the_21st_failure_in_a_minute_waits_and_other_addresses_do_not() {
        let failed = FailedKeys::default();
        for _ in 0..20 {
            assert_eq!(fail(&failed, "192.0.2.1", 100), Ok(()));
        }
        assert_eq!(fail(&failed, "192.0.2.1", 100), Err(Duration::from_secs(3)));
        assert_eq!(
            fail(&failed, "::ffff:192.0.2.1", 102),
            Err(Duration::from_secs(1))
        );
        assert_eq!(fail(&failed, "192.0.2.2", 100), Ok(()));
        assert_eq!(fail(&failed, "192.0.2.1", 103), Ok(()));
        assert!(fail(&failed, "192.0.2.1", 103).is_err());
        for _ in 0..20 {
            assert_eq!(fail(&failed, "192.0.2.1", 163), Ok(()));
        }
    }

    #[test]
    fn one_network_of_ipv6_is_one_address() {
        let failed = FailedKeys::default();
        for host in 0..20 {
            assert_eq!(fail(&failed, &format!("2001:db8::{host:x}:1"), 0), Ok(()));
        }
        assert!(fail(&failed, "2001:db8::ffff:ffff:ffff:ffff", 0).is_err());
        assert_eq!(fail(&failed, "2001:db8:0:1::1", 0), Ok(()));
    }

    #[test]
    fn addresses_beyond_the_table_push_out_those_that_failed_least() {
        let failed = FailedKeys::default();
        while fail(&failed, "192.0.2.1", 0).is_ok() {}
        let addresses = 2 * u32::try_from(SHARDS * WAYS).unwrap();
        for bits in 0..addresses {
            let address = std::net::Ipv4Addr::from_bits((10 << 24) + bits);
            assert_eq!(failed.note(address.into(), Duration::ZERO), Ok(()));
        }
        assert!(fail(&failed, "192.0.2.1", 0).is_err());
    }
}
