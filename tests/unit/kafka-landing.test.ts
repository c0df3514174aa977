import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { envelopes, largestField, type RawMessage } from "#lib/kafka/envelope.js";
import { fileName, reached } from "#lib/kafka/landing-file.js";
import { removeDrafts } from "#lib/landing/write-whole.js";
import { openPartitionWriters } from "#lib/kafka/partition-writer.js";
import { TopicRecreated } from "#lib/kafka/positions.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const message = (offset: number, value: string | Buffer | null = `v${offset}`): RawMessage => ({
  offset: String(offset),
  timestamp: String(1_772_359_200_000 + offset),
  key: Buffer.from("C1"),
  value: value === null ? null : Buffer.from(value),
});
const messages = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => message(from + index));

describe("an envelope", () => {
  const envelope = envelopes("clicks", 2);
  const parsed = (one: RawMessage) => JSON.parse(envelope([one])) as Record<string, unknown>;

  it("says where a message stood, when it was produced, and what it was", () => {
    expect(envelope([message(7, '{"a":"\n\u2028"}')])).toBe(
      '{"topic":"clicks","partition":2,"offset":7,"timestamp":"2026-03-01T10:00:00.007Z","key":"C1",' +
        '"value":"{\\"a\\":\\"\\n\u2028\\"}"}\n',
    );
  });

  it.each([
    ["nothing", null],
    ["an empty text", ""],
    ["line breaks, quotes and NUL", 'a\r\n"\\\0\u007f'],
    ["no JSON", "{not json"],
    ["a million characters", "ä".repeat(1_000_000)],
  ])("keeps %s exactly, on one line", (_, value) => {
    expect(parsed(message(1, value))["value"]).toBe(value);
    expect(envelope([message(1, value)]).indexOf("\n")).toBe(envelope([message(1, value)]).length - 1);
  });

  it("keeps bytes that are no UTF-8 in base64, in values and in keys", () => {
    const bytes = Buffer.from([0xff, 0, 0xfe]);
    const kept = parsed({ ...message(1, bytes), key: bytes });
    expect(kept).not.toHaveProperty("value");
    expect(Buffer.from(String(kept["value_base64"]), "base64")).toEqual(bytes);
    expect(Buffer.from(String(kept["key_base64"]), "base64")).toEqual(bytes);
  });

  it("keeps the size of what is too large for one line, whatever it holds", () => {
    expect(parsed(message(1, "\0".repeat(largestField)))["value"]).toHaveLength(largestField);
    expect(envelope([message(1, "\0".repeat(largestField))]).length).toBeLessThan(64 << 20);
    const [line] = envelope([message(1, "x".repeat(70_000_000))]).split("\n");
    expect(JSON.parse(line!)).toMatchObject({
      topic: "clicks",
      partition: 2,
      offset: 1,
      value_bytes: 70_000_000,
    });
    expect(line!.length).toBeLessThan(200);
  });

  it.each([
    ["-1", null],
    ["253402300800000", null],
    ["9223372036854775807", null],
    ["0", "1970-01-01T00:00:00.000Z"],
    ["253402300799999", "9999-12-31T23:59:59.999Z"],
  ])("gives the timestamp %s as %s", (timestamp, expected) => {
    expect(parsed({ ...message(1), timestamp })["timestamp"]).toBe(expected);
  });
});

describe("partition writers", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-writers-"))));
  afterEach(() => rm(folder, { recursive: true }));

  const open = (next: number, batchEvents = 1000, last?: { offset: number; timestamp: string | null }) =>
    openPartitionWriters({
      folder,
      topic: "clicks",
      positions: [{ partition: 0, next, high: 1e6, ...(last && { last }) }],
      batchEvents,
    });
  const fetched = (from: number, to: number) => ({
    partition: 0,
    asked: from,
    next: to,
    messages: messages(from, to),
  });
  const landed = async () => {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".ndjson")).toSorted();
    const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), "utf8")));
    return texts.map((text) => text.match(/(?<="offset":)\d+/g)?.map(Number) ?? []);
  };

  it("land what they accepted, in files named by the offset where they continue", async () => {
    const writers = open(5);
    await writers.accept(fetched(5, 8));
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^\..*\.tmp$/)]);
    expect(writers.waiting()).toBe(3);
    expect(await writers.land()).toMatchObject({ events: 3, files: 1 });
    await writers.accept(fetched(8, 10));
    await writers.land();
    expect(await readdir(folder)).toEqual([fileName("clicks", 0, 5), fileName("clicks", 0, 8)]);
    expect(await landed()).toEqual([
      [5, 6, 7],
      [8, 9],
    ]);
    expect(await reached(folder, "clicks", 0, 5)).toBe(10);
  });

  it("land by themselves when a file is full", async () => {
    const writers = open(0, 10);
    await writers.accept(fetched(0, 25));
    expect(writers.waiting()).toBe(0);
    expect((await landed()).flat()).toHaveLength(25);
  });

  it("land files of bounded size, whatever one fetch holds", async () => {
    const writers = open(0);
    const large = Array.from({ length: 40 }, (_, offset) => message(offset, "x".repeat(4 << 20)));
    expect(await writers.accept({ partition: 0, asked: 0, next: 40, messages: large })).toBe(40);
    await writers.land();
    const offsets = await landed();
    expect(offsets.flat()).toEqual(Array.from({ length: 40 }, (_, offset) => offset));
    expect(offsets.length).toBeGreaterThan(2);
    expect(await reached(folder, "clicks", 0, 0)).toBe(40);
  });

  it("skip what they hold already and what does not come next", async () => {
    const writers = open(5);
    expect(await writers.accept(fetched(3, 7))).toBe(7);
    expect(await writers.accept(fetched(9, 12))).toBe(7);
    expect(await writers.accept(fetched(5, 7))).toBe(7);
    expect(await writers.accept(fetched(7, 9))).toBe(9);
    await writers.land();
    expect(await landed()).toEqual([[5, 6, 7, 8]]);
  });

  it("continue after a gap that the topic itself has", async () => {
    const writers = open(5);
    expect(await writers.accept({ partition: 0, asked: 5, next: 20, messages: messages(10, 15) })).toBe(20);
    await writers.land();
    await writers.accept(fetched(20, 21));
    await writers.land();
    expect(await readdir(folder)).toEqual([fileName("clicks", 0, 5), fileName("clicks", 0, 15)]);
  });

  it("let the first of two win, and the other continues after it", async () => {
    const [one, other] = [open(0), open(0)];
    await one.accept(fetched(0, 4));
    await other.accept(fetched(0, 9));
    expect(await one.land()).toMatchObject({ events: 4 });
    expect(await other.land()).toMatchObject({ events: 0, files: 0 });
    expect(other.next(0)).toBe(4);
    await other.accept(fetched(4, 9));
    await other.land();
    expect((await landed()).flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await readdir(folder)).toHaveLength(2);
  });

  it("notice that the last message has changed", async () => {
    const { timestamp } = message(4);
    const good = open(5, 10, { offset: 4, timestamp: new Date(Number(timestamp)).toISOString() });
    expect(good.resumeAt(0)).toBe(4);
    expect(await good.accept(fetched(4, 6))).toBe(6);
    const bad = open(5, 10, { offset: 4, timestamp: "2020-01-01T00:00:00.000Z" });
    await expect(bad.accept(fetched(4, 6))).rejects.toThrow(TopicRecreated);
    await bad.discard();
  });

  it("leave nothing of what was not landed; drafts of the dead are swept away, others' are not", async () => {
    const writers = open(0);
    await writers.accept(fetched(0, 3));
    await writers.discard();
    expect(await readdir(folder)).toEqual([]);
    await writeFile(path.join(folder, ".clicks-0-0.ndjson.999999999-1.tmp"), "");
    await writeFile(path.join(folder, `.clicks-0-0.ndjson.${process.pid}-1.tmp`), "");
    await removeDrafts(folder);
    expect(await readdir(folder)).toEqual([`.clicks-0-0.ndjson.${process.pid}-1.tmp`]);
  });
});
