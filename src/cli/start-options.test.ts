import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { DEFAULTS, parseStartOptions, type StartArguments } from "./start-options.ts";

const folder = mkdtempSync(join(tmpdir(), "stator-options-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function parse(given: Partial<StartArguments>): ReturnType<typeof parseStartOptions> {
  return parseStartOptions({ ...DEFAULTS, ...given });
}

function file(text: string): string {
  const path = join(folder, "credentials");
  writeFileSync(path, text);
  return path;
}

test("the defaults are three zones on this machine only", () => {
  assert.deepEqual(parse({}), {
    ok: true,
    options: {
      port: 8000, host: "127.0.0.1", dataDir: resolve(".stator"), zones: 3, partitionsPerTable: 4,
      credentials: null, region: "us-east-1", logLevel: "warn", expiry: { passMs: 30_000 },
    },
  });
  const memory = parse({ inMemory: true, port: "0" });
  assert.ok(memory.ok && memory.options.dataDir === null && memory.options.port === 0);
});

test("what is out of range is named, with its range", () => {
  const cases: readonly (readonly [Partial<StartArguments>, RegExp])[] = [
    [{ port: "65536" }, /--port 65536 .* 0 to 65535/],
    [{ port: "8e3" }, /--port 8e3/],
    [{ port: "-1" }, /--port -1/],
    [{ port: "" }, /--port /],
    [{ zones: "0" }, /--zones 0 .* 1 to 5/],
    [{ zones: "6" }, /--zones 6/],
    [{ ttlSweep: "0" }, /--ttl-sweep 0 .* 1 to 86400/],
    [{ zones: "2.5" }, /--zones 2.5/],
    [{ partitions: "65" }, /--partitions 65 .* 1 to 64/],
    [{ region: "Mars!" }, /--region Mars!/],
    [{ region: `eu-${"x".repeat(40)}` }, /--region/],
    [{ logLevel: "loud" }, /--log-level loud is none of debug, info, warn, error, silent/],
    [{ host: "" }, /--host/],
    [{ dataDir: "" }, /--data-dir/],
    [{ credentials: "nobody" }, /neither a file that exists nor/],
    [{ credentials: ":secret" }, /neither a file/],
    [{ credentials: "id:" }, /neither a file/],
    [{ credentials: folder }, /cannot be read/],
  ];
  for (const [given, expected] of cases) {
    const parsed = parse(given);
    assert.ok(!parsed.ok, JSON.stringify(given));
    assert.match(parsed.message, expected);
  }
});

test("credentials come from the option itself or from a file", () => {
  const direct = parse({ credentials: "AKIDEXAMPLE:a/b+c:d" });
  assert.ok(direct.ok);
  assert.deepEqual(direct.options.credentials, [{ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a/b+c:d" }]);
  const path = file("# people\nann:one\n\n  bob:two  \r\n");
  const listed = parse({ credentials: path });
  assert.ok(listed.ok);
  assert.deepEqual(listed.options.credentials, [
    { accessKeyId: "ann", secretAccessKey: "one" }, { accessKeyId: "bob", secretAccessKey: "two" },
  ]);
});

test("a file of credentials that is wrong names the line and never a secret", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["ann:one\nbob=hidden\n", /line 2 is not/],
    ["ann:one\nann:hidden\n", /line 2 names ann a second time/],
    ["# nothing\n", /holds no credentials/],
    ["ann:hid den\n", /line 1 is not/],
  ];
  for (const [text, expected] of cases) {
    const parsed = parse({ credentials: file(text) });
    assert.ok(!parsed.ok);
    assert.match(parsed.message, expected);
    assert.doesNotMatch(parsed.message, /hid/);
  }
});

test("origins of pages, and the files for HTTPS", () => {
  const all = parse({ cors: true });
  assert.ok(all.ok);
  assert.deepEqual(all.options.cors, ["*"]);
  const some = parse({ cors: "http://localhost:3000, https://app.example.com" });
  assert.ok(some.ok);
  assert.deepEqual(some.options.cors, ["http://localhost:3000", "https://app.example.com"]);
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  writeFileSync(cert, "CERT");
  writeFileSync(key, "KEY");
  const tls = parse({ tlsCert: cert, tlsKey: key });
  assert.ok(tls.ok);
  assert.deepEqual(tls.options.tls, { cert: "CERT", key: "KEY" });
  const wrong: readonly (readonly [Partial<StartArguments>, RegExp])[] = [
    [{ cors: "" }, /--cors names no origin/], [{ cors: "app.example.com" }, /--cors app.example.com is no origin/],
    [{ cors: "https://a.example/path" }, /is no origin/], [{ tlsCert: cert }, /--tls-cert and --tls-key go together/],
    [{ tlsKey: key }, /go together/], [{ tlsCert: cert, tlsKey: join(folder, "none.pem") }, /--tls-key .*none.pem cannot/],
  ];
  for (const [given, expected] of wrong) {
    const parsed = parse(given);
    assert.ok(!parsed.ok, JSON.stringify(given));
    assert.match(parsed.message, expected);
  }
});
