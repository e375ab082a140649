"use strict";
// The addon of this platform, which stands beside the package's own files.

const { join } = require("node:path");
const { addon, target } = require("./platform.cjs");

module.exports = load(join(__dirname, "..", addon));

function load(file) {
  try {
    // Not `require`, which bundlers would follow.
    return module.require(file);
  } catch (cause) {
    const missing = cause.code === "MODULE_NOT_FOUND";
    const reason = missing ? "this package holds no addon for it" : "its addon does not load";
    throw new Error(`counterseal does not run on ${target}: ${reason}; build the package there`, { cause });
  }
}
