// The same class as for `require`.

import ioredis from "./ioredis.cjs";

export const { Redis } = ioredis;
