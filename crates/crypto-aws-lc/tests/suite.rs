//! What every library of signatures must do.

use counterseal_crypto_aws_lc::AwsLc;

counterseal_testkit::signature_tests!(AwsLc);
