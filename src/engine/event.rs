//! What an event is: what happens, to which row, in 32 bits.
//!
//! With its time and its number in the order of scheduling it takes 16 bytes,
//! so that four share a cache line. An event knows no generation of its row:
//! the row knows at which number it was born, and an event with a smaller one
//! was meant for somebody who had the row before.

/// What an event does to the row that it names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum What {
    /// A client's next session or call.
    Arrive,
    /// What a call on the direct way has waited for is there.
    Resume,
    /// A free worker takes the next call of a backlog.
    Pull,
    /// A limit changes.
    Change,
    /// A later call of a session.
    Begin,
    /// A batch has waited long enough.
    Flush,
    /// A call's wait is over.
    Wake,
    /// Another copy of a call's attempt is due.
    Hedge,
    /// A call's patience is over.
    Deadline,
    /// An attempt reaches the server.
    Reach,
    /// A limit holds an attempt back no longer.
    Pass,
    /// An attempt has waited long enough in the line of a limit.
    Tire,
    /// The server is done with an attempt.
    Leave,
    /// The response reaches the client.
    Answer,
    /// The client stops waiting for the response.
    Timeout,
    /// The service takes up again what waits for it.
    Unstall,
}

/// The call for which an attempt leaves next, at the same instant.
pub(super) type Then = Option<u32>;

/// Whose row an event names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Whose {
    /// A client's, or something that is there for the whole run.
    Client,
    /// A call's.
    Call,
    /// An attempt's.
    Attempt,
}

impl What {
    /// All of them, by their bits.
    const ALL: [What; 16] = [
        What::Arrive,
        What::Resume,
        What::Pull,
        What::Change,
        What::Begin,
        What::Flush,
        What::Wake,
        What::Hedge,
        What::Deadline,
        What::Reach,
        What::Pass,
        What::Tire,
        What::Leave,
        What::Answer,
        What::Timeout,
        What::Unstall,
    ];

    /// Whose row it is about.
    pub(super) const fn whose(self) -> Whose {
        match self {
            What::Arrive | What::Pull | What::Change | What::Unstall => Whose::Client,
            What::Resume
            | What::Begin
            | What::Flush
            | What::Wake
            | What::Hedge
            | What::Deadline => Whose::Call,
            _ => Whose::Attempt,
        }
    }
}

/// The most rows of a kind that events can name.
pub(super) const ROWS_MAX: u32 = 1 << INDEX_BITS;
const INDEX_BITS: u32 = 28;

/// What happens, and to which row.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Event(u32);

impl Event {
    /// The event `what` of the row `index`, which is below [`ROWS_MAX`].
    pub(super) const fn new(what: What, index: u32) -> Event {
        debug_assert!(index < ROWS_MAX);
        Event((what as u32) << INDEX_BITS | index)
    }

    /// The event of these bits, for what holds events, whatever they are.
    pub(super) const fn of_bits(bits: u32) -> Event {
        Event(bits)
    }

    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    /// What happens.
    pub(super) const fn what(self) -> What {
        What::ALL[(self.0 >> INDEX_BITS) as usize]
    }

    /// To which row.
    pub(super) const fn index(self) -> u32 {
        self.0 & (ROWS_MAX - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_what_it_was_made_of() {
        for (bits, what) in (0..).zip(&What::ALL[..15]) {
            assert_eq!(*what as u32, bits);
            let event = Event::new(*what, ROWS_MAX - 1);
            assert_eq!((event.what(), event.index()), (*what, ROWS_MAX - 1));
        }
    }
}
