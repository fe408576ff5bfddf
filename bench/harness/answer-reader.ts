// Cuts the bytes of a connection into HTTP answers with a Content-Length: all that a benchmark needs of HTTP.

const HEAD_END = Buffer.from("\r\n\r\n");
const STATUS_FROM = "HTTP/1.1 ".length;
const NOTHING: Buffer = Buffer.alloc(0);

export type Answer = { readonly status: number; readonly body: Buffer };

export class AnswerReader {
  #pending: Buffer = NOTHING;

  /**
   * The answer that `chunk` completes, or null while it is incomplete. One request is under way at a time, so
   * bytes behind the answer are an error of the server.
   */
  take(chunk: Buffer): Answer | null {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) return this.#wait(bytes);
    const head = bytes.toString("latin1", 0, headEnd);
    const length = /\r\ncontent-length: ?(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`an answer without Content-Length: ${head}`);
    const end = headEnd + HEAD_END.length + Number(length);
    if (bytes.length < end) return this.#wait(bytes);
    if (bytes.length > end) throw new Error("bytes behind the answer");
    this.#pending = NOTHING;
    return {
      status: Number(head.slice(STATUS_FROM, STATUS_FROM + 3)), body: bytes.subarray(headEnd + HEAD_END.length),
    };
  }

  #wait(bytes: Buffer): null {
    this.#pending = bytes;
    return null;
  }
}
