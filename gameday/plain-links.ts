// Nodes that reach each other on loopback with nothing in between: for measurements, where a relay would take CPU time
// from the nodes. Nothing can be cut or slowed down.
import type { Links, Place } from "./links.ts";

const HOST = "127.0.0.1";

export class PlainLinks implements Links {
  readonly name = "loopback";
  readonly hasDelay = false;

  place(): Promise<Place> {
    return Promise.resolve({ listenHost: HOST, apiHost: HOST, prefix: [], flags: [] });
  }

  advertise(_index: number, port: number): Promise<string> {
    return Promise.resolve(`${HOST}:${port}`);
  }

  cut(): Promise<void> {
    return Promise.reject(new Error("plain links cannot be cut"));
  }

  delay(): Promise<void> {
    return Promise.reject(new Error("plain links cannot be slowed down"));
  }

  heal(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
