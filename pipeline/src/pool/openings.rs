//! How each thread's networks are opened: where, and what stands in while engines are built.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use sonoscope_models::{
    EngineCache, Network, NetworkError, NetworkFiles, Provider, Runtime, Setting, Sizes, prebuild,
};

use super::Member;

/// How many networks have engines being built. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Building(Arc<AtomicUsize>);

impl Building {
    /// How many there are now.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// One more, until what is returned is dropped.
    pub(crate) fn begin(&self) -> Begun {
        self.0.fetch_add(1, Ordering::Relaxed);
        Begun(self.clone())
    }
}

/// A network whose engines are being built.
pub(crate) struct Begun(Building);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How one thread opens one network.
pub(super) struct Opening {
    pub setting: Setting,
    /// Where the network will come from that takes over.
    pub successor: Option<Receiver<Network>>,
}

impl From<Setting> for Opening {
    fn from(setting: Setting) -> Self {
        let successor = None;
        Self { setting, successor }
    }
}

/// The openings of `threads` threads, by thread and then by member. Threads are dealt to the
/// providers by turns; since all take their batches from one queue, a batch goes to whichever is
/// free first. Where TensorRT has no engines yet, CUDA works until they have been built.
pub(super) fn openings(
    runtime: &Runtime,
    members: &[Member],
    threads: usize,
    building: &Building,
) -> Vec<Vec<Opening>> {
    let mut all: Vec<Vec<Opening>> = (0..threads).map(|_| Vec::new()).collect();
    for member in members {
        let mut caches: BTreeMap<u32, Option<EngineCache>> = BTreeMap::new();
        let mut waiting: BTreeMap<u32, Vec<SyncSender<Network>>> = BTreeMap::new();
        for (thread, openings) in all.iter_mut().enumerate() {
            let setting = Setting::new(member.provider_of(thread));
            let (Provider::TensorRt(card), Some(sizes)) = (setting.provider, &setting.sizes) else {
                openings.push(setting.into());
                continue;
            };
            let cache = caches.entry(card);
            let cache = cache.or_insert_with(|| runtime.engines(&member.files, sizes, card));
            openings.push(match cache {
                Some(cache) if !cache.is_whole() => {
                    let (send, successor) = sync_channel(1);
                    waiting.entry(card).or_default().push(send);
                    Opening {
                        setting: Setting::new(Provider::Cuda(card)),
                        successor: Some(successor),
                    }
                }
                Some(cache) => kept_in(setting, cache).into(),
                None => setting.into(),
            });
        }
        for (card, waiting) in waiting {
            if let Some(Some(cache)) = caches.remove(&card) {
                let setting = kept_in(Setting::new(Provider::TensorRt(card)), &cache);
                let builder = Builder {
                    runtime: runtime.clone(),
                    files: member.files.clone(),
                    setting,
                    cache,
                };
                builder.start(waiting, building);
            }
        }
    }
    all
}

fn kept_in(setting: Setting, cache: &EngineCache) -> Setting {
    Setting {
        engines: Some(cache.folder().into()),
        ..setting
    }
}

/// Builds the engines of a network, and opens it for all threads that wait for it.
struct Builder {
    runtime: Runtime,
    files: NetworkFiles,
    setting: Setting,
    cache: EngineCache,
}

impl Builder {
    /// Begins on a thread of its own, for which nobody waits: a run that ends meanwhile ends, and
    /// the next begins anew with what has been built.
    fn start(self, waiting: Vec<SyncSender<Network>>, building: &Building) {
        let begun = building.begin();
        let name = self.files.contract().network.clone();
        let provider = self.setting.provider;
        tracing::info!("{provider} builds engines for {name}; meanwhile CUDA serves it");
        let spawned = thread::Builder::new()
            .name(format!("engines {name}"))
            .spawn(move || {
                match self.build(&waiting) {
                    Ok(()) => tracing::info!("{provider} takes over {name}"),
                    Err(error) => tracing::warn!("{name} stays on CUDA: {error}"),
                }
                drop(begun);
            });
        if let Err(error) = spawned {
            tracing::warn!("there is no thread to build engines: {error}");
        }
    }

    fn build(&self, waiting: &[SyncSender<Network>]) -> Result<(), NetworkError> {
        let (runtime, files, setting) = (&self.runtime, &self.files, &self.setting);
        let sizes = setting
            .sizes
            .as_ref()
            .map_or(0, |sizes| Sizes::iter(sizes).len());
        let mut done = 0;
        let mut first = Some(prebuild(
            runtime,
            files,
            setting,
            Some(&self.cache),
            |size| {
                done += 1;
                tracing::info!("engine for batches of {size} is built ({done} of {sizes})");
            },
        )?);
        for send in waiting {
            let network = match first.take() {
                Some(network) => network,
                None => Network::with_setting(runtime, files, setting)?,
            };
            // Whoever waited may be gone.
            let _ = send.send(network);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn building_is_counted_while_it_lasts() {
        let building = Building::default();
        let begun = [building.begin(), building.begin()];
        assert_eq!(building.count(), 2);
        drop(begun);
        assert_eq!(building.count(), 0);
    }
}
