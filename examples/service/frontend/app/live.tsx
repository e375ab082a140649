"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Renders the page anew when there is another step. Without script, reload. */
export function Live() {
  const router = useRouter();
  useEffect(() => {
    const events = new EventSource("/events");
    events.onmessage = () => router.refresh();
    return () => events.close();
  }, [router]);
  return null;
}
