import { follow } from "@/lib/log";

/** Says that there is another step, and nothing about it: the page then renders anew. */
export function GET(request: Request): Response {
  const text = new TextEncoder();
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      stop = follow((count) => controller.enqueue(text.encode(`data: ${count}\n\n`)));
      request.signal.addEventListener("abort", stop);
    },
    cancel: () => stop(),
  });
  const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" };
  return new Response(body, { headers });
}
