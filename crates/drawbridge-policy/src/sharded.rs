//! A map whose copies share all that did not change since.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{Equivalent, HashMap};

/// A map in shards: a copy costs a counter a shard, and changing one entry of it copies one shard, not all.
#[derive(Debug)]
pub(crate) struct Sharded<K, V> {
    hasher: RandomState,
    shards: Vec<Arc<HashMap<K, V, RandomState>>>,
}

impl<K, V> Clone for Sharded<K, V> {
    fn clone(&self) -> Self {
        Self {
            hasher: self.hasher.clone(),
            shards: self.shards.clone(),
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Sharded<K, V> {
    /// An empty map in so many shards: best about the square root of the most entries.
    pub(crate) fn new(shards: usize) -> Self {
        let hasher = RandomState::default();
        let shard = Arc::new(HashMap::with_hasher(hasher.clone()));
        Self {
            hasher,
            shards: vec![shard; shards],
        }
    }

    fn index<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        // The map inside the shard uses the low bits and the top 7; take others.
        (self.hasher.hash_one(key) >> 40) as usize % self.shards.len()
    }

    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        self.shards[self.index(key)].get(key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.shards.iter().flat_map(|shard| shard.values())
    }

    /// Copies the shard when an older copy still shares it, else changes it in place.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let index = self.index(&key);
        Arc::make_mut(&mut self.shards[index]).insert(key, value);
    }

    pub(crate) fn remove<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) {
        let index = self.index(key);
        if self.shards[index].contains_key(key) {
            Arc::make_mut(&mut self.shards[index]).remove(key);
        }
    }

    /// The shard that has the key, or would have it, to be changed.
    pub(crate) fn shard_mut<Q: Hash + ?Sized>(
        &mut self,
        key: &Q,
    ) -> &mut HashMap<K, V, RandomState> {
        let index = self.index(key);
        Arc::make_mut(&mut self.shards[index])
    }
}
