// The same types for `require`.

import counterseal = require("counterseal");
import next = require("counterseal/next");
import pg = require("counterseal/stores/pg");

export const verifier: counterseal.Verifier = new counterseal.Verifier(new counterseal.Policy(["api.example"]));
export const { signedRoute } = next;
export const { Postgres } = pg;
