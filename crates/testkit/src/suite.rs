//! The lists of the suite, as tests.

/// Tests of a store of rate limits that deletes empty cells when it is told to.
#[macro_export]
macro_rules! cell_tests {
    ($make:expr) => {
        $crate::tests! { $make, charges:
            empty_cells_leave
        }
    };
}

/// Tests of a store of rate limits; `$make` is a `fn(now: Time) -> impl Run<Charge> + Sync`.
#[macro_export]
macro_rules! charge_tests {
    ($make:expr) => {
        $crate::tests! { $make, charges:
            a_burst_passes_and_then_one_per_interval
            a_lost_answer_costs_one_charge_at_most
            cells_and_limits_are_apart
            p07_a_clock_that_is_set_back_waits_for_a_bucket
            p07_every_answer_is_the_arithmetics
            p07_of_many_racers_a_burst_passes
        }
    };
}

/// Tests of a store of claims; `$make` is a `fn(now: Time) -> impl Run<Claim> + Run<Sweep> + Sync`.
#[macro_export]
macro_rules! claim_tests {
    ($make:expr) => {
        $crate::tests! { $make, claims:
            a_key_is_fresh_once
            a_lost_answer_is_not_a_second_chance
            claims_of_clocks_ahead_reopen_nothing
            h18_of_64_racers_exactly_one_is_first
            h19_a_nonce_at_another_time_is_another_use
            h20_owners_and_spaces_are_apart
            h21_a_replay_is_refused_as_long_as_it_is_in_the_window
            h25_a_new_store_refuses_what_it_cannot_know
            only_what_a_naive_memory_would_accept_is_accepted
            racers_with_keys_of_their_own_are_all_accepted
            what_a_clock_ahead_swept_is_not_taken_again
        }
    };
}

/// Tests of a store of rows that edits a [`Leaf`](crate::Leaf) by what is stored in it and in the [`Note`](crate::Note) that it names;
/// `$make` is a `fn(now: Time) -> impl Run<LinkedOp<Leaf, Note>> + Sync`.
#[macro_export]
macro_rules! edit_tests {
    ($make:expr) => {
        $crate::tests! { $make, edits:
            an_edit_writes_where_core_says_and_nowhere_else
            of_many_edits_of_one_row_one_is_made
        }
    };
}

/// Tests of a store of claims that has a bound of at most 100 000, and one for each owner.
#[macro_export]
macro_rules! full_tests {
    ($make:expr) => {
        $crate::tests! { $make, claims:
            h23_a_full_store_forgets_nothing
            h23_one_owner_does_not_use_up_the_room
        }
    };
}

/// Tests of a store of rows that reads a [`Leaf`](crate::Leaf) with the [`Note`](crate::Note) that it names, and lists leaves; `$make`
/// is a `fn(now: Time) -> impl Run<LinkedOp<Leaf, Note>> + Run<ListOp<Leaf>> + Sync`.
#[macro_export]
macro_rules! linked_tests {
    ($make:expr) => {
        $crate::tests! { $make, linked:
            a_row_comes_with_the_one_that_it_names
            linked_rows_are_of_one_instant
            rows_of_an_owner_are_listed
            swaps_of_linked_rows_are_apart
        }
    };
}

/// Tests of a store of rows that tells which [`Note`](crate::Note)s ended; `$make` is a
/// `fn(now: Time) -> impl Run<RowOp<Note>> + Run<ListEnded<Note>> + Sync`.
#[macro_export]
macro_rules! ended_tests {
    ($make:expr) => {
        $crate::tests! { $make, ended:
            an_end_is_told_with_its_row
            ends_are_told_in_order_and_page_by_page
        }
    };
}

/// Tests of a store of rows that keeps [`Note`](crate::Note)s; `$make` is a
/// `fn(now: Time) -> impl Run<RowOp<Note>> + Sync`.
#[macro_export]
macro_rules! row_tests {
    ($make:expr) => {
        $crate::tests! { $make, rows:
            a_lost_answer_leaves_the_old_row_or_the_new
            a_lost_swap_changes_nothing
            a_row_that_was_not_written_is_not_there
            no_update_is_lost
            of_many_swaps_of_one_version_one_wins
            rows_are_apart
            rows_come_back_as_they_were_written
            the_id_of_the_swap_is_the_rows_id
            versions_count_the_writes
        }
    };
}

/// Tests of a store of claims that deletes when it is told to.
#[macro_export]
macro_rules! sweep_tests {
    ($make:expr) => {
        $crate::tests! { $make, claims:
            a_sweep_deletes_what_is_over_up_to_its_limit
        }
    };
}

/// Tests of a store of rows that reads [`Note`](crate::Note)s together; `$make` is a
/// `fn(now: Time) -> impl Run<RowOp<Note>> + Run<LoadTogether<Note, Note, Note>> + Sync`.
#[macro_export]
macro_rules! together_tests {
    ($make:expr) => {
        $crate::tests! { $make, together:
            rows_together_are_of_one_instant
            rows_together_are_the_rows
        }
    };
}

/// One test for each name in a list.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($make:expr, $list:ident: $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $crate::$list::$name($make);
            }
        )*
    };
}

/// Tests of a library of signatures; `$library` is a [`Signatures`](counterseal_core::Signatures).
#[macro_export]
macro_rules! signature_tests {
    ($library:expr) => {
        $crate::signature_tests! { $library,
            e11_a_signature_of_zeros_is_none
            e15_the_twin_of_a_signature_is_accepted
            e16_a_second_form_of_an_ed25519_signature_is_refused
            e17_halves_of_two_keys_are_refused
            j09_a_key_serves_the_algorithm_of_its_kind_only
            keys_are_read_as_openssl_writes_them
            o12_a_point_off_its_curve_is_refused_at_once
            rsa_signatures_are_verified_each_with_its_padding
            signatures_of_the_standards_are_verified
            what_was_signed_is_accepted_and_nothing_else
        }
    };
    ($library:expr, $($name:ident)*) => {$(
        #[test]
        fn $name() {
            $crate::signatures::$name(&$library);
        }
    )*};
}
