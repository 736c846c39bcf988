//! Memory that will be needed soon is asked for now, so that nobody waits for it.
//!
//! Ten million keys do not fit into a cache, and a decision on one of them is a
//! few nanoseconds of arithmetic behind a hundred of waiting. Whoever knows the
//! next keys asks for their rows while it is busy with the present one. Touching
//! the rows of a block beforehand, which needs no `unsafe`, makes them wait
//! together instead of one by one; this makes them not wait.
#![allow(unsafe_code)] // The one intrinsic below, with its proof.

/// Asks for the cache line in which a row begins. Nothing but time hangs on it.
#[inline(always)]
#[allow(clippy::inline_always)] // A call would cost more than what it saves.
pub(crate) fn prefetch<T>(row: &T) {
    // SAFETY: the instruction belongs to SSE, which every x86-64 has. It reads
    // nothing that the program can see, writes nothing, and faults on no
    // address; this one is that of a row that exists, by its reference.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(row).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}
