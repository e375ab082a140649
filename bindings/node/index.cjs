"use strict";

const errors = require("./lib/errors.cjs");

module.exports = {
  ArgumentError: errors.ArgumentError,
  CODES: require("./codes.cjs").CODES,
  CountersealError: errors.CountersealError,
  InternalError: errors.InternalError,
  Key: require("./lib/keys.cjs").Key,
  KeyVault: require("./lib/vault.cjs").KeyVault,
  Memory: require("./lib/stores.cjs").Memory,
  Policy: require("./lib/policy.cjs").Policy,
  PolicyError: errors.PolicyError,
  Profile: require("./lib/policy.cjs").Profile,
  ReplayError: errors.ReplayError,
  RequestError: errors.RequestError,
  Ring: require("./lib/stores.cjs").Ring,
  SharedRing: require("./lib/stores.cjs").SharedRing,
  SignError: errors.SignError,
  Signer: require("./lib/sign.cjs").Signer,
  SigningKeyError: errors.SigningKeyError,
  Sqlite: require("./lib/stores.cjs").Sqlite,
  StoreError: errors.StoreError,
  Verified: require("./lib/verified.cjs").Verified,
  Verifier: require("./lib/verify.cjs").Verifier,
  Waiting: require("./lib/waiting.cjs").Waiting,
  drive: require("./lib/waiting.cjs").drive,
  endKey: require("./lib/vault.cjs").endKey,
  migrations: require("./lib/waiting.cjs").migrations,
  revokeKey: require("./lib/vault.cjs").revokeKey,
  sweeping: require("./lib/waiting.cjs").sweeping,
};
