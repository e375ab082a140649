/**
 * Keeps requests as they were sent, for routes that verify: Next.js hands on targets that it has written anew. And reads the keys of
 * tokens before the first request.
 */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { register } = await import("counterseal/next");
  register();
  const { followKeys } = await import("@/lib/sessions");
  await followKeys();
}
