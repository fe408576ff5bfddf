// The clock, randomness, hashes and telemetry over Node, against their contracts and published vectors.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, it } from "node:test";
import { NodeClock } from "./node-clock.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { NodeRandom } from "./node-random.ts";
import { createTelemetry } from "./node-telemetry.ts";

describe("clock", () => {
  it("never goes back", () => {
    const clock = new NodeClock();
    let last = clock.monotonicMs();
    for (let i = 0; i < 1000; i++) {
      const now = clock.monotonicMs();
      assert.ok(now >= last);
      last = now;
    }
    assert.ok(clock.wallMs() > 1_700_000_000_000);
  });

  it("fires a timer once, not early and not synchronously", async () => {
    const clock = new NodeClock();
    let fired = 0;
    for (const delayMs of [0, -5, 0.4, 3, 7.3]) {
      await new Promise<void>((resolve) => {
        const due = clock.monotonicMs() + Math.max(0, delayMs);
        let returned = false;
        clock.setTimer(delayMs, () => {
          assert.ok(returned);
          assert.ok(clock.monotonicMs() >= due);
          fired++;
          resolve();
        });
        returned = true;
      });
    }
    assert.equal(fired, 5);
  });

  it("clears a timer, before and after it fired", async () => {
    const clock = new NodeClock();
    const cleared = clock.setTimer(1, () => assert.fail("a cleared timer fired"));
    clock.clearTimer(cleared);
    clock.clearTimer(cleared);
    await new Promise<void>((resolve) => {
      const fired = clock.setTimer(5, () => {
        clock.clearTimer(fired);
        resolve();
      });
    });
  });

  it("runs end-of-turn callbacks in order, after microtasks, with those queued meanwhile", async () => {
    const clock = new NodeClock();
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      clock.endOfTurn(() => {
        order.push("first");
        clock.endOfTurn(() => {
          order.push("nested");
          resolve();
        });
      });
      clock.endOfTurn(() => order.push("second"));
      setImmediate(() => order.push("immediate"));
      void Promise.resolve().then(() => order.push("microtask"));
      order.push("now");
    });
    assert.deepEqual(order, ["now", "microtask", "first", "second", "nested"]);
  });

  it("lets the event loop run when callbacks queue callbacks for ever", async () => {
    const clock = new NodeClock();
    let runs = 0;
    let stop = false;
    const again = (): void => {
      runs++;
      if (!stop) clock.endOfTurn(again);
    };
    clock.endOfTurn(again);
    // Timers come to their turn although the callbacks never end.
    while (runs === 0) await new Promise<void>((resolve) => { setTimeout(resolve, 1); });
    stop = true;
    const before = runs;
    await new Promise<void>((resolve) => { clock.endOfTurn(resolve); });
    assert.ok(runs <= before + 1);
  });
});

describe("random", () => {
  it("stays within its bounds and reaches both ends", () => {
    const random = new NodeRandom();
    for (const bound of [1, 2, 3, 7]) {
      const seen = new Set<number>();
      for (let i = 0; i < 2000; i++) seen.add(random.below(bound));
      assert.deepEqual([...seen].sort(), Array.from({ length: bound }, (_, i) => i));
    }
    assert.ok(random.below(0x1_0000_0000) < 0x1_0000_0000);
    assert.throws(() => random.below(0));
    assert.throws(() => random.below(1.5));
  });

  it("gives bytes of its own, never the same twice, of any length", () => {
    const random = new NodeRandom();
    const seen = new Set<string>();
    for (let i = 0; i < 1000; i++) seen.add(Buffer.from(random.bytes(16)).toString("hex"));
    assert.equal(seen.size, 1000);
    for (const length of [0, 1, 4095, 4096, 4097, 100_000]) assert.equal(random.bytes(length).length, length);
    const bytes = random.bytes(8);
    assert.equal(bytes.byteLength, bytes.buffer.byteLength);
  });

  it("gives numbers that fill 32 bits", () => {
    const random = new NodeRandom();
    let ones = 0;
    let zeros = 0;
    for (let i = 0; i < 200; i++) {
      const value = random.u32();
      ones |= value;
      zeros |= ~value;
    }
    assert.equal(ones >>> 0, 0xffffffff);
    assert.equal(zeros >>> 0, 0xffffffff);
  });
});

describe("crypto", () => {
  it("hashes as FIPS 180 and RFC 4231 say", () => {
    assert.equal(nodeCrypto.sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert.equal(nodeCrypto.sha256Hex(Buffer.from("abc")),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    for (const key of [nodeCrypto.hmacKey("Jefe"), nodeCrypto.hmacKey(Buffer.from("Jefe"))]) {
      assert.equal(nodeCrypto.hmacSha256Hex(key, "what do ya want for nothing?"), mac);
      assert.equal(nodeCrypto.hmacSha256Hex(key, Buffer.from("what do ya want for nothing?")), mac);
      assert.equal(Buffer.from(nodeCrypto.hmacSha256(key, "what do ya want for nothing?")).toString("hex"), mac);
    }
  });

  it("makes the same HMAC as Node for keys and data of all lengths, text as UTF-8", () => {
    for (const keyBytes of [0, 1, 32, 63, 64, 65, 200]) {
      const keyData = Buffer.alloc(keyBytes, "key \u00e9");
      const key = nodeCrypto.hmacKey(keyData);
      for (const length of [0, 1, 64, 200, 341, 342, 1_024, 1_025, 5_000]) {
        for (const text of ["a".repeat(length), "\u20ac".repeat(length), "\u{1f600}".repeat(length), "\ud800".repeat(length)]) {
          const expected = createHmac("sha256", keyData).update(text).digest("hex");
          assert.equal(nodeCrypto.hmacSha256Hex(key, text), expected, `key of ${keyBytes}, ${length} times ${text[0]}`);
          assert.equal(nodeCrypto.hmacSha256Hex(key, Buffer.from(text)), expected);
          assert.equal(Buffer.from(nodeCrypto.hmacSha256(key, text)).toString("hex"), expected);
        }
      }
    }
  });

  it("sums CRC-32 over pieces", () => {
    assert.equal(nodeCrypto.crc32([Buffer.from("123456789")]), 0xcbf43926);
    assert.equal(nodeCrypto.crc32([Buffer.from("1234"), Buffer.from(""), Buffer.from("56789")]), 0xcbf43926);
    assert.equal(nodeCrypto.crc32([]), 0);
    for (let length = 0; length < 60; length++) {
      const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 151 + length * 7) & 255));
      for (let cut = 0; cut <= length; cut++) {
        assert.equal(nodeCrypto.crc32([bytes.subarray(0, cut), bytes.subarray(cut)]), crc32(bytes));
      }
    }
  });

  it("compares strings", () => {
    assert.ok(nodeCrypto.timingSafeEqual("abc", "abc"));
    assert.ok(nodeCrypto.timingSafeEqual("", ""));
    assert.ok(!nodeCrypto.timingSafeEqual("abc", "abd"));
    assert.ok(!nodeCrypto.timingSafeEqual("abc", "abcd"));
    assert.ok(!nodeCrypto.timingSafeEqual("\u00e9", "e\u0301"));
  });
});

describe("telemetry", () => {
  const wallMs = (): number => Date.UTC(2026, 0, 2, 3, 4, 5, 6);

  function lines(format: "json" | "text", emit: (telemetry: ReturnType<typeof createTelemetry>) => void): string[] {
    const out: string[] = [];
    emit(createTelemetry({ level: "info", format, wallMs, write: (line) => out.push(line) }));
    return out;
  }

  it("writes one JSON object a line and drops what is below the level", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const out = lines("json", (telemetry) => {
      telemetry.event("debug", "wal", "hidden");
      telemetry.event("warn", "wal", "slow\nsync", { ms: 12, big: 7n, bytes: new Uint8Array(3), cycle });
      telemetry.event("info", "wal", "plain");
    });
    assert.equal(out.length, 2);
    assert.deepEqual(JSON.parse(out[0] as string), {
      time: "2026-01-02T03:04:05.006Z", severity: "warn", area: "wal", message: "slow\nsync",
      fields: { ms: 12, big: "7", bytes: "3 bytes", cycle: "[not plain]" },
    });
    for (const line of out) assert.equal(line.indexOf("\n"), line.length - 1);
  });

  it("writes text that a field cannot break into two lines", () => {
    const out = lines("text", (telemetry) => {
      telemetry.event("error", "http", "bad\r\nline", { peer: "1.2.3.4:5", target: "/a b\n", error: new Error("x") });
    });
    assert.equal(out.length, 1);
    const line = out[0] as string;
    assert.ok(line.startsWith("2026-01-02T03:04:05.006Z ERROR http: bad\\x0d\\x0aline peer=1.2.3.4:5 "
      + "target=\"/a b\\n\" error=\"Error: x"));
    assert.equal(line.indexOf("\n"), line.length - 1);
  });

  it("cuts a line that is too long", () => {
    for (const format of ["json", "text"] as const) {
      const [line = ""] = lines(format, (telemetry) => telemetry.event("info", "a", "m", { x: "y".repeat(100_000) }));
      assert.ok(line.length < 20_000);
      if (format === "json") assert.ok(Number((JSON.parse(line) as { cut: number }).cut) > 100_000);
    }
  });
});
