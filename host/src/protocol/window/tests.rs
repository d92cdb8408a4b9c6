use super::*;

const TAG: u16 = 77;

fn response(window: &Window, request: RunRequest, status: Status, expected: u16, credits: u8) -> Response {
    let (opcode, seq) = match request {
        RunRequest::Write(0) => (Opcode::Clear, window.seq(0)),
        RunRequest::Write(index) => (Opcode::Spikes, window.seq(index)),
        RunRequest::Result => (Opcode::Result, TAG),
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

fn answer(window: &mut Window, request: RunRequest, status: Status, expected: u16) -> Outcome {
    let response = response(window, request, status, expected, 2);
    window.on_response(&response)
}

/// Sends every request that may be sent.
fn fill(window: &mut Window) -> Vec<RunRequest> {
    std::iter::from_fn(|| window.next().inspect(|&request| _ = window.sent(request, TAG))).collect()
}

use RunRequest::{Result as Read, Write};

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
    // RESULT was answered before the last write: it must be sent again behind that write.
    let early = response(&window, Read, Status::Ok, 1, 3);
    let mut window = Window::new(0, 2, 3);
    fill(&mut window);
    assert_eq!(window.on_response(&early), Outcome::Rewound);
    assert_eq!(window.room(), 0);
    // The device reports fewer free slots than it should have.
    let mut window = Window::new(0, 1, 3);
    window.sent(Write(0), 0);
    let answer = response(&window, Write(0), Status::Ok, 1, 2);
    window.on_response(&answer);
    window.sent(Read, TAG);
    assert_eq!(window.room(), 1);
    let mut alone = Window::new(0, 0, 1);
    assert_eq!(fill(&mut alone), [Read]);
    assert_eq!(alone.room(), 0, "a device with one slot has no room for more");
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
