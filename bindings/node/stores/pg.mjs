// The same class as for `require`.

import pg from "./pg.cjs";

export const { Postgres } = pg;
