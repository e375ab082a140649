//! What every library of signatures must do.

use counterseal_crypto_rustcrypto::RustCrypto;

counterseal_testkit::signature_tests!(RustCrypto);
