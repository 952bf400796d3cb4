//! Letters in files, which outlast the program.

use std::{collections::VecDeque, fs, io, path::Path, sync::Arc};

use super::{
    super::letter::{Content, Letter},
    Standing,
};
use crate::sinks::spool::{self, Place, Spool};

/// The letters that wait: where they lie. Numbers follow from their order.
pub struct Disk {
    spool: Spool,
    /// Those that can be read, and were not taken.
    waiting: VecDeque<Place>,
    /// Those that come with the next flush.
    pushed: Vec<Place>,
    /// The number of the first that waits.
    wanted: u64,
    bytes: u64,
    /// For each file that is there, in order: its number and that of its first letter.
    firsts: VecDeque<(u32, u64)>,
    /// The first file that the last standing needs.
    promised: Option<u32>,
}

impl Disk {
    /// Opens a folder: as it was at a standing, or empty, whatever was in it.
    ///
    /// # Errors
    /// When it cannot be made, or is not what it was.
    pub fn open(folder: &Path, at: Option<&Standing>) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let Some(at) = at else {
            for number in spool::numbers(folder)? {
                fs::remove_file(spool::path_of(folder, number))?;
            }
            let spool = Spool::begin(folder)?;
            return Ok(Self::of(spool, 1, None));
        };
        let mut spool = Spool::open(folder, &at.spool)?;
        spool.cut()?;
        let promised = at.spool.first().map(|extent| extent.number);
        let mut this = Self::of(spool, at.wanted, promised);
        this.firsts.clear();
        let mut number = at.first;
        let (firsts, waiting, bytes) = (&mut this.firsts, &mut this.waiting, &mut this.bytes);
        for extent in &at.spool {
            firsts.push_back((extent.number, u64::MAX));
        }
        this.spool.replay(|_, place| {
            if let Some(entry) = firsts.iter_mut().find(|(file, _)| *file == place.file) {
                entry.1 = entry.1.min(number);
            }
            if number >= at.wanted {
                waiting.push_back(place);
                *bytes += u64::from(place.bytes);
            }
            number += 1;
            Ok(())
        })?;
        // A file without letters begins with the next one.
        firsts
            .iter_mut()
            .for_each(|(_, first)| *first = (*first).min(number));
        this.wanted = number - waiting.len() as u64;
        Ok(this)
    }

    fn of(spool: Spool, wanted: u64, promised: Option<u32>) -> Self {
        Self {
            firsts: VecDeque::from([(spool.last_number(), wanted)]),
            spool,
            waiting: VecDeque::new(),
            pushed: Vec::new(),
            wanted,
            bytes: 0,
            promised,
        }
    }

    /// Bytes of those that wait.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.pushed.len()
    }

    /// The number of the last of them, whether or not it was taken.
    pub fn last(&self) -> u64 {
        self.wanted + self.len() as u64 - 1
    }

    /// Puts one behind the others.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn push(&mut self, content: &Content) -> io::Result<()> {
        let record = postcard::to_stdvec(content).map_err(invalid)?;
        let place = self.spool.append(&record)?;
        self.pushed.push(place);
        self.bytes += u64::from(place.bytes);
        Ok(())
    }

    /// Writes what was pushed.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn flush(&mut self) -> io::Result<()> {
        self.spool.flush()?;
        self.waiting.extend(self.pushed.drain(..));
        self.turn(false)
    }

    /// The first ones behind so many.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn behind(&self, skipped: usize, letters: usize, bytes: u64) -> io::Result<Vec<Letter>> {
        let mut sum = 0;
        let fits = |place: &&Place| {
            let is_first = sum == 0;
            sum += u64::from(place.bytes);
            is_first || sum <= bytes
        };
        let places = self.waiting.iter().skip(skipped).take(letters);
        let places = places.take_while(fits);
        let letter = |(place, number): (&Place, u64)| {
            let content = postcard::from_bytes(&self.spool.read(*place)?).map_err(invalid)?;
            let content = Arc::new(content);
            Ok(Letter { number, content })
        };
        places
            .zip(self.wanted + skipped as u64..)
            .map(letter)
            .collect()
    }

    /// All up to this number have been taken. Files that nobody needs go.
    pub fn taken(&mut self, number: u64) {
        while self.wanted <= number
            && let Some(place) = self.waiting.pop_front()
        {
            self.bytes -= u64::from(place.bytes);
            self.wanted += 1;
        }
    }

    /// Makes all of them outlast a loss of power, and says how they are found again. That this is
    /// called says that the standing before is kept.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn commit(&mut self) -> io::Result<Standing> {
        self.flush()?;
        let is_idle = self.waiting.is_empty();
        self.turn(is_idle)?;
        self.spool.sync()?;
        self.spool.release(self.promised.unwrap_or_default())?;
        let needed = self.first_needed();
        self.firsts.retain(|(file, _)| *file >= needed);
        self.promised = Some(needed);
        let first = self.firsts.front().map_or(self.wanted, |(_, first)| *first);
        Ok(Standing {
            spool: self.spool.extents(needed),
            first,
            wanted: self.wanted,
        })
    }

    fn first_needed(&self) -> u32 {
        self.waiting
            .front()
            .map_or(self.spool.last_number(), |place| place.file)
    }

    /// Goes on in a new file when the last is full, or `is_idle` and not empty.
    fn turn(&mut self, is_idle: bool) -> io::Result<()> {
        let before = self.spool.last_number();
        self.spool.turn(is_idle)?;
        let now = self.spool.last_number();
        if now != before {
            let next = self.wanted + self.len() as u64;
            self.firsts.push_back((now, next));
        }
        Ok(())
    }
}

fn invalid(error: postcard::Error) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a row that waits: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use sonoscope_operators::SourceId;

    use super::*;

    fn content(number: u64) -> Content {
        Content::Withdrawn(SourceId::slug(&format!("source-{number}")))
    }

    fn push(disk: &mut Disk, numbers: std::ops::RangeInclusive<u64>) {
        for number in numbers {
            disk.push(&content(number)).unwrap();
        }
        disk.flush().unwrap();
    }

    fn waiting(disk: &Disk) -> Vec<u64> {
        let letters = disk.behind(0, usize::MAX, u64::MAX).unwrap();
        for letter in &letters {
            assert_eq!(*letter.content, content(letter.number));
        }
        letters.iter().map(|letter| letter.number).collect()
    }

    #[test]
    fn what_waits_is_found_again_and_what_came_behind_the_standing_is_not() {
        let home = tempfile::tempdir().unwrap();
        let mut disk = Disk::open(home.path(), None).unwrap();
        push(&mut disk, 1..=5);
        disk.taken(2);
        let at = disk.commit().unwrap();
        assert_eq!((at.first, at.wanted), (1, 3));
        push(&mut disk, 6..=9);
        disk.taken(7);
        drop(disk);
        let mut disk = Disk::open(home.path(), Some(&at)).unwrap();
        assert_eq!(waiting(&disk), [3, 4, 5]);
        push(&mut disk, 6..=6);
        disk.taken(6);
        assert_eq!((disk.len(), disk.bytes()), (0, 0));
        // Twice, since the first of them is what allows the files of before to go.
        let at = [disk.commit().unwrap(), disk.commit().unwrap()][1].clone();
        assert_eq!(at.spool.iter().map(|extent| extent.bytes).sum::<u64>(), 0);
        drop(disk);
        let mut disk = Disk::open(home.path(), Some(&at)).unwrap();
        push(&mut disk, 7..=8);
        assert_eq!(waiting(&disk), [7, 8]);
    }

    #[test]
    fn a_batch_is_bounded_and_never_empty() {
        let home = tempfile::tempdir().unwrap();
        let mut disk = Disk::open(home.path(), None).unwrap();
        push(&mut disk, 1..=9);
        assert_eq!(disk.behind(0, 4, u64::MAX).unwrap().len(), 4);
        assert_eq!(disk.behind(0, 4, 1).unwrap().len(), 1);
        let behind = disk.behind(7, 4, u64::MAX).unwrap();
        let numbers: Vec<_> = behind.iter().map(|letter| letter.number).collect();
        assert_eq!(numbers, [8, 9]);
        assert_eq!(*behind[0].content, content(8));
        let three = disk
            .waiting
            .iter()
            .take(3)
            .map(|place| u64::from(place.bytes))
            .sum();
        assert_eq!(disk.behind(0, 9, three).unwrap().len(), 3);
    }
}
