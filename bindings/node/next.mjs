// The same functions as for `require`.

import next from "./next.cjs";

export const {
  createProxy,
  createSessionProxy,
  keysRoute,
  problemResponse,
  register,
  signedRoute,
  tokenRoute,
  verified,
  verifyToken,
  verifyTokenAsync,
} = next;
