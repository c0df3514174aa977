import { InputError } from "../errors.js";
import type { KafkaSettings } from "../settings.js";
import { avroDecoder } from "./avro.js";
import type { RawMessage } from "./envelope.js";
import { openRegistry, UnknownSchema, type Registry } from "./registry.js";

/** Before a message's own bytes stand a zero and the number of its schema, by Confluent's convention. */
const headerLength = 5;

/** Puts the number of its schema before a message. */
export function framed(schemaId: number, message: Buffer): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeInt32BE(schemaId, 1);
  return Buffer.concat([header, message]);
}

/** The number of the schema that a message names, if it names one. No JSON and no other text begins so. */
const schemaIdOf = (bytes: Buffer | null): number | undefined => {
  if (bytes === null || bytes.length < headerLength || bytes[0] !== 0) return undefined;
  const id = bytes.readInt32BE(1);
  return id > 0 ? id : undefined;
};

/** A message's bytes without the header as text, or null where they are no message of the schema. */
type Decoder = (message: Buffer) => Buffer | null;

/**
 * Turns messages that name their schema into what they say, as JSON, with the schema's number; others stay as they are. A message that
 * does not fit its schema stays as it is too, with the number, and silver refuses it.
 *
 * @throws InputError naming topic, partition, offset and schema when there is no registry to ask, or it lacks the schema; with `acceptLoss`
 *   these messages stay as they are
 */
export function wireDecoder(settings: KafkaSettings) {
  const { registry, topic, acceptLoss } = settings;
  const client = registry && openRegistry(registry);
  const decoders = new Map<number, Decoder>();
  const passedOver = new Set<number>();

  /** Fetches the schemas that messages name and that are not known yet. */
  const learn = async (partition: number, messages: readonly RawMessage[], field: "key" | "value") => {
    // Keys of other kinds can look like this, such as a long of eight bytes: they stay as they are.
    const mayStay = field === "key" || acceptLoss;
    for (const message of messages) {
      const id = schemaIdOf(message[field]);
      if (id === undefined || decoders.has(id) || (mayStay && passedOver.has(id))) continue;
      try {
        if (!client)
          throw new UnknownSchema(
            "SCHEMA_REGISTRY_URL is not set. Set it to the registry that has this schema",
          );
        decoders.set(id, await decoderOf(client, id));
      } catch (error) {
        if (!(error instanceof UnknownSchema)) throw error;
        passedOver.add(id);
        if (mayStay) continue;
        throw new InputError(
          `${topic}, partition ${partition}, offset ${message.offset}: the message names schema ${id}, and ${error.message}. Nothing is ` +
            "lost: reading continues here. To land such messages as they are, which silver then refuses, run once with --accept-loss.",
        );
      }
    }
  };

  return async (partition: number, messages: readonly RawMessage[]): Promise<readonly RawMessage[]> => {
    if (!messages.some(({ key, value }) => schemaIdOf(key) !== undefined || schemaIdOf(value) !== undefined))
      return messages;
    await learn(partition, messages, "value");
    await learn(partition, messages, "key");
    const plain = (bytes: Buffer | null) => {
      const id = schemaIdOf(bytes);
      return (id !== undefined && decoders.get(id)?.(bytes!.subarray(headerLength))) || bytes;
    };
    return messages.map((message) => {
      const schemaId = schemaIdOf(message.value);
      return {
        ...message,
        key: plain(message.key),
        value: plain(message.value),
        ...(schemaId !== undefined && { schemaId }),
      };
    });
  };
}

async function decoderOf(client: Registry, id: number): Promise<Decoder> {
  const { schema, type, references } = await client.schema(id);
  if (type === "JSON") return (message) => message;
  if (type !== "AVRO") throw new UnknownSchema(`it is one of ${type}: messages are read as AVRO or JSON`);
  const decode = avroOf(schema, references);
  return (message) => {
    try {
      return Buffer.from(decode(message));
    } catch {
      return null;
    }
  };
}

function avroOf(schema: string, references: readonly string[]) {
  try {
    return avroDecoder(schema, references);
  } catch (error) {
    throw new UnknownSchema(`it is no schema in Avro that can be read (${(error as Error).message})`);
  }
}
