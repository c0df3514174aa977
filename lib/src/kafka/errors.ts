import { InputError } from "../errors.js";
import type { KafkaSettings } from "../settings.js";

/** The topic is not there, or not shown to this user. */
export class NoTopic extends InputError {}

/** An error of the Kafka client as a message for the person who can fix it. It names the address, never the password. */
export function kafkaError(error: unknown, settings: KafkaSettings): InputError {
  if (error instanceof InputError) return error;
  const { brokers, topic, login, tls } = settings;
  const cause = firstCause(error);
  const at = ownText(error, "broker") ?? brokers.join(",");
  const { message, name } = cause;
  const type = "type" in cause ? String(cause.type) : "";
  const say = (what: string) => new InputError(what, { cause: error });
  if (/SASL|authentication/i.test(`${name} ${message}`) || /SASL|AUTHENTICATION/.test(type))
    return say(
      login
        ? `Kafka at ${at} refused the login of KAFKA_USERNAME=${login.username}: the user or KAFKA_PASSWORD is wrong ` +
            `(on Confluent Cloud, an API key of this cluster and its secret). It said: ${message}`
        : `Kafka at ${at} wants a login: set KAFKA_USERNAME and KAFKA_PASSWORD. It said: ${message}`,
    );
  if (type === "UNKNOWN_TOPIC_OR_PARTITION")
    return new NoTopic(
      `Kafka at ${at} has no topic ${topic} (or does not show it to this user). Check KAFKA_TOPIC, or create the topic.`,
      { cause: error },
    );
  if (/AUTHORIZATION_FAILED/.test(type))
    return say(
      `Kafka at ${at} does not let ${login ? `user ${login.username}` : "us"} do this (${type}): topic ${topic} must be ` +
        `open for reading, writing and describing, and groups that begin with shopmetrics- for reading.`,
    );
  if (/ECONNREFUSED/.test(message))
    return say(
      `No Kafka at ${at}: nothing listens there. Start one (npm run kafka), or check KAFKA_BROKERS.`,
    );
  if (/ENOTFOUND|EAI_AGAIN/.test(message))
    return say(
      `No Kafka at ${at}: the host is not known (${message}). Check KAFKA_BROKERS; if the host is not one of ` +
        `those, it is what Kafka itself gives as its address (advertised.listeners).`,
    );
  if (/certificate|self-signed|CERT_/i.test(message))
    return say(
      `The certificate of Kafka at ${at} is not trusted: ${message}. ` +
        `Set NODE_EXTRA_CA_CERTS to the certificate file of your private authority.`,
    );
  if (/wrong version number|SSL|TLS|EPROTO/.test(message))
    return say(`Kafka at ${at} does not speak TLS (${message}). Set KAFKA_TLS=false, or check the port.`);
  if (
    /timeout|timed out|ECONNRESET|Closed connection|socket hang up|EHOST|ENETUNREACH|EPIPE|disconnected|not connected/i.test(
      `${name} ${message}`,
    )
  ) {
    const mode = tls ? "with TLS (KAFKA_TLS=true)" : "without TLS (KAFKA_TLS=false)";
    const closed = /Closed connection|ECONNRESET|EPIPE/.test(message) && !login;
    return say(
      `Kafka at ${at} does not answer ${mode}: ${message}. Check that KAFKA_BROKERS names Kafka's port, that no firewall is ` +
        `between, and KAFKA_TLS${closed ? "; it may also want a login (KAFKA_USERNAME, KAFKA_PASSWORD)" : ""}.`,
    );
  }
  return say(`Kafka at ${at}: ${message}`);
}

/** kafkajs wraps errors in other errors; the innermost one says what happened. */
function firstCause(error: unknown): Error {
  let found = error instanceof Error ? error : new Error(String(error));
  for (let depth = 0; depth < 10; depth++) {
    const inner = [found.cause, (found as { originalError?: unknown }).originalError].find(
      (candidate) => candidate instanceof Error && candidate !== found,
    );
    if (!inner) break;
    found = inner as Error;
  }
  return found;
}

/** A text that an error or one of its causes has: the broker's address, or Kafka's name of the error. */
export function ownText(error: unknown, property: "broker" | "type"): string | undefined {
  let at = error as
    { readonly cause?: unknown; readonly broker?: unknown; readonly type?: unknown } | undefined;
  for (let depth = 0; at && depth < 10; depth++) {
    const text = at[property];
    if (typeof text === "string") return text;
    at = at.cause as typeof at;
  }
  return undefined;
}
