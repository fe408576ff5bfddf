// The parts of the benchmark that would falsify every figure if they were wrong: quantiles, the cutting of
// answers, the content checks, and requests that are the same in every run.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { describe, it } from "node:test";
import { AnswerReader } from "../../bench/harness/answer-reader.ts";
import { renderChart } from "../../bench/harness/chart.ts";
import { readerFor } from "../../bench/harness/dialects.ts";
import { judge } from "../../bench/harness/goals.ts";
import { Histogram } from "../../bench/harness/histogram.ts";
import { countErrors, renderReport } from "../../bench/harness/report.ts";
import type { BenchResult } from "../../bench/harness/result.ts";
import { median, type RoundFigures, type Series } from "../../bench/harness/rounds.ts";
import type { ServerName } from "../../bench/harness/server-under-test.ts";
import { fillRequests, problemOf, seededRandom, WORKLOADS } from "../../bench/harness/workloads.ts";

describe("histogram", () => {
  it("gives quantiles within 1.6 % of the sorted values", (context) => {
    const seed = randomInt(2 ** 31);
    context.diagnostic(`seed ${seed}`);
    const random = seededRandom(seed);
    const histogram = new Histogram();
    const values = Array.from({ length: 5_000 }, () => Math.round(Math.exp(random() * 18)));
    for (const value of values) histogram.add(value);
    values.sort((a, b) => a - b);
    for (const share of [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = values[Math.ceil(share * values.length) - 1] as number;
      const found = histogram.quantile(share);
      assert.ok(Math.abs(found - exact) <= Math.max(0.5, exact * 0.016), `${share}: ${found} for ${exact}`);
    }
  });

  it("is the same after a journey between processes, and adds up", () => {
    const [first, second, both] = [new Histogram(), new Histogram(), new Histogram()];
    for (let i = 0; i < 1_000; i++) {
      (i % 3 === 0 ? first : second).add(i * i);
      both.add(i * i);
    }
    const sum = new Histogram();
    sum.addAll(JSON.parse(JSON.stringify(first.toSparse())));
    sum.addAll(second.toSparse());
    assert.equal(sum.total, 1_000);
    assert.deepEqual(sum.toSparse(), both.toSparse());
  });

  it("holds nothing, and values out of range", () => {
    assert.equal(new Histogram().quantile(0.5), 0);
    const histogram = new Histogram();
    histogram.add(-3);
    histogram.add(1e12);
    assert.equal(histogram.quantile(0.5), 0);
    assert.ok(histogram.quantile(1) > 2 ** 30);
  });
});

describe("readers of answers", () => {
  const answer = Buffer.from("HTTP/1.1 400 Bad Request\r\ncontent-length: 5\r\nX: y\r\n\r\nhello");

  it("cuts an HTTP answer wherever the chunks end", () => {
    for (let cut = 1; cut < answer.length; cut++) {
      const reader = new AnswerReader();
      assert.equal(reader.take(answer.subarray(0, cut)), null);
      const found = reader.take(answer.subarray(cut));
      assert.equal(found?.status, 400);
      assert.equal(found.body.toString(), "hello");
      assert.equal(reader.take(answer)?.status, 400);
    }
  });

  it("refuses bytes behind an answer and an answer of unknown length", () => {
    assert.throws(() => new AnswerReader().take(Buffer.concat([answer, Buffer.from("x")])), /behind/);
    assert.throws(() => new AnswerReader().take(Buffer.from("HTTP/1.1 200 OK\r\n\r\n")), /Content-Length/);
  });

  it("cuts Redis's answers", () => {
    for (const [text, status] of [["+OK\r\n", 200], ["$3\r\nabc\r\n", 200], ["$-1\r\n", 500], ["-ERR no\r\n", 500]] as const) {
      const reader = readerFor("redis");
      for (const char of text.slice(0, -1)) assert.equal(reader.take(Buffer.from(char)), null);
      assert.equal(reader.take(Buffer.from("\n"))?.status, status);
    }
  });
});

describe("workloads", () => {
  it("are the same for the same seed", () => {
    for (const { request } of WORKLOADS) {
      const [first, second] = [seededRandom(7), seededRandom(7)];
      for (let i = 0; i < 20; i++) assert.deepEqual(request(first), request(second));
    }
  });

  it("fill tables with items of the size that they claim", () => {
    const sizeOf = (item: Record<string, { S: string }>): number => (
      Object.entries(item).reduce((sum, [name, { S }]) => sum + name.length + S.length, 0)
    );
    for (const [table, bytes] of [["Items", 900], ["Lists", 200]] as const) {
      const requests = fillRequests(table, seededRandom(1));
      const items = requests.flatMap(({ body }) => JSON.parse(body).RequestItems[table]);
      assert.equal(items.length, 10_000);
      for (const { PutRequest } of items) assert.equal(sizeOf(PutRequest.Item), bytes);
    }
  });

  it("tell a wrong answer", () => {
    const check = { kind: "item", key: "k", dataBytes: 3 } as const;
    const problem = (value: unknown): string | null => problemOf(Buffer.from(JSON.stringify(value)), check);
    assert.equal(problem({ Item: { pk: { S: "k" }, data: { S: "abc" } } }), null);
    assert.match(problem({}) ?? "", /not the item k/);
    assert.match(problem({ Item: { pk: { S: "other" }, data: { S: "abc" } } }) ?? "", /not the item k/);
    assert.match(problem({ Item: { pk: { S: "k" }, data: { S: "ab" } } }) ?? "", /other data/);
    assert.match(problemOf(Buffer.from('{"Count":9,"Items":[]}'), { kind: "count", count: 10 }) ?? "", /not 10 items/);
    assert.match(problemOf(Buffer.from('{"UnprocessedItems":{"Items":[]}}'), { kind: "batch" }) ?? "", /not written/);
  });
});

describe("report", () => {
  const round = (rate: number, cpuMicros: number, errors = 0): RoundFigures => ({
    rate, cpuMicros, p50Micros: 1_000, p99Micros: 4_000, generatorLoad: 0.4, errors,
    firstError: errors === 0 ? null : "status 500",
  });
  const series = (server: ServerName, rounds: RoundFigures[]): Series => ({ workload: "get-strong", server, rounds });
  const result = (errors: number): BenchResult => ({
    at: "2026-01-02T03:04:05.000Z", options: { seconds: 1, rounds: 3, connections: 32 },
    machine: {
      cpu: "a <processor>", cores: 2, memoryGb: 8, system: "linux", node: "v26", commit: "abc", isPinned: true,
      loadAverageBefore: 0,
    },
    foreignShare: 0.2, memoryMb: { stator: 120 }, start: null, cities: null, writeLatency: null,
    flatness: [{ workload: "mixed-a", maximum: 1_000, levels: [
      { percent: 10, rounds: [round(100, 40)] }, { percent: 80, rounds: [{ ...round(800, 40), p99Micros: 16_000 }] },
    ] }],
    notes: [], recovery: null,
    series: [
      series("stator", [round(30_000, 30), round(20_000, 40, errors), round(31_000, 31)]),
      series("dynalite-memory", [round(10_000, 90), round(5_000, 120), round(10_000, 93)]),
    ],
  });

  it("takes ratios round by round", () => {
    const verdicts = judge(result(0));
    const ratio = verdicts.find(({ what }) => what.includes("throughput to dynalite-memory"));
    assert.match(ratio?.measured ?? "", /^3\.10 \(3\.00 to 4\.00\)x; 3\.00x by CPU$/);
    assert.equal(ratio?.holds, true);
    const flat = verdicts.find(({ what }) => what.startsWith("mixed-a"));
    assert.equal(flat?.measured, "4.00x");
    assert.equal(flat?.holds, false);
  });

  it("tells noise and errors", () => {
    assert.match(renderReport(result(0)), /other processes took 20 %/);
    assert.equal(countErrors(result(0)), 0);
    assert.equal(countErrors(result(2)), 2);
    assert.match(renderReport(result(2)), /get-strong, stator: 2, the first: status 500/);
  });

  it("draws the same chart every time, as well-formed XML", () => {
    const chart = renderChart(result(0));
    assert.equal(chart, renderChart(result(0)));
    assert.ok(chart.includes("a &lt;processor>"));
    assert.ok(!chart.includes("NaN"));
    const open = [...chart.matchAll(/<([a-z]+)[^>]*[^/]>/g)].length;
    assert.equal([...chart.matchAll(/<\/[a-z]+>/g)].length, open);
  });

  it("takes the middle of an odd and of an even number of values", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(median([]), 0);
  });
});
