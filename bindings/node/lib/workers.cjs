"use strict";
// How many worker processes serve, as far as this process can tell.

const cluster = require("node:cluster");
const { isMainThread } = require("node:worker_threads");
const { ReplayError } = require("./errors.cjs");

/** Throws `binding_ring_private` when more than one worker is configured, or this is a thread beside the main one. */
function refusePrivate() {
  const workers = isMainThread ? configured() : 2;
  if (workers > 1) throw new ReplayError("binding_ring_private", { detail: [["workers", `${workers}`]] });
}

/** The number of workers configured; 1 when nothing says otherwise. */
function configured() {
  return fromPm2() ?? fromCluster() ?? number(process.env.WEB_CONCURRENCY) ?? 1;
}

/** PM2 puts its configuration into the environment; who scales later has instances beyond the first. */
function fromPm2() {
  if (process.env.pm_id === undefined) return undefined;
  const instance = number(process.env.NODE_APP_INSTANCE) ?? 0;
  const instances = number(process.env.instances);
  return instances === undefined && instance === 0 ? undefined : Math.max(instances ?? 1, instance + 1);
}

/** A worker of a cluster does not know how many there are; who forks one forks two. */
function fromCluster() {
  return cluster.isWorker ? Math.max(2, cluster.worker.id) : undefined;
}

function number(text) {
  return /^\d{1,6}$/.test(text ?? "") ? Number(text) : undefined;
}

module.exports = { refusePrivate };
