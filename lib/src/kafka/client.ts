import { Kafka, logLevel, type KafkaConfig } from "kafkajs";
import type { KafkaSettings } from "../settings.js";
import { installCodecs } from "./codecs.js";

/**
 * How long to wait for Kafka: `preflight` is for the first contact, which must fail quickly if it fails; `work` waits longer
 * than a broker needs to restart.
 */
type Patience = "preflight" | "work";

const patience: Record<Patience, Partial<KafkaConfig>> = {
  preflight: {
    connectionTimeout: 1500,
    authenticationTimeout: 1500,
    requestTimeout: 1500,
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 200 },
  },
  work: {
    connectionTimeout: 3000,
    requestTimeout: 30_000,
    retry: { retries: 15, initialRetryTime: 200, maxRetryTime: 3000 },
  },
};

let prepared = false;

/** A client of the brokers that the settings name. Nothing is sent before it connects. */
export function kafkaClient(settings: KafkaSettings, wanted: Patience): Kafka {
  if (!prepared) installCodecs();
  prepared = true;
  const { brokers, login, tls } = settings;
  return new Kafka({
    clientId: "shopmetrics",
    brokers: [...brokers],
    // Errors are thrown as well; before it throws, kafkajs logs a lot.
    logLevel: logLevel.NOTHING,
    ssl: tls,
    ...(login && { sasl: { mechanism: "plain", ...login } }),
    ...patience[wanted],
  });
}
