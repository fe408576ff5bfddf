// A question to a process at an address, by one that need not belong to its cluster: who are you, and what say you?
import { connect } from "node:net";
import { ANSWER, ASK, plainFrame, plainOf } from "./frames.ts";
import { helloFrame, readWelcome, type Identity } from "./greeting.ts";
import { LINK_LIMITS } from "./limits.ts";
import { splitAddress } from "./outgoing-link.ts";
import { PeerSocket } from "./peer-socket.ts";

export type Contact =
  | { readonly ok: true; readonly peer: Identity; readonly answer: unknown }
  /** `isSilent`: nobody answers there, or not in time; else it answered with a refusal. */
  | { readonly ok: false; readonly isSilent: boolean; readonly reason: string };

/** Asks whoever listens at `address`. `answer` is a plain value that nobody has checked. Never rejects. */
export function contact(address: string, self: Identity, question: object, timeoutMs: number): Promise<Contact> {
  const target = splitAddress(address);
  if (target === null) {
    return Promise.resolve({ ok: false, isSilent: true, reason: `${address} is no host:port` });
  }
  return new Promise((resolve) => {
    const socket = connect(target);
    let peer: Identity | null = null;
    let problem = "the connection ended";
    const end = (result: Contact): void => {
      clearTimeout(timer);
      resolve(result);
      connection.destroy();
    };
    socket.once("error", (error) => {
      problem = error.message;
    });
    const connection: PeerSocket = new PeerSocket(socket, LINK_LIMITS.silentSweepsMax, {
      onPayload: (payload) => {
        if (peer === null) {
          peer = readWelcome(payload);
          if (peer === null) end({ ok: false, isSilent: false, reason: "it does not speak Stator's protocol" });
          else {
            connection.allowLarge();
            connection.write(plainFrame(ASK, question));
          }
        } else if (payload[0] === ANSWER) end({ ok: true, peer, answer: plainOf(payload, 1) });
      },
      onEnd: (refusal) => end({
        ok: false, isSilent: refusal === null, reason: refusal === null ? problem : refusal.detail,
      }),
      onDrain: () => undefined,
    });
    const timer = setTimeout(
      () => end({ ok: false, isSilent: true, reason: `no answer within ${timeoutMs} ms` }), timeoutMs,
    );
    connection.write(helloFrame({ ...self, role: "stranger", receiver: 0 }));
  });
}
