// One connection between two processes: a socket, its frames, and what ends it. Bytes that are no frames end it, and
// so does silence.
import type { Socket } from "node:net";
import { FrameReader, PING, plainFrame, PONG, REFUSED } from "./frames.ts";
import { readRefusal, refusalFrame, type Refusal, type RefusalCode } from "./greeting.ts";

export type PeerEvents = {
  /** A payload of any type but ping, pong and refused. */
  readonly onPayload: (payload: Uint8Array) => void;
  /** Called once. `refusal`: what the peer gave, or what was told to it; null: the connection just ended. */
  readonly onEnd: (refusal: Refusal | null, byPeer: boolean) => void;
  /** The socket takes more bytes again. */
  readonly onDrain: () => void;
};

/** After the reason was written, the peer's bytes are thrown away for this long, lest a reset destroys it. */
const LINGER_MS = 1_000;
const pingFrame = plainFrame(PING, null);
const pongFrame = plainFrame(PONG, null);

export class PeerSocket {
  readonly #socket: Socket;
  readonly #events: PeerEvents;
  readonly #reader: FrameReader = new FrameReader();
  readonly #silentSweepsMax: number;
  /** Sweeps since anything was heard. */
  #silentSweeps = 0;
  #hasEnded = false;
  readonly take: (payload: Uint8Array) => boolean = (payload) => this.#take(payload);

  constructor(socket: Socket, silentSweepsMax: number, events: PeerEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#silentSweepsMax = silentSweepsMax;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("drain", () => {
      // The peer's system takes bytes: as good a sign of life as an answer, which may wait behind them.
      this.#silentSweeps = 0;
      if (!this.#hasEnded) events.onDrain();
    });
    socket.on("error", () => this.#end(null, true)); // "close" follows
    socket.on("close", () => this.#end(null, true));
    socket.on("end", () => {
      this.#end(null, true);
      socket.destroy();
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Bytes that were given to the socket and that the system has not taken yet. */
  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  get mustWait(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** "host:port" of the other end, for messages. */
  get remote(): string {
    return `${this.#socket.remoteAddress ?? "unknown"}:${this.#socket.remotePort ?? 0}`;
  }

  /** The peer has said who it is: frames may be large. */
  allowLarge(): void {
    this.#reader.allowLarge();
  }

  write(bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    this.#socket.write(bytes);
  }

  /** Tells the peer why, and ends the connection. */
  refuse(code: RefusalCode, detail: string): void {
    if (this.#hasEnded) return;
    const refusal: Refusal = { code, detail };
    this.#socket.end(refusalFrame(refusal));
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#end(refusal, false);
  }

  destroy(): void {
    this.#socket.destroy();
    this.#end(null, false);
  }

  /** Ends when everything that was written has left. */
  finish(): void {
    if (this.#hasEnded) return;
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#end(null, false);
  }

  /** Once per sweep. `pingSweeps`: silent sweeps before a ping goes out; 0: this end only answers pings. */
  sweep(pingSweeps: number): void {
    if (this.#hasEnded) return;
    this.#silentSweeps++;
    if (this.#silentSweeps > this.#silentSweepsMax) {
      this.refuse("silent", `nothing was heard for ${this.#silentSweeps} sweeps`);
      this.#socket.destroy(); // a half-open connection: nobody reads the reason
    } else if (pingSweeps > 0 && this.#silentSweeps >= pingSweeps && !this.#socket.writableNeedDrain) {
      this.write(pingFrame);
    }
  }

  #onData(chunk: Buffer): void {
    if (this.#hasEnded) return;
    this.#silentSweeps = 0;
    // A plain view: methods of Buffer behave differently.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const fault = this.#reader.feed(bytes, this.take);
    if (fault !== null) this.refuse("malformed", fault);
  }

  #take(payload: Uint8Array): boolean {
    switch (payload[0]) {
      case PING:
        // Not queued up behind a peer that does not read: it hears us when it reads again.
        if (!this.#socket.writableNeedDrain) this.write(pongFrame);
        break;
      case PONG:
        break;
      case REFUSED:
        this.#end(readRefusal(payload), true);
        this.#socket.destroy();
        break;
      default:
        this.#events.onPayload(payload);
    }
    return !this.#hasEnded;
  }

  #end(refusal: Refusal | null, byPeer: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#events.onEnd(refusal, byPeer);
  }
}
