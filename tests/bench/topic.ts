import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { kafkaClient } from "#lib/kafka/client.js";
import type { KafkaSettings } from "#lib/settings.js";

export const shopmetrics = fileURLToPath(new URL("../../build/bin/shopmetrics.js", import.meta.url));
export const reader = fileURLToPath(new URL("read-topic.mjs", import.meta.url));

/** One measured thing. */
export interface Figure {
  readonly name: string;
  readonly figure: string;
  readonly aim: string;
  readonly met: boolean | undefined;
}

/** Does something with a topic of its own, which is deleted afterwards. */
export async function withTopic<T>(
  kafka: KafkaSettings,
  work: (topic: string) => Promise<T>,
  { ending = "", partitions = 3 } = {},
): Promise<T> {
  const topic = `shopmetrics-bench-${Date.now()}${ending}`;
  const admin = kafkaClient(kafka, "work").admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true });
  try {
    return await work(topic);
  } finally {
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  }
}

/** What a program prints. */
export async function output(program: readonly string[], env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, program, { env: { ...process.env, ...env } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (err += text.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`node ${program.join(" ")} exited with ${String(code)}:\n${err}`);
  return out;
}

export const perSecond = (value: number, what = "events") =>
  `${Math.round(value).toLocaleString("en-US")} ${what}/s`;

export const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
