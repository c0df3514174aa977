import { randomBytes } from "node:crypto";
import avsc from "avsc";
import { avroDecoder } from "#lib/kafka/avro.js";
import { describe, expect, it } from "vitest";

/** A message with one field, from the bytes of the field. */
const read = (type: unknown, bytes: Buffer | readonly number[]) => {
  const schema = JSON.stringify({ type: "record", name: "R", fields: [{ name: "a", type }] });
  return avroDecoder(schema)(Buffer.from(bytes));
};

/** A whole number as Avro writes it: zigzag, then seven bits a byte. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(left)]);
}
const long = (value: bigint, logicalType?: string) => read({ type: "long", logicalType }, varint(value));

describe("a message in Avro", () => {
  it.each([
    ["the greatest long", 2n ** 63n - 1n, "9223372036854775807"],
    ["the smallest long", -(2n ** 63n), "-9223372036854775808"],
    ["a long above what a JavaScript number holds", 2n ** 53n + 1n, "9007199254740993"],
    ["nothing", 0n, "0"],
  ])("keeps %s", (_, value, text) => {
    expect(read("long", varint(value))).toBe(`{"a":${text}}`);
  });

  it.each([
    ["timestamp-millis", 1_772_359_200_123n, "2026-03-01T10:00:00.123Z"],
    ["timestamp-micros", 1_772_359_200_123_456n, "2026-03-01T10:00:00.123456Z"],
    ["timestamp-nanos", 1_772_359_200_123_456_789n, "2026-03-01T10:00:00.123456789Z"],
    ["timestamp-nanos", 1_772_359_200_123_456_000n, "2026-03-01T10:00:00.123456Z"],
    ["timestamp-micros", -1n, "1969-12-31T23:59:59.999999Z"],
    ["local-timestamp-micros", 1_772_359_200_000_001n, "2026-03-01T10:00:00.000001"],
    ["time-micros", 86_399_999_999n, "23:59:59.999999"],
    ["timestamp-millis", 10n ** 18n, "1000000000000000000"],
  ])("writes a %s of %s as %s", (logicalType, value, text) => {
    expect(JSON.parse(long(value, logicalType))).toEqual({ a: text });
  });

  it.each([
    ["1990", 2, "19.90"],
    ["-5", 2, "-0.05"],
    ["0", 2, "0.00"],
    ["-128", 0, "-128"],
    ["123456789012345678901234567890", 10, "12345678901234567890.1234567890"],
  ])("writes the decimal %s of scale %s as %s", (unscaled, scale, text) => {
    const value = BigInt(unscaled);
    const width = 16;
    const hex = BigInt.asUintN(width * 8, value)
      .toString(16)
      .padStart(width * 2, "0");
    const type = { type: "bytes", logicalType: "decimal", precision: 38, scale };
    const bytes = Buffer.concat([varint(BigInt(width)), Buffer.from(hex, "hex")]);
    expect(JSON.parse(read(type, bytes))).toEqual({ a: text });
  });

  it("writes bytes in base64, days as dates, and what no JSON number is as text", () => {
    const bytes = randomBytes(33);
    const found = read("bytes", Buffer.concat([varint(33n), bytes]));
    expect(Buffer.from((JSON.parse(found) as { a: string }).a, "base64")).toEqual(bytes);
    expect(read({ type: "int", logicalType: "date" }, varint(20_513n))).toBe('{"a":"2026-03-01"}');
    const double = Buffer.alloc(8);
    double.writeDoubleLE(Number.NaN);
    expect(read("double", double)).toBe('{"a":"NaN"}');
  });

  it("has what is one of several types as its plain value, also in records that hold themselves", () => {
    const schema = {
      type: "record",
      name: "Node",
      namespace: "shop",
      fields: [
        { name: "value", type: ["null", "string", "long", { type: "array", items: ["null", "string"] }] },
        { name: "labels", type: { type: "map", values: "string" } },
        { name: "next", type: ["null", "Node"] },
      ],
    };
    const writer = avsc.Type.forSchema(schema as never, { wrapUnions: "always" });
    const leaf = { value: { array: [{ string: "ä" }, null] }, labels: {}, next: null };
    const message = writer.toBuffer({
      value: { string: '"' },
      labels: { 'a"b': "c" },
      next: { "shop.Node": leaf },
    });
    expect(JSON.parse(avroDecoder(JSON.stringify(schema))(message))).toEqual({
      value: '"',
      labels: { 'a"b': "c" },
      next: { value: ["ä", null], labels: {}, next: null },
    });
  });

  it("keeps longs that may be missing, as Kafka Connect declares them", () => {
    const micros = { type: "long", "connect.name": "io.debezium.time.MicroTimestamp" };
    const instant = { type: "long", logicalType: "timestamp-micros" };
    const far = Buffer.concat([Buffer.from([2]), varint(2n ** 62n)]);
    expect(read(["null", micros], far)).toBe('{"a":4611686018427387904}');
    expect(read(["null", "long"], far)).toBe('{"a":4611686018427387904}');
    expect(read(["null", instant], far)).toBe('{"a":"4611686018427387904"}');
    expect(read(["null", instant], Buffer.concat([Buffer.from([2]), varint(0n)]))).toBe(
      '{"a":"1970-01-01T00:00:00.000000Z"}',
    );
  });

  it("knows the schemas that it refers to", () => {
    const money =
      '{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"amount","type":"string"}]}';
    const order =
      '{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"total","type":"shop.Money"}]}';
    const message = Buffer.concat([varint(5n), Buffer.from("19.90")]);
    expect(avroDecoder(order, [money])(message)).toBe('{"total":{"amount":"19.90"}}');
  });

  it.each([
    ["is cut off", [6, 97]],
    ["goes on after its end", [2, 97, 0]],
  ])("is refused where it %s", (_, bytes) => {
    expect(() => read("string", bytes)).toThrow(Error);
  });
});
