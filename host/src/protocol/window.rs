//! What to send next: credit-based flow control and go-back-N for the writes of one inference and its RESULT.
//!
//! A run is `writes` writes with consecutive sequence numbers, such as CLEAR and SPIKES, followed by one read that shows
//! that they were executed: RESULT, or IDENTIFY behind LOADs. It is called RESULT here.
//! The window knows no time and no bytes: its owner sends what [`Window::next`] names, reports it with
//! [`Window::sent`], and reports responses and timeouts.
//!
//! ```text
//!            acked              cursor        high
//!  write  0 ───┼───────────────────┼───────────┼─────── writes ── RESULT
//!  executed by │ sent at least     │ to be sent│ never
//!  the device  │ once, not known   │ again     │ sent
//! ```
//!
//! * At most `slots` requests are without a response, and fewer while the device reports fewer free slots.
//! * Any response acknowledges all writes before its `expected`.
//! * A gap (a write refused as out of sequence, or a RESULT that overtook a lost write) moves the cursor back
//!   to the first write that is not acknowledged. Each such move starts an *epoch*; responses to what was
//!   sent in earlier epochs acknowledge, but move nothing back a second time.
//! * `expected` outside of what was sent and not acknowledged means that the device is not where this run
//!   left it, for instance because it was reset: the run is [`Outcome::Lost`].

use super::{Opcode, Response, Status};
use std::collections::VecDeque;

/// One request of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// The write with this index, counted from 0.
    Write(usize),
    /// The RESULT behind all writes.
    Result,
}

/// What a response meant for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answers nothing that is in flight: a duplicate, or a leftover of earlier times.
    Stray,
    /// One request less is in flight.
    Answered,
    /// A write was lost; the cursor went back to it.
    Rewound,
    /// RESULT was executed after every write: its payload is the answer.
    Finished,
    /// The watchdog of the device ran out over this request.
    NotReady(Item),
    /// The device refused this request.
    Rejected(Item, Status),
    /// The device expects a write outside of the run.
    Lost,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    item: Item,
    tag: u16,
    epoch: u32,
}

/// State of one run.
#[derive(Debug)]
pub struct Window {
    first: u16,
    opcodes: Vec<Opcode>,
    last: Opcode,
    writes: usize,
    slots: usize,
    free: usize,
    acked: usize,
    cursor: usize,
    high: usize,
    asked: bool,
    epoch: u32,
    in_flight: VecDeque<Flight>,
}

impl Window {
    /// A run of CLEAR and SPIKES, `writes` in all, the first numbered `first`, and RESULT, for a device with `slots` receive
    /// slots.
    #[must_use]
    pub fn new(first: u16, writes: usize, slots: u8) -> Self {
        let opcode = |index| if index == 0 { Opcode::Clear } else { Opcode::Spikes };
        Self::of(first, (0..writes).map(opcode).collect(), Opcode::Result, slots)
    }

    /// A run of these writes, the first numbered `first`, and the read `last`, for a device with `slots` receive slots.
    #[must_use]
    pub const fn of(first: u16, opcodes: Vec<Opcode>, last: Opcode, slots: u8) -> Self {
        Self {
            first,
            last,
            writes: opcodes.len(),
            opcodes,
            slots: slots as usize,
            free: slots as usize,
            acked: 0,
            cursor: 0,
            high: 0,
            asked: false,
            epoch: 0,
            in_flight: VecDeque::new(),
        }
    }

    /// The request to send now, if one may be sent.
    #[must_use]
    pub fn next(&self) -> Option<Item> {
        if self.free == 0 || self.in_flight.len() >= self.slots {
            None
        } else if self.cursor < self.writes {
            Some(Item::Write(self.cursor))
        } else {
            let waiting = |flight: &Flight| flight.item == Item::Result && flight.epoch == self.epoch;
            (!self.in_flight.iter().any(waiting)).then_some(Item::Result)
        }
    }

    /// Requests that the device has slots for beyond this run, once all of it is sent.
    #[must_use]
    pub fn room(&self) -> usize {
        let asked = |flight: &Flight| flight.item == Item::Result && flight.epoch == self.epoch;
        if self.in_flight.iter().any(asked) {
            self.free.min(self.slots.saturating_sub(self.in_flight.len()))
        } else {
            0
        }
    }

    /// Notes that `item` was sent. `tag` is the tag of a RESULT; a write is sent with [`Window::seq`].
    ///
    /// Returns whether it had been sent before.
    pub fn sent(&mut self, item: Item, tag: u16) -> bool {
        let (tag, again) = match item {
            Item::Write(index) => {
                self.cursor = index + 1;
                let again = index < self.high;
                self.high = self.high.max(index + 1);
                (self.seq(index), again)
            }
            Item::Result => (tag, std::mem::replace(&mut self.asked, true)),
        };
        self.free = self.free.saturating_sub(1);
        self.in_flight.push_back(Flight {
            item,
            tag,
            epoch: self.epoch,
        });
        again
    }

    /// Sequence number of the write with this index.
    #[must_use]
    pub fn seq(&self, index: usize) -> u16 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "sequence numbers count modulo 2^16"
        )]
        self.first.wrapping_add(index as u16)
    }

    /// What is sent for an item.
    #[must_use]
    pub fn opcode(&self, item: Item) -> Opcode {
        match item {
            Item::Write(index) => self.opcodes.get(index).copied().unwrap_or(self.last),
            Item::Result => self.last,
        }
    }

    /// The oldest request without a response.
    #[must_use]
    pub fn oldest(&self) -> Option<Item> {
        self.in_flight.front().map(|flight| flight.item)
    }

    /// Number of writes the device is known to have executed.
    #[must_use]
    pub const fn acknowledged(&self) -> usize {
        self.acked
    }

    /// The sequence numbers that `expected` may have: the first write not acknowledged, and the first not
    /// sent.
    #[must_use]
    pub fn limits(&self) -> (u16, u16) {
        (self.seq(self.acked), self.seq(self.high))
    }

    /// Takes a response.
    pub fn on_response(&mut self, response: &Response) -> Outcome {
        let answered = |flight: &Flight| response.answers(self.opcode(flight.item), flight.tag);
        let Some(position) = self.in_flight.iter().position(answered) else {
            return Outcome::Stray;
        };
        // The device answers in order: what was sent before this request gets no response any more.
        let Some(flight) = self.in_flight.drain(..=position).next_back() else {
            return Outcome::Stray;
        };
        self.free = usize::from(response.credits);
        let is_current = flight.epoch == self.epoch;

        let ahead = usize::from(response.expected.wrapping_sub(self.seq(self.acked)));
        if ahead > self.high - self.acked {
            return if is_current {
                Outcome::Lost
            } else {
                Outcome::Answered
            };
        }
        self.acked += ahead;
        self.cursor = self.cursor.max(self.acked);

        match (response.status, flight.item) {
            (Status::Ok, Item::Result) if self.acked == self.writes => Outcome::Finished,
            (Status::Ok | Status::NotReady, Item::Result) if self.acked < self.writes => {
                self.rewind_if(is_current)
            }
            (Status::OutOfSequence, Item::Write(index)) => self.rewind_if(is_current && self.acked <= index),
            (Status::Ok, _) => Outcome::Answered,
            (Status::NotReady, item) => Outcome::NotReady(item),
            (status, item) => Outcome::Rejected(item, status),
        }
    }

    /// Gives up on everything in flight and goes back to the first write that is not acknowledged.
    pub fn on_timeout(&mut self) {
        self.in_flight.clear();
        self.free = self.slots;
        self.rewind();
    }

    fn rewind_if(&mut self, gap: bool) -> Outcome {
        if !gap {
            return Outcome::Answered;
        }
        self.rewind();
        Outcome::Rewound
    }

    const fn rewind(&mut self) {
        self.cursor = self.acked;
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: u16 = 77;

    fn response(window: &Window, item: Item, status: Status, expected: u16, credits: u8) -> Response {
        let (opcode, seq) = match item {
            Item::Write(0) => (Opcode::Clear, window.seq(0)),
            Item::Write(index) => (Opcode::Spikes, window.seq(index)),
            Item::Result => (Opcode::Result, TAG),
        };
        Response {
            version: 1,
            opcode: opcode as u8,
            seq,
            status,
            credits,
            expected,
            payload: Vec::new(),
        }
    }

    fn answer(window: &mut Window, item: Item, status: Status, expected: u16) -> Outcome {
        let response = response(window, item, status, expected, 2);
        window.on_response(&response)
    }

    /// Sends all that may be sent.
    fn fill(window: &mut Window) -> Vec<Item> {
        std::iter::from_fn(|| window.next().inspect(|&item| _ = window.sent(item, TAG))).collect()
    }

    use Item::{Result as Read, Write};

    #[test]
    fn without_faults_two_are_in_flight_and_all_is_sent_once() {
        let mut window = Window::new(10, 3, 2);
        assert_eq!(fill(&mut window), [Write(0), Write(1)]);
        assert_eq!(answer(&mut window, Write(0), Status::Ok, 11), Outcome::Answered);
        assert_eq!(fill(&mut window), [Write(2)]);
        assert_eq!(answer(&mut window, Write(1), Status::Ok, 12), Outcome::Answered);
        assert_eq!(fill(&mut window), [Read]);
        assert_eq!(answer(&mut window, Write(2), Status::Ok, 13), Outcome::Answered);
        assert_eq!(fill(&mut window), []);
        assert_eq!(answer(&mut window, Read, Status::Ok, 13), Outcome::Finished);
    }

    #[test]
    fn there_is_room_behind_a_result_as_far_as_there_are_slots() {
        let mut window = Window::new(0, 2, 3);
        window.sent(Write(0), 0);
        window.sent(Write(1), 0);
        assert_eq!(window.room(), 0, "RESULT is not asked for yet");
        window.sent(Read, TAG);
        assert_eq!(window.room(), 0, "no slot");
        let first = response(&window, Write(0), Status::Ok, 1, 1);
        window.on_response(&first);
        assert_eq!(window.room(), 1);
        let second = response(&window, Write(1), Status::Ok, 2, 2);
        window.on_response(&second);
        assert_eq!(window.room(), 2);
        // An answer before the last write: RESULT must be asked for again, behind that.
        let early = response(&window, Read, Status::Ok, 1, 3);
        let mut window = Window::new(0, 2, 3);
        fill(&mut window);
        assert_eq!(window.on_response(&early), Outcome::Rewound);
        assert_eq!(window.room(), 0);
        // The device has fewer free slots than it should.
        let mut window = Window::new(0, 1, 3);
        window.sent(Write(0), 0);
        let answer = response(&window, Write(0), Status::Ok, 1, 2);
        window.on_response(&answer);
        window.sent(Read, TAG);
        assert_eq!(window.room(), 1);
        let mut alone = Window::new(0, 0, 1);
        assert_eq!(fill(&mut alone), [Read]);
        assert_eq!(alone.room(), 0, "one slot has no room beside");
    }

    #[test]
    fn fewer_free_slots_narrow_the_window_until_a_timeout() {
        let mut window = Window::new(0, 9, 4);
        assert_eq!(fill(&mut window).len(), 4);
        let one_free = response(&window, Write(0), Status::Ok, 1, 1);
        window.on_response(&one_free);
        let none_free = response(&window, Write(2), Status::Ok, 3, 0);
        window.on_response(&none_free);
        assert_eq!(fill(&mut window), [], "three places, but no credit");
        window.on_timeout();
        assert_eq!(fill(&mut window).len(), 4);
    }

    #[test]
    fn a_lost_write_is_sent_again_once() {
        let mut window = Window::new(0xFFFE, 5, 3);
        assert_eq!(fill(&mut window), [Write(0), Write(1), Write(2)]);
        // Write 0 is lost: 1 and 2 are refused. Only the first refusal moves the cursor.
        assert_eq!(
            answer(&mut window, Write(1), Status::OutOfSequence, 0xFFFE),
            Outcome::Rewound
        );
        assert_eq!(fill(&mut window), [Write(0), Write(1)]);
        assert_eq!(
            answer(&mut window, Write(2), Status::OutOfSequence, 0xFFFE),
            Outcome::Answered
        );
        assert_eq!(fill(&mut window), [Write(2)]);
        assert_eq!(
            answer(&mut window, Write(0), Status::Ok, 0xFFFF),
            Outcome::Answered
        );
        assert_eq!(
            answer(&mut window, Write(1), Status::Ok, 0),
            Outcome::Answered,
            "numbers wrap"
        );
        assert_eq!(window.acknowledged(), 2);
    }

    #[test]
    fn a_lost_response_costs_nothing() {
        let mut window = Window::new(5, 3, 2);
        fill(&mut window);
        assert_eq!(answer(&mut window, Write(1), Status::Ok, 7), Outcome::Answered);
        assert_eq!(fill(&mut window), [Write(2), Read]);
    }

    #[test]
    fn writes_found_to_be_executed_are_not_sent_again() {
        let mut window = Window::new(5, 4, 2);
        fill(&mut window);
        window.on_timeout();
        window.sent(Write(0), TAG);
        assert_eq!(
            answer(&mut window, Write(0), Status::OutOfSequence, 7),
            Outcome::Answered
        );
        assert_eq!(fill(&mut window), [Write(2), Write(3)]);
    }

    #[test]
    fn a_result_that_overtook_a_lost_write_is_asked_for_again() {
        let mut window = Window::new(0, 1, 2);
        assert_eq!(fill(&mut window), [Write(0), Read]);
        assert_eq!(answer(&mut window, Read, Status::Ok, 0), Outcome::Rewound);
        assert_eq!(fill(&mut window), [Write(0), Read]);
    }

    #[test]
    fn duplicates_are_strays() {
        let mut window = Window::new(0, 4, 2);
        fill(&mut window);
        assert_eq!(answer(&mut window, Write(0), Status::Ok, 1), Outcome::Answered);
        assert_eq!(answer(&mut window, Write(0), Status::Ok, 1), Outcome::Stray);
        assert_eq!(fill(&mut window), [Write(2)], "a stray frees no slot");
    }

    #[test]
    fn a_device_elsewhere_is_lost() {
        for expected in [9, 13, 0] {
            let mut window = Window::new(10, 5, 2);
            fill(&mut window);
            assert_eq!(
                answer(&mut window, Write(0), Status::OutOfSequence, expected),
                Outcome::Lost
            );
        }
    }

    #[test]
    fn an_answer_of_an_earlier_epoch_from_elsewhere_is_not_believed() {
        let mut window = Window::new(10, 5, 3);
        fill(&mut window);
        assert_eq!(
            answer(&mut window, Write(1), Status::OutOfSequence, 10),
            Outcome::Rewound
        );
        assert_eq!(fill(&mut window), [Write(0), Write(1)]);
        assert_eq!(
            answer(&mut window, Write(2), Status::OutOfSequence, 3),
            Outcome::Answered
        );
        assert_eq!(
            answer(&mut window, Write(0), Status::OutOfSequence, 3),
            Outcome::Lost
        );
    }

    #[test]
    fn after_a_timeout_no_answer_is_awaited() {
        let mut window = Window::new(10, 5, 2);
        fill(&mut window);
        window.on_timeout();
        assert_eq!(window.oldest(), None);
        assert_eq!(answer(&mut window, Write(0), Status::Ok, 11), Outcome::Stray);
    }

    #[test]
    fn refusals_and_watchdogs_name_the_request() {
        let mut window = Window::new(0, 2, 4);
        fill(&mut window);
        assert_eq!(
            answer(&mut window, Write(0), Status::NotReady, 1),
            Outcome::NotReady(Write(0))
        );
        assert_eq!(
            answer(&mut window, Write(1), Status::MalformedPayload, 2),
            Outcome::Rejected(Write(1), Status::MalformedPayload)
        );
        assert_eq!(
            answer(&mut window, Read, Status::NotReady, 2),
            Outcome::NotReady(Read)
        );
        assert_eq!(fill(&mut window), [Read], "asked again");
    }
}
