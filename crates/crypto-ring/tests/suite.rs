//! What every library of signatures must do.

use counterseal_crypto_ring::Ring;

counterseal_testkit::signature_tests!(Ring);
