"use strict";
// Which addon is for this platform.

/** On Linux, an addon is for one C library. */
function libc() {
  if (process.platform !== "linux") return [];
  return [process.report.getReport().header.glibcVersionRuntime ? "gnu" : "musl"];
}

const target = [process.platform, process.arch, ...libc()].join("-");

module.exports = { target, addon: `counterseal.${target}.node` };
