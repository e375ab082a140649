// The same classes as for `require`, so that `instanceof` holds across both.

import counterseal from "./index.cjs";

export const {
  ArgumentError,
  CODES,
  CountersealError,
  InternalError,
  Key,
  KeyVault,
  Memory,
  Policy,
  PolicyError,
  Profile,
  ReplayError,
  RequestError,
  Ring,
  SharedRing,
  SignError,
  Signer,
  SigningKeyError,
  Sqlite,
  StoreError,
  Verified,
  Verifier,
  Waiting,
  drive,
  endKey,
  migrations,
  revokeKey,
  sweeping,
} = counterseal;
