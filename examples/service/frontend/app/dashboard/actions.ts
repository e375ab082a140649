"use server";

import { redirect } from "next/navigation";
import { request, sessions } from "@/lib/sessions";

/** Ends one session of whoever is signed in, and no other: the package looks whose it is. */
export async function endOne(form: FormData): Promise<void> {
  const answer = await sessions().endOne(await request("POST"), String(form.get("id")));
  // What is not there any more is as good as ended; who is not signed in any more is told so by the page.
  if (!answer.ok && answer.status !== 404 && answer.status !== 401)
    throw new Error(`it was not ended: ${answer.status}`);
  redirect("/dashboard");
}
