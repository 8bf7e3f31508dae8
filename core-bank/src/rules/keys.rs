//! Idempotency keys: what was decided lately, for whoever asks the same again.
//!
//! A key lives for 24 hours of business time. Memory holds the newest, as many as the bound says, in
//! the order of their records; older ones that still live are looked for beyond memory, in the
//! projection, by whoever brings a request to the queue ([`Looked`]). The digests are found by a
//! hash ([`super::places::Places`]) that nothing iterates over.

use super::{
    answer::Answer,
    forgotten::Forgotten,
    ids::{AccountNumber, AuthorisationId, CustomerId, IdempotencyKey, TransferId},
    money::{Amount, Fen},
    party::Party,
    payment::{Order, Payee},
    places::Places,
    refusal::Refusal,
    ring::Ring,
    time::BusinessTime,
};

/// How long an idempotency key, an identity check and an ended session are remembered: 24 hours of
/// business time, in microseconds.
pub const IDEMPOTENCY_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// How many idempotency keys memory holds at most; the oldest make room.
pub const IDEMPOTENCY_KEYS_MAX: usize = 1_000_000;

/// The scoped digest under which an idempotency key is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyDigest([u8; 16]);

impl KeyDigest {
    /// The digest of a key within its owner's scope: a terminal's channel, a customer, a visitor.
    pub fn of(by: Party, key: &IdempotencyKey) -> Self {
        Self::of_text(by, key.as_str())
    }

    /// The same for whoever has nothing but the key's text.
    pub fn of_text(by: Party, key: &str) -> Self {
        match by.who() {
            Party::Terminal(channel) => Self::scoped(channel.name().as_bytes(), key),
            Party::Customer(customer) | Party::Session(customer, _) => {
                Self::scoped(&scope_of(customer), key)
            }
            _ => Self::scoped(b"visitor", key),
        }
    }

    /// The digest of scope, zero byte and key. They are hashed in one piece, which is faster.
    fn scoped(scope: &[u8], key: &str) -> Self {
        let mut piece = [0; 128];
        let end = scope.len() + 1 + key.len();
        let hash = if let Some(piece) = piece.get_mut(..end) {
            piece[..scope.len()].copy_from_slice(scope);
            piece[scope.len() + 1..].copy_from_slice(key.as_bytes());
            blake3::hash(piece)
        } else {
            // No key that was read as one is so long.
            let mut hasher = blake3::Hasher::new();
            hasher.update(scope).update(b"\0").update(key.as_bytes());
            hasher.finalize()
        };
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        Self(digest)
    }

    /// The digest as it is stored.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The digest is as good as random, so its first bytes are a hash of it.
    fn hash(self) -> u64 {
        self.halves().0
    }

    /// Its first and its second eight bytes.
    pub(super) fn halves(self) -> (u64, u64) {
        let whole = u128::from_le_bytes(self.0);
        (whole as u64, (whole >> 64) as u64)
    }
}

/// A customer in a digest. Its text would do, but is ten times as slow to make.
fn scope_of(customer: CustomerId) -> [u8; 9] {
    let mut scope = *b"C00000000";
    scope[1..].copy_from_slice(&customer.seq().to_le_bytes());
    scope
}

/// A decided request, kept for whoever repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// What the request asked, in short.
    pub fingerprint: u64,
    /// When it was decided.
    pub at: BusinessTime,
    /// The record that holds it.
    pub seq: u64,
    /// How it was decided.
    pub outcome: Result<Answer, Refusal>,
}

/// What was found beyond memory for a request's key, before it came to the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The keys of all records up to this one were looked at; 0 when nobody looked.
    pub through: u64,
    /// The request that was decided under this key.
    pub found: Option<Remembered>,
}

/// What is known about a key.
pub(super) enum Known {
    /// It was decided.
    First(Remembered),
    /// It may have been: whoever asks has to look through the keys up to this record first.
    Beyond(u64),
    /// It is new.
    New,
}

/// A key as memory holds it. There are a million of them, so it is as small as can be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    digest: KeyDigest,
    fingerprint: u64,
    at: BusinessTime,
    seq: u64,
    outcome: Brief,
}

/// How a request was decided: most answers are a number.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Brief {
    Done,
    CashMoved(Fen),
    /// The transfer of the key's record.
    Transferred(Fen),
    /// The authorisation of the key's record, for a transfer within the bank: from where, to where, how
    /// much.
    AskedHere(Box<(AccountNumber, AccountNumber, Amount)>),
    Told(Box<Result<Answer, Refusal>>),
}

impl Kept {
    fn new(digest: KeyDigest, remembered: Remembered) -> Self {
        let seq = remembered.seq;
        let outcome = match remembered.outcome {
            Ok(Answer::Done) => Brief::Done,
            Ok(Answer::CashMoved(balance)) => Brief::CashMoved(balance),
            Ok(Answer::Transferred(transfer, balance)) if transfer == TransferId::of_seq(seq) => {
                Brief::Transferred(balance)
            }
            Ok(Answer::AuthorisationAsked(id, order)) if id == AuthorisationId::of_seq(seq) => {
                match (order.from, &order.payee) {
                    (Some(from), Payee::Here(Some(to))) => {
                        Brief::AskedHere(Box::new((from, *to, order.amount)))
                    }
                    _ => Brief::Told(Box::new(Ok(Answer::AuthorisationAsked(id, order)))),
                }
            }
            outcome => Brief::Told(Box::new(outcome)),
        };
        Self {
            digest,
            fingerprint: remembered.fingerprint,
            at: remembered.at,
            seq,
            outcome,
        }
    }

    fn remembered(&self) -> Remembered {
        let outcome = match &self.outcome {
            Brief::Done => Ok(Answer::Done),
            Brief::CashMoved(balance) => Ok(Answer::CashMoved(*balance)),
            Brief::Transferred(balance) => {
                Ok(Answer::Transferred(TransferId::of_seq(self.seq), *balance))
            }
            Brief::AskedHere(asked) => {
                let (from, to, amount) = **asked;
                let order = Order {
                    from: Some(from),
                    payee: Payee::Here(Some(to)),
                    amount,
                };
                let id = AuthorisationId::of_seq(self.seq);
                Ok(Answer::AuthorisationAsked(id, Box::new(order)))
            }
            Brief::Told(outcome) => (**outcome).clone(),
        };
        Remembered {
            fingerprint: self.fingerprint,
            at: self.at,
            seq: self.seq,
            outcome,
        }
    }
}

/// What undoes a change.
#[derive(Clone, Debug)]
enum Change {
    Pushed,
    Popped(Kept),
}

/// The last record whose key made room though it may still live, and when it was decided.
type CrowdedOut = Option<(u64, BusinessTime)>;

/// The keys of the newest records.
#[derive(Clone, Debug)]
pub struct Keys {
    /// In order of record.
    kept: Ring<Kept>,
    /// Where the key of a digest stands, counted from the first key ever, modulo 2³².
    places: Places,
    /// The place of the oldest key that is kept.
    first: u32,
    bound: usize,
    crowded_out: CrowdedOut,
    /// Which keys were crowded out; nothing where nobody asks.
    forgotten: Option<Forgotten>,
    /// Since the mark: what was crowded out before, and the changes.
    former: Option<(CrowdedOut, Vec<Change>)>,
    /// Room for the changes of the next group.
    room: Vec<Change>,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            kept: Ring::default(),
            places: Places::default(),
            first: 0,
            bound: IDEMPOTENCY_KEYS_MAX,
            crowded_out: None,
            forgotten: Some(Forgotten::default()),
            former: None,
            room: Vec::new(),
        }
    }
}

/// Keys are equal when the same are kept.
impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        self.kept == other.kept && self.crowded_out == other.crowded_out
    }
}

impl Keys {
    /// No keys yet, and never more than `bound` of them, which is at least one.
    pub fn bounded(bound: usize) -> Self {
        Self {
            bound: bound.clamp(1, IDEMPOTENCY_KEYS_MAX),
            ..Self::default()
        }
    }

    /// For a state that nobody asks for keys: as few as there may be, and no trace of the others.
    pub fn unasked() -> Self {
        Self {
            forgotten: None,
            ..Self::bounded(1)
        }
    }

    /// Makes room for the places of so many keys at once, before they come one by one.
    pub(super) fn expect(&mut self, count: usize) {
        let kept = &self.kept;
        let first = self.first;
        let hash_of = |place: &u32| hash_at(kept, first, *place);
        self.places.reserve(count.min(self.bound), hash_of);
    }

    fn kept(&self, digest: KeyDigest) -> Option<&Kept> {
        let at = |place: &u32| self.kept.get(place.wrapping_sub(self.first) as usize);
        let is_it = |place: &u32| at(place).is_some_and(|kept| kept.digest == digest);
        let place = self.places.find(digest.hash(), is_it)?;
        at(&place)
    }

    pub(super) fn find(&self, digest: KeyDigest) -> Option<Remembered> {
        self.kept(digest).map(Kept::remembered)
    }

    pub(super) fn holds(&self, digest: KeyDigest) -> bool {
        self.kept(digest).is_some()
    }

    /// Looks for these keys, all together, so that each is near when its turn comes.
    pub(super) fn draw_near(&self, digests: &[KeyDigest], now: BusinessTime) {
        self.draw_places_near(digests);
        let forgotten = digests.iter();
        let forgotten = forgotten.filter_map(|digest| self.crowded_out(*digest, now));
        std::hint::black_box(forgotten.count());
    }

    /// The same for the oldest keys, which make room for so many new ones.
    pub(super) fn draw_oldest_near(&self, new: usize) {
        let count = (self.kept.len() + new).saturating_sub(self.bound);
        let oldest = (0..count).filter_map(|number| Some(self.kept.get(number)?.digest));
        let oldest: Vec<KeyDigest> = oldest.collect();
        self.draw_places_near(&oldest);
        let noted = self.forgotten.iter();
        let noted = noted.flat_map(|noted| oldest.iter().filter(|digest| noted.has(**digest)));
        std::hint::black_box(noted.count());
    }

    fn draw_places_near(&self, digests: &[KeyDigest]) {
        let hashes = digests.iter().map(|digest| digest.hash());
        self.places.draw_near(hashes, i64::from);
    }

    /// The last record whose key was forgotten though it still lives, if this key may be such a one.
    pub(super) fn crowded_out(&self, digest: KeyDigest, now: BusinessTime) -> Option<u64> {
        let (seq, at) = self.crowded_out?;
        let lives = at > now.before(IDEMPOTENCY_MICROS);
        let may_be = |forgotten: &Forgotten| forgotten.may_hold(digest, now);
        (lives && self.forgotten.as_ref().is_none_or(may_be)).then_some(seq)
    }

    /// The keys of records up to `seq`, decided until `at`, are beyond memory.
    pub(super) fn begin_after(&mut self, seq: u64, at: BusinessTime) {
        self.crowded_out = Some((seq, at));
        if let Some(forgotten) = &mut self.forgotten {
            forgotten.begin_after(at);
        }
    }

    /// Takes over what was noted of those keys.
    pub(super) fn take_over(&mut self, noted: Forgotten) {
        if let Some(forgotten) = &mut self.forgotten {
            forgotten.take_over(noted);
        }
    }

    /// Remembers a key, unless it is kept already: then it belongs to the first of two records, and
    /// the first answer stands.
    pub(super) fn remember(&mut self, digest: KeyDigest, remembered: Remembered) {
        let oldest = match self.kept.len() >= self.bound {
            true if self.holds(digest) => return,
            true => self.crowd_out(),
            false => None,
        };
        let place = self.first.wrapping_add(self.kept.len() as u32);
        let (kept, first) = (&self.kept, self.first);
        let is_it = |place: &u32| {
            let kept = kept.get(place.wrapping_sub(first) as usize);
            kept.is_some_and(|kept| kept.digest == digest)
        };
        let hash_of = |place: &u32| hash_at(kept, first, *place);
        let put = self.places.insert_new(digest.hash(), place, is_it, hash_of);
        if !put {
            return;
        }
        self.kept.push_back(Kept::new(digest, remembered));
        if oldest.is_some() {
            self.crowded_out = oldest;
        }
        if let Some((_, changes)) = &mut self.former {
            changes.push(Change::Pushed);
        }
    }

    /// Forgets what was decided at `limit` or before.
    pub(super) fn forget_before(&mut self, limit: BusinessTime) {
        while let Some(oldest) = self.kept.front()
            && oldest.at <= limit
        {
            self.pop();
        }
    }

    fn index(&mut self, digest: KeyDigest, place: u32) {
        let Self {
            kept,
            places,
            first,
            ..
        } = self;
        let hash_of = |place: &u32| hash_at(kept, *first, *place);
        places.insert(digest.hash(), place, hash_of);
    }

    fn unindex(&mut self, digest: KeyDigest, place: u32) {
        self.places.remove(digest.hash(), place);
    }

    /// Forgets the oldest key though it may still live. That it is forgotten stays known when the change
    /// is dropped: then it is looked for once in vain.
    fn crowd_out(&mut self) -> Option<(u64, BusinessTime)> {
        let digest = self.kept.front()?.digest;
        let crowded_out = self.pop();
        if let (Some(forgotten), Some((_, at))) = (&mut self.forgotten, crowded_out) {
            forgotten.add(digest, at);
        }
        crowded_out
    }

    fn pop(&mut self) -> Option<(u64, BusinessTime)> {
        let oldest = self.kept.pop_front()?;
        self.unindex(oldest.digest, self.first);
        self.first = self.first.wrapping_add(1);
        let found = (oldest.seq, oldest.at);
        if let Some((_, changes)) = &mut self.former {
            changes.push(Change::Popped(oldest));
        }
        Some(found)
    }

    pub(super) fn mark(&mut self) {
        let room = std::mem::take(&mut self.room);
        self.former = Some((self.crowded_out, room));
    }

    pub(super) fn keep(&mut self) {
        if let Some((_, mut changes)) = self.former.take() {
            changes.clear();
            self.room = changes;
        }
    }

    pub(super) fn drop_changes(&mut self) {
        let Some((crowded_out, changes)) = self.former.take() else {
            return;
        };
        self.crowded_out = crowded_out;
        for change in changes.into_iter().rev() {
            match change {
                Change::Pushed => {
                    if let Some(newest) = self.kept.pop_back() {
                        let place = self.first.wrapping_add(self.kept.len() as u32);
                        self.unindex(newest.digest, place);
                    }
                }
                Change::Popped(oldest) => {
                    self.first = self.first.wrapping_sub(1);
                    let digest = oldest.digest;
                    self.kept.push_front(oldest);
                    self.index(digest, self.first);
                }
            }
        }
    }
}

/// The hash of the key at a place. Every place that is held has one.
fn hash_at(kept: &Ring<Kept>, first: u32, place: u32) -> u64 {
    let kept = kept.get(place.wrapping_sub(first) as usize);
    kept.map_or(0, |kept| kept.digest.hash())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Channel, OrderId, RefusalCode};

    fn digest(number: u64) -> KeyDigest {
        let key = IdempotencyKey::parse(&format!("key-{number}")).unwrap();
        KeyDigest::of(Party::Terminal(Channel::Atm), &key)
    }

    fn decided(seq: u64) -> Remembered {
        Remembered {
            fingerprint: 0,
            at: BusinessTime(i64::try_from(seq).unwrap() * IDEMPOTENCY_MICROS / 10),
            seq,
            outcome: Ok(Answer::Done),
        }
    }

    fn kept(keys: &Keys) -> Vec<u64> {
        (0..100)
            .filter_map(|number| keys.find(digest(number)))
            .map(|found| found.seq)
            .collect()
    }

    #[test]
    fn whatever_was_answered_is_remembered_as_it_was() {
        let order = Box::new((OrderId::of_seq(7), Some(Fen(5)), None));
        let account = AccountNumber::of_seq(3);
        let asked = |id, from, payee| {
            let amount = Amount::parse("12.34").unwrap();
            let order = Order {
                from,
                payee,
                amount,
            };
            Ok(Answer::AuthorisationAsked(
                AuthorisationId::of_seq(id),
                Box::new(order),
            ))
        };
        let elsewhere = Payee::Elsewhere {
            account: "6227".to_owned(),
            bank: "CCB".to_owned(),
        };
        let outcomes = [
            asked(
                7,
                Some(account),
                Payee::Here(Some(AccountNumber::of_seq(4))),
            ),
            asked(8, Some(account), Payee::Here(Some(account))),
            asked(7, None, Payee::Here(Some(account))),
            asked(7, Some(account), Payee::Here(None)),
            asked(7, Some(account), elsewhere),
            Ok(Answer::Done),
            Ok(Answer::CashMoved(Fen(-3))),
            Ok(Answer::Transferred(TransferId::of_seq(7), Fen(9))),
            Ok(Answer::Transferred(TransferId::of_seq(8), Fen(9))),
            Ok(Answer::Ordered(order)),
            Err(RefusalCode::LimitDaily.into()),
        ];
        assert_eq!(size_of::<Kept>(), 56);
        for outcome in outcomes {
            let remembered = Remembered {
                outcome,
                ..decided(7)
            };
            let mut keys = Keys::bounded(1);
            keys.remember(digest(1), remembered.clone());
            assert_eq!(keys.find(digest(1)), Some(remembered));
            assert!(keys.holds(digest(1)) && !keys.holds(digest(2)));
        }
    }

    #[test]
    fn the_newest_keys_are_kept_and_the_last_that_made_room_is_known_while_it_lives() {
        let mut keys = Keys::bounded(3);
        (1..=5).for_each(|seq| keys.remember(digest(seq), decided(seq)));
        assert_eq!(kept(&keys), [3, 4, 5]);
        assert_eq!(keys.crowded_out(digest(1), decided(11).at), Some(2));
        assert_eq!(keys.crowded_out(digest(1), decided(12).at), None);
        keys.forget_before(decided(4).at);
        assert_eq!(kept(&keys), [5]);
        assert_eq!(keys.crowded_out(digest(1), decided(11).at), Some(2));
    }

    #[test]
    fn only_what_made_room_is_looked_for_unless_nobody_took_note_of_it() {
        let now = decided(5).at;
        let mut keys = Keys::bounded(3);
        (1..=5).for_each(|seq| keys.remember(digest(seq), decided(seq)));
        let looked_for = |keys: &Keys| {
            let is = |number: &u64| keys.crowded_out(digest(*number), now).is_some();
            (1..100).filter(is).collect::<Vec<_>>()
        };
        assert_eq!(looked_for(&keys), [1, 2]);
        let mut later = Keys::bounded(3);
        later.begin_after(2, decided(2).at);
        (3..=5).for_each(|seq| later.remember(digest(seq), decided(seq)));
        assert_eq!(looked_for(&later).len(), 99, "begun with a past");
        let mut noted = Forgotten::for_keys(2);
        (1..=2).for_each(|seq| noted.add(digest(seq), decided(seq).at));
        later.take_over(noted);
        assert_eq!(looked_for(&later), [1, 2]);
        let mut unasked = Keys::unasked();
        (1..=5).for_each(|seq| unasked.remember(digest(seq), decided(seq)));
        assert_eq!(looked_for(&unasked).len(), 99);
    }

    #[test]
    fn dropped_changes_bring_back_what_was_kept_even_if_a_whole_bound_went_by() {
        let mut keys = Keys::bounded(3);
        (1..=4).for_each(|seq| keys.remember(digest(seq), decided(seq)));
        let before = keys.clone();
        keys.mark();
        (5..=12).for_each(|seq| keys.remember(digest(seq), decided(seq)));
        keys.forget_before(decided(11).at);
        assert_eq!(kept(&keys), [12]);
        keys.drop_changes();
        assert_eq!(keys, before);
        assert_eq!(kept(&keys), [2, 3, 4]);
        keys.mark();
        keys.remember(digest(5), decided(5));
        keys.keep();
        keys.drop_changes();
        assert_eq!(kept(&keys), [3, 4, 5]);
    }
}
