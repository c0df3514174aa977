import { typesOf, type JsonField } from "./schema.js";

/** A schema as a registry or a file has it. */
interface Schema {
  readonly schema: string;
  /** AVRO or JSON. */
  readonly type: string;
}

/** What differs in a field of two schemas. */
export interface SchemaChange {
  readonly field: string;
  /** In words, after the field's name: `was a text and is a number`. */
  readonly what: string;
  /** Whether messages of the one cannot be read as the other: always, only where somebody reads the field, or not. */
  readonly breaks: "always" | "readers" | "never";
}

interface Field {
  /** The names of JSON or Avro. */
  readonly types: readonly string[];
  readonly values: readonly string[] | undefined;
  readonly isRequired: boolean;
}

/** What differs from one schema to the next, field by field: whether what the first one says can still be read by the second. */
export function schemaChanges(before: Schema, after: Schema): SchemaChange[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  const changed = [...old].flatMap(([field, was]) => {
    const is = now.get(field);
    const own = is ? fieldChanges(was, is) : [{ what: "is gone", breaks: "readers" as const }];
    return own.map((change) => ({ field, ...change }));
  });
  const added = [...now].flatMap(([field, { isRequired }]): SchemaChange[] => {
    if (old.has(field)) return [];
    return isRequired
      ? [{ field, what: "is new and required: messages that are there lack it", breaks: "always" }]
      : [{ field, what: "is new and optional", breaks: "never" }];
  });
  return [...changed, ...added];
}

function fieldChanges(was: Field, is: Field): Omit<SchemaChange, "field">[] {
  const [old, now] = [was.types, is.types].map((types) => types.filter((type) => type !== "null"));
  const takes = (type: string) =>
    now!.includes(type) || (wider[type] ?? []).some((name) => now!.includes(name));
  if (!old!.every(takes))
    return [{ what: `was ${words(was.types)} and is ${words(is.types)}`, breaks: "always" }];
  const changes: Omit<SchemaChange, "field">[] = [];
  const say = (names: readonly string[], what: string, breaks: SchemaChange["breaks"]) => {
    if (names.length > 0) changes.push({ what: `${what} ${names.join(", ")}`, breaks });
  };
  if (is.values)
    say(
      (was.values ?? ["any other text"]).filter((value) => !is.values!.includes(value)),
      "no longer takes",
      "always",
    );
  if (was.values)
    say(
      (is.values ?? ["any text"]).filter((value) => !was.values!.includes(value)),
      "now also takes",
      "never",
    );
  const gained = now!.filter((type) => !old!.includes(type));
  if (gained.length > 0) changes.push({ what: `may now also be ${words(gained)}`, breaks: "never" });
  const [couldMiss, canMiss] = [was, is].map(
    ({ isRequired, types }) => !isRequired || types.includes("null"),
  );
  if (couldMiss && !canMiss) changes.push({ what: "was optional and is required", breaks: "always" });
  if (!couldMiss && canMiss) changes.push({ what: "was required and is optional", breaks: "never" });
  return changes;
}

/** Types whose values another type takes too, with nothing lost. */
const wider: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "double"],
  float: ["double"],
  integer: ["number"],
  enum: ["string"],
};

const inWords: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  double: "a number",
  float: "a number",
  integer: "a whole number",
  int: "a whole number of 32 bits",
  long: "a whole number",
  boolean: "true or false",
  null: "nothing",
};

function words(types: readonly string[]): string {
  const names = types
    .map((type) => inWords[type] ?? type)
    .toSorted((a, b) => Number(a === "nothing") - Number(b === "nothing"));
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

function fieldsOf({ schema, type }: Schema): ReadonlyMap<string, Field> {
  const given = JSON.parse(schema) as JsonObject & AvroRecord;
  return type === "AVRO" ? avroFields(given) : jsonFields(given);
}

interface JsonObject {
  readonly properties?: Readonly<Record<string, JsonField>>;
  readonly required?: readonly string[];
}

const jsonFields = ({ properties = {}, required = [] }: JsonObject) =>
  new Map(
    Object.entries(properties).map(([name, field]): [string, Field] => [
      name,
      { types: typesOf(field), values: field.enum, isRequired: required.includes(name) },
    ]),
  );

type AvroType =
  string | { readonly type: AvroType; readonly logicalType?: string; readonly symbols?: readonly string[] };

interface AvroRecord {
  readonly fields?: readonly {
    readonly name: string;
    readonly type: AvroType | readonly AvroType[];
    readonly default?: unknown;
  }[];
}

const avroFields = ({ fields = [] }: AvroRecord) =>
  new Map(
    fields.map(({ name, type, default: given }): [string, Field] => {
      const types = [type].flat() as AvroType[];
      const symbols = types.map((one) => (typeof one === "string" ? undefined : one.symbols)).find(Boolean);
      return [
        name,
        {
          types: types.map(avroName),
          values: symbols,
          isRequired: given === undefined && !types.includes("null"),
        },
      ];
    }),
  );

function avroName(type: AvroType): string {
  if (typeof type === "string") return type;
  if (type.symbols) return "string";
  return type.logicalType ? `${avroName(type.type)} (${type.logicalType})` : avroName(type.type);
}
