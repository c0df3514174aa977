import kafkajs, { type Message, type Producer } from "kafkajs";
import type { MessageContract } from "../contracts/messages.js";
import { InputError } from "../errors.js";
import type { KafkaSettings } from "../settings.js";
import { kafkaClient } from "./client.js";
import { kafkaError, ownText } from "./errors.js";
import { avroEncoder } from "./avro.js";
import { openRegistry, subjectOf } from "./registry.js";
import { registryType, schemaOf } from "./schema.js";
import { readWatermarks, type Watermarks } from "./watermarks.js";
import { framed } from "./wire-format.js";

// Node finds only some of this CommonJS module's names.
const { CompressionTypes, Partitioners } = kafkajs;

/** An event and the timestamp of its message, in milliseconds since 1970. */
interface Outgoing<Event> {
  readonly event: Event;
  readonly timestamp: number;
}

/** What a producer has done. */
export interface SentReport {
  /** Events that Kafka has confirmed. */
  readonly sent: number;
  /** Sends that were repeated, whole or in halves, because Kafka rejected or did not confirm them. */
  readonly resent: number;
  /** Events that could not be sent, each with the reason. */
  readonly refused: readonly { readonly event_id: unknown; readonly reason: string }[];
}

interface EventProducer<Event> {
  /** Sends about 1,000 events at most, and resolves when Kafka has confirmed or finally rejected each. */
  send(events: readonly Outgoing<Event>[]): Promise<void>;
  readonly report: SentReport;
  close(): Promise<void>;
}

/** kafkajs needs quadratic time to split a send by partition, and by default Kafka accepts requests up to 1 MB. */
export const eventsPerSend = 1000;

/**
 * Opens a producer that sends each event once and the events of a key in order: idempotent, compressed, confirmed by all
 * replicas. A batch that Kafka does not confirm is sent again unchanged, and Kafka recognises it; a batch that is too large
 * is sent in halves. With a registry, its schema is registered first, and each message names it.
 *
 * @param contract an event that breaks it is not sent
 * @param options.signal stops repeated attempts
 * @throws InputError within 5 s when Kafka or the topic can't be reached, or when the registry refuses the schema
 */
export async function openProducer<Event>(
  settings: KafkaSettings,
  contract: MessageContract<Event>,
  options: { signal?: AbortSignal } = {},
): Promise<EventProducer<Event>> {
  const { topic } = settings;
  const partitionOf = partitioner(topic, await readWatermarks(settings));
  const encode = await encoderOf(settings, contract);
  const report = { sent: 0, resent: 0, refused: [] as { event_id: unknown; reason: string }[] };
  let producer = await connect(settings);

  // One partition at a time: Kafka accepts or rejects these messages together.
  const deliver = async (partition: number, messages: readonly Identified[]): Promise<void> => {
    for (let repeat = 0; ; repeat++) {
      try {
        await producer.send({
          topic,
          messages: messages.map(({ key, value, timestamp }) => ({ key, value, timestamp, partition })),
          acks: -1,
          compression: CompressionTypes.GZIP,
        });
        report.sent += messages.length;
        return;
      } catch (error) {
        const problem = kafkaError(error, settings);
        const type = ownText(error, "type") ?? (error instanceof InputError ? "input" : "");
        if (tooLarge.has(type)) {
          if (messages.length === 1) return refuse(messages[0]!, `Kafka rejects it: ${type}`);
          report.resent++;
          const middle = messages.length >> 1;
          await deliver(partition, messages.slice(0, middle));
          return deliver(partition, messages.slice(middle));
        }
        if (final.has(type) || options.signal?.aborted || repeat >= 3) throw problem;
        report.resent++;
        // Kafka no longer knows this producer's sequence numbers: only a new producer can continue.
        if (lostCount.has(type)) {
          await producer.disconnect().catch(() => undefined);
          producer = await connect(settings);
        }
      }
    }
  };

  const refuse = ({ id }: Identified, reason: string) => {
    report.refused.push({ event_id: id, reason });
  };

  return {
    report,
    async send(events) {
      const byPartition = new Map<number, Identified[]>();
      for (const { event, timestamp } of events) {
        const judged = contract.schema.safeParse(event);
        if (judged.success) {
          const key = contract.keyOf(event);
          const value = encode(event, judged.data);
          const message = { id: contract.idOf(event), key, value, timestamp: String(timestamp) };
          const partition = partitionOf(message);
          const others = byPartition.get(partition);
          if (others) others.push(message);
          else byPartition.set(partition, [message]);
        } else {
          const [issue] = judged.error.issues;
          const reason = `${issue?.path.join(".") ?? ""} ${issue?.message ?? "breaks the contract"}`.trim();
          report.refused.push({ event_id: contract.idOf(event), reason });
        }
      }
      for (const [partition, messages] of byPartition) await deliver(partition, messages);
    },
    close: async () => producer.disconnect().catch(() => undefined),
  };
}

/** A message with the id that a report names it by. */
interface Identified {
  readonly id: unknown;
  readonly key: string;
  readonly value: string | Buffer;
  readonly timestamp: string;
}

/** How an event becomes a message: as JSON, or with a registry in its format, behind the number of the schema that is registered here. */
async function encoderOf<Event>(
  { registry, topic }: KafkaSettings,
  contract: MessageContract<Event>,
): Promise<(event: Event, parsed: unknown) => string | Buffer> {
  if (!registry) return (event) => JSON.stringify(event);
  const schema = schemaOf(contract, registry.format);
  const given = { schema: JSON.stringify(schema), type: registryType[registry.format] };
  const id = await openRegistry(registry).register(subjectOf(topic), given);
  if (registry.format === "json") return (event) => framed(id, Buffer.from(JSON.stringify(event)));
  const avro = avroEncoder(schema);
  return (_, parsed) => framed(id, avro(parsed));
}

/** Chooses a partition by the key's hash, as Kafka's own clients do. */
function partitioner(topic: string, partitions: readonly Watermarks[]): (message: Message) => number {
  const choose = Partitioners.DefaultPartitioner();
  const partitionMetadata = partitions.map(({ partition }) => ({
    partitionId: partition,
    leader: 0,
    replicas: [],
    isr: [],
    partitionErrorCode: 0,
  }));
  return (message) => choose({ topic, partitionMetadata, message });
}

async function connect(settings: KafkaSettings): Promise<Producer> {
  const producer = kafkaClient(settings, "work").producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: { retries: 15, initialRetryTime: 200, maxRetryTime: 3000 },
  });
  try {
    await producer.connect();
    return producer;
  } catch (error) {
    throw kafkaError(error, settings);
  }
}

const tooLarge = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);
const lostCount = new Set([
  "UNKNOWN_PRODUCER_ID",
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
]);
const final = new Set([
  "UNKNOWN_TOPIC_OR_PARTITION",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
]);
