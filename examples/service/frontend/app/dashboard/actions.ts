"use server";

import { redirect } from "next/navigation";
import { request, sessions } from "@/lib/sessions";

/** Ends one session of whoever is signed in, and no other: the package looks whose it is. */
export async function endOne(form: FormData): Promise<void> {
  const answer = await sessions().endOne(await request("POST"), String(form.get("id")));
  if (answer.status >= 500) throw new Error(`the store answered ${answer.status}`);
  redirect("/dashboard");
}
