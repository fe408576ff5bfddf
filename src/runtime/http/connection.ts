// One client connection: bytes in, requests to the handler, answers out in the order of the requests.
//
// Bounded in every direction: requests waiting for an answer, bytes waiting to be written, bytes waiting to be
// parsed. When a bound is reached the socket is not read, which TCP passes on to the peer.
//
// The end of a connection: the last answer is written, our side is shut, and what the peer still sends is
// thrown away until it shuts its side or the linger time is over. Closing at once would reset the connection
// and might destroy the answer on its way.

import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { assert } from "../../base/assert.ts";
import type { HttpHandler, HttpResponse } from "../../ports/http.ts";
import type { BodyAccount } from "./body-buffer.ts";
import type { HttpLimits } from "./limits.ts";
import type { RejectReason } from "./reject.ts";
import { EXPECTS_CONTINUE, NEED_MORE, REJECTED, REQUEST, RequestParser } from "./request-parser.ts";
import type { ParsedRequest } from "./request-parser.ts";
import { CONTINUE_BYTES } from "./response-encoder.ts";
import type { ResponseEncoder } from "./response-encoder.ts";
import { WriteQueue } from "./write-queue.ts";

/** What the connections of one server share. */
export type ServerShared = {
  readonly limits: HttpLimits;
  readonly ticks: TimeoutTicks;
  readonly handler: HttpHandler;
  readonly encoder: ResponseEncoder;
  readonly account: BodyAccount;
  readonly counters: HttpCounters;
  /** The sweep now: the coarse time of every timeout. */
  tick: number;
  /** True once the server is closing: every answer ends its connection. */
  closing: boolean;
  /** Asks for `flush` at the end of the current callback of the event loop. */
  readonly flushSoon: (connection: Connection) => void;
  readonly forget: (connection: Connection) => void;
};

/** The timeouts of HttpLimits in sweeps, rounded up. */
export type TimeoutTicks = {
  readonly head: number;
  readonly bodyIdle: number;
  readonly request: number;
  readonly keepAlive: number;
  readonly writeStall: number;
  readonly linger: number;
};

export type HttpCounters = {
  requests: number;
  rejected: number;
  timeouts: number;
  bytesRead: number;
  bytesWritten: number;
  pending: number;
};

/** The place of one answer in the order of a connection. */
type Slot = {
  readonly headOnly: boolean;
  readonly keepAlive: boolean;
  readonly sayKeepAlive: boolean;
  readonly chargedBytes: number;
  bytes: Buffer | null;
  /** Whether the connection ends after this answer. */
  last: boolean;
};

export class Connection {
  readonly #shared: ServerShared;
  readonly #socket: Duplex;
  readonly #peer: string;
  readonly #parser: RequestParser;
  readonly #output: WriteQueue;
  /** Answers not yet given to #output, in order. */
  #slots: Slot[] = [];
  /** Whether the handler is being called from #parse: it flushes when it is done. */
  #parsing: boolean = false;
  #paused: boolean = false;
  /** Unparsed input was left because a bound was reached. */
  #stopped: boolean = false;
  /** No more requests will be taken. */
  #finished: boolean = false;
  /** Our side is shut. */
  #ended: boolean = false;
  #peerEnded: boolean = false;
  #gone: boolean = false;
  /** Whether a request has been taken. */
  #used: boolean = false;
  #requestTick: number = 0;
  #readTick: number = 0;
  #endTick: number = 0;
  flushQueued: boolean = false;

  constructor(shared: ServerShared, socket: Duplex, peer: string) {
    this.#shared = shared;
    this.#socket = socket;
    this.#peer = peer;
    this.#parser = new RequestParser(shared.limits, shared.account);
    this.#output = new WriteQueue(socket, shared.limits.writeHighWaterBytes);
    this.#requestTick = shared.tick;
    this.#readTick = shared.tick;
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    if (socket instanceof Socket) askNotForMore(socket);
    socket.on("end", () => this.#onEnd());
    socket.on("drain", () => this.#onDrain());
    socket.on("close", () => this.#onClose());
    // A reset or a broken pipe is the peer's business; "close" follows and frees everything.
    socket.on("error", () => this.destroy());
  }

  /** Takes no further request, but for one that is arriving; ends with the last answer. */
  shutDown(): void {
    if (this.#slots.length > 0 || !this.#parser.midRequest) this.#finish();
  }

  destroy(): void {
    if (!this.#gone) this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    const shared = this.#shared;
    shared.counters.bytesRead += chunk.length;
    if (this.#finished) return;
    if (!this.#parser.midRequest) this.#requestTick = shared.tick;
    this.#readTick = shared.tick;
    this.#parser.feed(chunk);
    this.#parse();
  }

  /** Takes requests until bytes or room run out, and writes the answers that came meanwhile. */
  #parse(): void {
    if (this.#parsing || this.#gone) return;
    this.#parsing = true;
    this.#stopped = false;
    while (!this.#finished) {
      if (!this.#hasRoom()) {
        this.#moveAnswers();
        if (!this.#hasRoom()) {
          this.#stopped = true;
          break;
        }
      }
      const event = this.#parser.next();
      if (event === REQUEST) this.#begin(this.#parser.takeRequest());
      else if (event === EXPECTS_CONTINUE) this.#addSlot(CONTINUE_BYTES, false);
      else if (event === REJECTED) this.#reject(this.#parser.reason);
      else {
        if (event !== NEED_MORE) this.#finished = true;
        break;
      }
    }
    this.#parsing = false;
    this.#moveAnswers();
    this.#settle();
  }

  #hasRoom(): boolean {
    return this.#slots.length < this.#shared.limits.pipelineMax && !this.#output.full;
  }

  #begin(parsed: ParsedRequest): void {
    const shared = this.#shared;
    shared.counters.requests++;
    shared.counters.pending++;
    this.#used = true;
    this.#requestTick = shared.tick;
    const slot: Slot = {
      headOnly: parsed.method === "HEAD",
      keepAlive: parsed.keepAlive,
      sayKeepAlive: parsed.keepAlive && parsed.minorVersion === 0,
      chargedBytes: parsed.chargedBytes,
      bytes: null,
      last: false,
    };
    if (!parsed.keepAlive || shared.closing) this.#finished = true;
    this.#slots.push(slot);
    const request = {
      method: parsed.method, target: parsed.target, rawHeaders: parsed.rawHeaders,
      layout: parsed.layout, body: parsed.body, peer: this.#peer,
    };
    shared.handler(request, (response) => this.#answer(slot, response));
  }

  #answer(slot: Slot, response: HttpResponse): void {
    assert(slot.bytes === null, "a request is answered once");
    const shared = this.#shared;
    shared.counters.pending--;
    shared.account.usedBytes -= slot.chargedBytes;
    slot.last = !slot.keepAlive || (shared.closing && this.#slots[this.#slots.length - 1] === slot);
    slot.bytes = shared.encoder.encode(
      response, { headOnly: slot.headOnly, close: slot.last, sayKeepAlive: slot.sayKeepAlive },
    );
    if (this.#gone || this.#parsing || this.flushQueued || this.#slots[0] !== slot) return;
    this.flushQueued = true;
    shared.flushSoon(this);
  }

  #addSlot(bytes: Buffer, last: boolean): void {
    this.#slots.push({ headOnly: false, keepAlive: !last, sayKeepAlive: false, chargedBytes: 0, bytes, last });
  }

  /** Answers for the front end itself, after the answers of the requests before. */
  #reject(reason: RejectReason): void {
    this.#shared.counters.rejected++;
    this.#finished = true;
    this.#addSlot(this.#shared.encoder.encodeRejection(reason), true);
  }

  /** Writes what has been answered and takes up parsing if it had stopped. */
  flush(): void {
    this.flushQueued = false;
    if (this.#gone) return;
    this.#moveAnswers();
    if (this.#stopped && this.#hasRoom()) this.#parse();
    else this.#settle();
  }

  /** Moves the answered head of the order to the output. */
  #moveAnswers(): void {
    const slots = this.#slots;
    let count = 0;
    while (count < slots.length) {
      const slot = slots[count] as Slot;
      if (slot.bytes === null) break;
      count++;
      this.#shared.counters.bytesWritten += slot.bytes.length;
      this.#output.push(slot.bytes);
      if (slot.last) {
        // Requests taken after this one get no answer: the peer is told that the connection closes here.
        // A later reply to one of them still settles its accounts.
        this.#slots = [];
        this.#output.flush();
        this.#finish();
        return;
      }
    }
    if (count === 0) return;
    if (count === slots.length) slots.length = 0;
    else slots.splice(0, count);
    this.#output.flush();
  }

  #finish(): void {
    this.#finished = true;
    this.#stopped = false;
    this.#parser.dispose();
    this.#settle();
  }

  /** Brings the socket in line with the state: reading or not, ended or not. */
  #settle(): void {
    if (this.#gone || this.#parsing) return;
    const drained = this.#slots.length === 0 && !this.#stopped;
    if (drained && (this.#finished || this.#peerEnded) && this.#output.allGiven && !this.#ended) {
      this.#ended = true;
      this.#finished = true;
      this.#parser.dispose();
      this.#socket.end(() => {
        this.#endTick = this.#shared.tick;
      });
    }
    const pause = this.#stopped || (this.#finished && !this.#ended);
    if (pause === this.#paused || this.#peerEnded) return;
    this.#paused = pause;
    if (pause) {
      this.#socket.pause();
    } else {
      this.#readTick = this.#shared.tick;
      this.#requestTick = this.#shared.tick;
      this.#socket.resume();
    }
  }

  #onEnd(): void {
    this.#peerEnded = true;
    this.#settle();
  }

  #onDrain(): void {
    if (this.#gone) return;
    this.#output.flush();
    if (this.#stopped && this.#hasRoom()) this.#parse();
    else this.#settle();
  }

  #onClose(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#finished = true;
    this.#parser.dispose();
    this.#output.clear();
    this.#slots = [];
    this.#shared.forget(this);
  }

  /** Called once per sweep: ends the connection if it has waited too long for something. */
  sweep(): void {
    const { tick, ticks, counters } = this.#shared;
    if (this.#gone) return;
    if (this.#output.stalledSweeps(tick) > ticks.writeStall) {
      counters.timeouts++;
      this.destroy();
    } else if (this.#ended) {
      if (this.#output.empty && tick - this.#endTick > ticks.linger) this.destroy();
    } else if (!this.#finished && !this.#paused) {
      this.#sweepReading(tick, ticks);
    }
  }

  #sweepReading(tick: number, ticks: TimeoutTicks): void {
    const parser = this.#parser;
    if (!parser.midRequest) {
      // A connection that never sent a byte is given the time for a head, not that of a pooled connection.
      const allowed = this.#used ? ticks.keepAlive : ticks.head;
      if (this.#slots.length === 0 && tick - this.#readTick > allowed) this.#finish();
      return;
    }
    const late = parser.inBody
      ? tick - this.#readTick > ticks.bodyIdle || tick - this.#requestTick > ticks.request
      : tick - this.#requestTick > ticks.head;
    if (!late) return;
    this.#shared.counters.timeouts++;
    this.#reject("timeout");
    parser.dispose();
    this.#moveAnswers();
    this.#settle();
  }
}

/**
 * After each chunk a stream asks itself, by way of a tick, whether it should read more. A socket of the system goes on
 * reading without being asked, and the question is a fiftieth of what a small request costs. Where a Node has no such
 * mark, the question is put, and nothing else changes.
 */
function askNotForMore(socket: Socket): void {
  const { _readableState: state } = socket as { _readableState?: { readingMore?: boolean } };
  if (state !== undefined) state.readingMore = true;
}
