import { InputError } from "shopmetrics";
import { positionsOf, TopicRecreated, type Held } from "#lib/kafka/positions.js";
import { describe, expect, it } from "vitest";

const topic = "clicks";
const at = "2026-03-01T10:00:00.000Z";
const held = (partition: number, next: number, name = topic): Held => ({
  topic: name,
  partition,
  next,
  timestamp: at,
});
const marks = (...bounds: [low: number, high: number][]) =>
  bounds.map(([low, high], partition) => ({ partition, low, high }));

describe("where reading goes on", () => {
  it("is the beginning of what Kafka holds when bronze knows nothing, and that is written down", () => {
    const found = positionsOf({
      topic,
      held: [],
      starts: [],
      watermarks: marks([5, 9], [0, 0]),
      acceptLoss: false,
    });
    expect(found).toEqual({
      topic,
      positions: [
        { partition: 0, next: 5, high: 9 },
        { partition: 1, next: 0, high: 0 },
      ],
      starts: [
        { topic, partition: 0, first: 5, reason: "first read" },
        { topic, partition: 1, first: 0, reason: "first read" },
      ],
    });
  });

  it("is behind what bronze holds, whose last message is looked at again while Kafka has it", () => {
    const found = positionsOf({
      topic,
      held: [held(0, 10), held(1, 7)],
      starts: [],
      watermarks: marks([9, 12], [7, 8]),
      acceptLoss: false,
    });
    expect(found.starts).toEqual([]);
    expect(found.positions).toEqual([
      { partition: 0, next: 10, high: 12, last: { offset: 9, timestamp: at } },
      { partition: 1, next: 7, high: 8 },
    ]);
  });

  it("is not moved by another topic that bronze holds", () => {
    const found = positionsOf({
      topic,
      held: [held(0, 500, "simulated"), held(0, 600, "clicks2"), held(0, 3)],
      starts: [],
      watermarks: marks([0, 4]),
      acceptLoss: false,
    });
    expect(found.positions).toMatchObject([{ next: 3 }]);
  });

  it("begins a partition that was added at its beginning", () => {
    const found = positionsOf({
      topic,
      held: [held(0, 3)],
      starts: [],
      watermarks: marks([0, 3], [0, 2]),
      acceptLoss: false,
    });
    expect(found.starts).toEqual([{ topic, partition: 1, first: 0, reason: "first read" }]);
  });
});

describe("messages that Kafka deleted before bronze held them", () => {
  const given = { topic, held: [held(0, 10)], starts: [], watermarks: marks([25, 30]) };

  it("are named, with the flag that accepts their loss", () => {
    const ask = () => positionsOf({ ...given, acceptLoss: false });
    expect(ask).toThrow(InputError);
    expect(ask).toThrow(
      /clicks.*partition 0 offsets 10 to 24 \(15\).*--accept-loss.*KAFKA_ACCEPT_LOSS=true/s,
    );
  });

  it("are missed too where nothing had come since reading began", () => {
    const starts = [{ topic, partition: 0, first: 0, reason: "first read" as const }];
    const ask = () =>
      positionsOf({ topic, held: [], starts, watermarks: marks([100, 100]), acceptLoss: false });
    expect(ask).toThrow(/partition 0 offsets 0 to 99 \(100\)/);
  });

  it("are passed over once their loss is accepted, for good", () => {
    const accepted = positionsOf({ ...given, acceptLoss: true });
    expect(accepted.positions).toEqual([{ partition: 0, next: 25, high: 30 }]);
    expect(accepted.starts).toEqual([{ topic, partition: 0, first: 25, reason: "loss accepted" }]);
    const again = positionsOf({ ...given, starts: accepted.starts, acceptLoss: false });
    expect(again.positions).toEqual([{ partition: 0, next: 25, high: 30 }]);
    expect(again.starts).toEqual([]);
  });
});

describe("a topic that was created again", () => {
  const given = { topic, held: [held(0, 10), held(1, 4)], starts: [] };

  it.each([
    ["ends before what bronze holds", marks([0, 2], [0, 9]), /partition 0 now ends at offset 2/],
    ["has fewer partitions", marks([0, 12]), /no longer has a partition 1/],
  ])("is noticed when it %s", (_, watermarks, message) => {
    const ask = () => positionsOf({ ...given, watermarks, acceptLoss: false });
    expect(ask).toThrow(TopicRecreated);
    expect(ask).toThrow(message);
    expect(ask).toThrow(
      /bronze holds partition 0 up to offset 9, partition 1 up to offset 3.*--accept-loss/s,
    );
  });

  it("becomes the next generation once that is accepted, and stays it", () => {
    const watermarks = marks([0, 2], [0, 0]);
    const accepted = positionsOf({ ...given, watermarks, acceptLoss: true });
    expect(accepted.topic).toBe("clicks@2");
    expect(accepted.positions).toMatchObject([{ next: 0 }, { next: 0 }]);
    const again = positionsOf({ ...given, starts: accepted.starts, watermarks, acceptLoss: false });
    expect(again).toMatchObject({ topic: "clicks@2", starts: [], positions: [{ next: 0 }, { next: 0 }] });
    const later = positionsOf({
      topic,
      held: [...given.held, held(0, 2, "clicks@2")],
      starts: accepted.starts,
      watermarks: marks([0, 1], [0, 0]),
      acceptLoss: true,
    });
    expect(later.topic).toBe("clicks@3");
  });

  it("may be known otherwise", () => {
    const ask = () =>
      positionsOf({
        ...given,
        watermarks: marks([0, 99], [0, 99]),
        acceptLoss: false,
        recreated: "it says so itself",
      });
    expect(ask).toThrow(/created again: it says so itself/);
  });
});
