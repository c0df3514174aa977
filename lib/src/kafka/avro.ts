import avsc from "avsc";

// Node finds only some of this CommonJS module's names.
const { Type, types } = avsc;
type AvroType = InstanceType<typeof Type>;
type Schema = Parameters<typeof Type.forSchema>[0];

/**
 * How messages of an Avro schema become JSON, with nothing lost: a long keeps all its digits, a decimal is a text with all its
 * decimals, an instant is an ISO text in UTC, bytes are base64 (as in Kafka Connect's own JSON), and what is one of several types
 * is its plain value.
 *
 * @param schema its text, as a registry has it
 * @param references the texts of schemas that it refers to by name, those first that others refer to
 * @throws Error when it is no Avro schema; the function throws when a message is none of this schema
 */
export function avroDecoder(schema: string, references: readonly string[] = []): (message: Buffer) => string {
  const options = {
    registry: { long: wholeLong } as Record<string, AvroType>,
    logicalTypes,
    typeHook: longsWhole(),
    wrapUnions: "always" as const,
  };
  for (const text of references) Type.forSchema(parsed(text), options);
  const type = Type.forSchema(parsed(schema), options);
  const text = textOf(type, new Map());
  return (message) => text(type.fromBuffer(message));
}

/** How values become messages of an Avro schema. */
export function avroEncoder(schema: object): (value: unknown) => Buffer {
  const type = Type.forSchema(schema as Schema);
  return (value) => type.toBuffer(value);
}

/** A primitive type's schema may be its bare name, which is no JSON in some registries. */
function parsed(schema: string): Schema {
  const text = schema.trim();
  return (/^[a-z]+$/.test(text) ? text : JSON.parse(text)) as Schema;
}

/** All 64 bits of a long: a JavaScript number holds 53. */
// oxlint-disable-next-line no-underscore-dangle -- the library's own name of it
const wholeLong = types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === "bigint" || Number.isSafeInteger(value),
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

/** A long that is declared as an object, as Kafka Connect does. One with a meaning is asked for twice: itself, and what is below it. */
function longsWhole() {
  const met = new Set<unknown>();
  return (schema: unknown): AvroType | undefined => {
    const { type, logicalType } = (schema ?? {}) as {
      readonly type?: unknown;
      readonly logicalType?: string;
    };
    if (type !== "long") return undefined;
    if (logicalType === undefined || !(logicalType in logicalTypes) || met.has(schema)) return wholeLong;
    met.add(schema);
    return undefined;
  };
}

type ToText = (value: never) => string;

/** How values of a type are written as JSON. A type that holds itself is met again in `known`. */
function textOf(type: AvroType, known: Map<AvroType, ToText>): (value: unknown) => string {
  const met = known.get(type);
  if (met) return (value) => met(value as never);
  let text: ToText = String;
  known.set(type, (value) => text(value));
  text = makeText(type, known);
  known.set(type, text);
  return text as (value: unknown) => string;
}

function makeText(type: AvroType, known: Map<AvroType, ToText>): ToText {
  if (type instanceof types.LogicalType) return JSON.stringify;
  if (type instanceof types.RecordType) {
    const fields = type.fields.map(
      ({ name, type }) => [name, `${JSON.stringify(name)}:`, textOf(type, known)] as const,
    );
    return (value: Readonly<Record<string, unknown>>) =>
      `{${fields.map(([name, label, text]) => label + text(value[name])).join(",")}}`;
  }
  if (type instanceof types.WrappedUnionType) {
    const branches = new Map(type.types.map((branch) => [branch.branchName, textOf(branch, known)]));
    return (value: Readonly<Record<string, unknown>> | null) => {
      if (value === null) return "null";
      const [[name, inner] = ["", null]] = Object.entries(value);
      return branches.get(name)!(inner);
    };
  }
  if (type instanceof types.ArrayType) {
    const item = textOf(type.itemsType, known);
    return (value: readonly unknown[]) => `[${value.map(item).join(",")}]`;
  }
  if (type instanceof types.MapType) {
    const item = textOf(type.valuesType, known);
    return (value: Readonly<Record<string, unknown>>) =>
      `{${Object.entries(value)
        .map(([name, inner]) => `${JSON.stringify(name)}:${item(inner)}`)
        .join(",")}}`;
  }
  if (type instanceof types.BytesType || type instanceof types.FixedType)
    return (value: Buffer) => `"${Buffer.from(value).toString("base64")}"`;
  if (type instanceof types.FloatType || type instanceof types.DoubleType)
    return (value: number) => (Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`);
  if (type instanceof types.StringType || type instanceof types.EnumType) return JSON.stringify;
  return String; // null, boolean, int and long
}

/** A type whose values are texts, made of those of the type below it. */
function logical(textFor: (schema: Readonly<Record<string, unknown>>) => (value: never) => string) {
  return class extends types.LogicalType {
    readonly #text: (value: never) => string;
    constructor(schema: Schema, options?: unknown) {
      super(schema, options);
      this.#text = textFor(schema as unknown as Readonly<Record<string, unknown>>);
    }
    override _fromValue(value: unknown): string {
      return this.#text(value as never);
    }
  };
}

const instant = (perSecond: bigint, digits: number, zone: string) => () => (value: bigint | number) => {
  const whole = BigInt(value);
  const second = (whole - (((whole % perSecond) + perSecond) % perSecond)) / perSecond;
  if (second < -62_135_596_800n || second > 253_402_300_799n) return String(whole); // outside the years 1 to 9999
  const fraction = String(whole - second * perSecond).padStart(digits, "0");
  const date = new Date(Number(second) * 1000).toISOString().slice(0, 19);
  return `${date}.${digits === 9 ? fraction.replace(/000$/, "") : fraction}${zone}`;
};

const timeOfDay = (perSecond: number, digits: number) => () => (value: bigint | number) => {
  const whole = Number(value);
  const time = new Date(Math.floor(whole / perSecond) * 1000).toISOString().slice(11, 19);
  return `${time}.${String(whole % perSecond).padStart(digits, "0")}`;
};

const decimalText =
  ({ scale = 0 }: { readonly scale?: number }) =>
  (bytes: Uint8Array) => {
    const hex = Buffer.from(bytes).toString("hex");
    const unscaled = hex === "" ? 0n : BigInt.asIntN(hex.length * 4, BigInt(`0x${hex}`));
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
    const sign = unscaled < 0n ? "-" : "";
    return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  };

const date = () => (days: number) => {
  const at = new Date(days * 86_400_000);
  return days >= -719_162 && days <= 2_932_896 ? at.toISOString().slice(0, 10) : String(days);
};

const logicalTypes = {
  decimal: logical(decimalText),
  date: logical(date),
  "time-millis": logical(timeOfDay(1000, 3)),
  "time-micros": logical(timeOfDay(1_000_000, 6)),
  "timestamp-millis": logical(instant(1000n, 3, "Z")),
  "timestamp-micros": logical(instant(1_000_000n, 6, "Z")),
  "timestamp-nanos": logical(instant(1_000_000_000n, 9, "Z")),
  "local-timestamp-millis": logical(instant(1000n, 3, "")),
  "local-timestamp-micros": logical(instant(1_000_000n, 6, "")),
  "local-timestamp-nanos": logical(instant(1_000_000_000n, 9, "")),
};
