import { createRequire } from "node:module";
import type { TColumn, TColumnDesc, TRowSet } from "@databricks/sql/thrift/TCLIService_types.js";
import type * as Arrow from "apache-arrow" with { "resolution-mode": "require" };
import type { Data, DataType } from "apache-arrow" with { "resolution-mode": "require" };
import { types, type Wide } from "./thrift.ts";

const { TTypeId } = types;

// The package has types only for require().
const arrow = createRequire(import.meta.url)("apache-arrow") as typeof Arrow;
const { Binary, Bool, DateDay, Field, Float32, Float64, Int16, Int32, Int64, Int8, Utf8 } = arrow;
const { makeData, RecordBatch, RecordBatchStreamWriter, Schema, Struct } = arrow;

/**
 * Arrow as a warehouse gives it to a client that asks for no native types: decimals, instants and nested values as text,
 * the others as themselves.
 */
export function arrowSchema(columns: readonly TColumnDesc[]): Buffer {
  return messages(columns, columns.map(() => ({})) as TColumn[], 0).schema;
}

/** A set of rows as one Arrow record batch. */
export function arrowBatch(columns: readonly TColumnDesc[], { columns: given = [] }: TRowSet): ArrowBatch {
  const rowCount = given[0] ? valuesOf(given[0]).values.length : 0;
  return { batch: messages(columns, given, rowCount).batch, rowCount };
}

interface ArrowBatch {
  readonly batch: Buffer;
  readonly rowCount: number;
}

function messages(columns: readonly TColumnDesc[], given: readonly TColumn[], length: number) {
  const fields = columns.map(
    ({ columnName, typeDesc }) => new Field(columnName, arrowType(typeId(typeDesc)), true),
  );
  const schema = new Schema(fields);
  const children = fields.map(({ type }, index) => column(type, given[index]!, length));
  const data = makeData({ type: new Struct(fields), length, nullCount: 0, children });
  const bytes = Buffer.from(
    RecordBatchStreamWriter.writeAll([new RecordBatch(schema, data)]).toUint8Array(true),
  );
  // A message is a mark (4 bytes), the length of its head (4), the head and its body; the schema has no body.
  const end = 8 + bytes.readInt32LE(4);
  const endOfStream = 8;
  return { schema: bytes.subarray(0, end), batch: bytes.subarray(end, bytes.length - endOfStream) };
}

export const typeId = (typeDesc: TColumnDesc["typeDesc"]): number =>
  typeDesc.types[0]?.primitiveEntry?.type ?? TTypeId.STRING_TYPE;

function arrowType(type: number): DataType {
  switch (type) {
    case TTypeId.BOOLEAN_TYPE:
      return new Bool();
    case TTypeId.TINYINT_TYPE:
      return new Int8();
    case TTypeId.SMALLINT_TYPE:
      return new Int16();
    case TTypeId.INT_TYPE:
      return new Int32();
    case TTypeId.BIGINT_TYPE:
      return new Int64();
    case TTypeId.FLOAT_TYPE:
      return new Float32();
    case TTypeId.DOUBLE_TYPE:
      return new Float64();
    case TTypeId.DATE_TYPE:
      return new DateDay();
    case TTypeId.BINARY_TYPE:
      return new Binary();
    default:
      return new Utf8();
  }
}

/** The one part of a thrift column that is filled. A bit of `nulls` is set where the value is null. */
function valuesOf(column: TColumn): { values: unknown[]; nulls: Buffer } {
  return (Object.values(column).find((part) => part) ?? { values: [], nulls: Buffer.alloc(0) }) as ReturnType<
    typeof valuesOf
  >;
}

function column(type: DataType, given: TColumn, length: number): Data {
  const { values, nulls } = valuesOf(given);
  const nullBitmap = new Uint8Array((length + 7) >> 3).map((_, index) => ~(nulls[index] ?? 0));
  const isNull = (row: number) => ((nulls[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
  const base = { length, nullBitmap };
  if (type instanceof Utf8 || type instanceof Binary) {
    const parts = values.map((value) => (typeof value === "string" ? Buffer.from(value) : (value as Buffer)));
    const valueOffsets = new Int32Array(length + 1);
    parts.forEach((part, row) => (valueOffsets[row + 1] = valueOffsets[row]! + part.length));
    const data = Buffer.concat(parts);
    if (type instanceof Utf8) return makeData({ ...base, type, valueOffsets, data });
    return makeData({ ...base, type: type as Arrow.Binary, valueOffsets, data });
  }
  if (type instanceof Bool) {
    const data = new Uint8Array((length + 7) >> 3);
    values.forEach((value, row) => (data[row >> 3]! |= value ? 1 << (row & 7) : 0));
    return makeData({ ...base, type, data });
  }
  if (type instanceof Int64)
    return makeData({ ...base, type, data: BigInt64Array.from(values as Wide[], bigint) });
  if (type instanceof DateDay) {
    const days = values.map((value, row) => (isNull(row) ? 0 : Date.parse(value as string) / 86_400_000));
    return makeData({ ...base, type, data: Int32Array.from(days) });
  }
  const numbers = values as number[];
  if (type instanceof Int8) return makeData({ ...base, type, data: Int8Array.from(numbers) });
  if (type instanceof Int16) return makeData({ ...base, type, data: Int16Array.from(numbers) });
  if (type instanceof Int32) return makeData({ ...base, type, data: Int32Array.from(numbers) });
  if (type instanceof Float32) return makeData({ ...base, type, data: Float32Array.from(numbers) });
  return makeData({ ...base, type: type as Arrow.Float64, data: Float64Array.from(numbers) });
}

const bigint = (value: Wide): bigint =>
  typeof value === "number" ? BigInt(value) : value.buffer.readBigInt64BE(value.offset);
