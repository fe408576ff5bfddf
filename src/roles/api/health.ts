// What stands beside the protocol: DynamoDB's health text, and probes for whoever runs the process.
import type { Call } from "./call.ts";

export type Health = { readonly live: boolean; readonly ready: boolean; readonly detail: unknown };

const TEXT = "text/plain; charset=utf-8";
const JSON_TEXT = "application/json";

/** True when the request was answered here. `path` is the target without its query. */
export function answerHealth(method: string, path: string, region: string, health: () => Health, call: Call): boolean {
  if (method !== "GET") return false;
  switch (path) {
    case "/":
      call.answerPlain(200, TEXT, `healthy: dynamodb.${region}.amazonaws.com `);
      return true;
    case "/healthz": {
      const { live } = health();
      call.answerPlain(live ? 200 : 503, TEXT, live ? "live\n" : "not live\n");
      return true;
    }
    case "/readyz": {
      const { ready, detail } = health();
      call.answerPlain(ready ? 200 : 503, JSON_TEXT, `${JSON.stringify({ ready, detail })}\n`);
      return true;
    }
    default:
      return false;
  }
}
