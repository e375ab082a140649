// The same functions as for `require`.

import next from "./next.cjs";

export const {
  createProxy,
  keysRoute,
  problemResponse,
  register,
  signedRoute,
  tokenRoute,
  verified,
  verifyToken,
  verifyTokenAsync,
} = next;
