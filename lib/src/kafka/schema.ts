import * as z from "zod";
import type { Messages } from "../contracts/messages.js";
import type { RegistrySettings } from "../settings.js";

/** The schema of a topic's messages, in one of the languages that registries know. */
export const schemaOf = (messages: Messages, format: RegistrySettings["format"]): object =>
  format === "avro" ? avroSchema(messages) : jsonSchema(messages);

/** What a registry calls a language. */
export const registryType = { avro: "AVRO", json: "JSON" } as const;

export interface JsonField {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly anyOf?: readonly JsonField[];
}

/** What may be sent: a number where the contract takes it as its text, too. */
function jsonSchema({ name, schema, table }: Messages) {
  const { $schema, properties = {}, required } = z.toJSONSchema(schema, { io: "input" });
  const comments = new Map(table.columns.map((column) => [column.name, column.comment]));
  const described = Object.entries(properties).map(([field, given]) => {
    const { anyOf, ...plain } = given as JsonField;
    const type = anyOf ? { type: typesOf(given as JsonField) } : plain;
    const description = comments.get(field);
    return [field, { ...(description !== undefined && { description }), ...type }];
  });
  return { $schema, title: name, type: "object", properties: Object.fromEntries(described), required };
}

/** What is sent: as the contract's parsed events, where a number is its text. What may be missing is null then. */
function avroSchema(messages: Messages) {
  const { properties, required = [] } = jsonSchema(messages);
  const fields = Object.entries(properties as Record<string, JsonField & { description?: string }>).map(
    ([name, { description, ...field }]) => {
      const type = avroType(name, field);
      const head = { name, ...(description && { doc: description }) };
      return required.includes(name) ? { ...head, type } : { ...head, type: ["null", type], default: null };
    },
  );
  return { type: "record", name: messages.name, namespace: "shopmetrics", fields };
}

function avroType(name: string, field: JsonField): string | object {
  const { enum: values } = field;
  if (values?.every((value) => /^[A-Za-z_]\w*$/.test(value)))
    return { type: "enum", name: `${name}_values`, symbols: values };
  const types = typesOf(field).filter((type) => type !== "null");
  if (types.includes("string")) return "string";
  const [only, ...others] = types;
  const known: Readonly<Record<string, string>> = { boolean: "boolean", integer: "long", number: "double" };
  const type = others.length === 0 && only !== undefined ? known[only] : undefined;
  if (type === undefined) throw new Error(`The field ${name} has no type in Avro: ${JSON.stringify(field)}`);
  return type;
}

/** All types that a field may have, each once. */
export const typesOf = ({ type, anyOf = [] }: JsonField): string[] => [
  ...new Set([...(type === undefined ? [] : [type].flat()), ...anyOf.flatMap(typesOf)]),
];
