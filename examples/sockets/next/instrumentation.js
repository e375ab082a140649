/** Keeps requests as they were sent: Next.js hands on targets that it has written anew. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { register } = await import("counterseal/next");
  register();
}
