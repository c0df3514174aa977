import type { Client } from "pg";
import { InputError } from "../errors.js";
import { whileOpen } from "../extract/while-open.js";
import { ServiceDown } from "../pull/patient-fetch.js";
import type { PostgresSettings } from "../settings.js";

/** `host:port/database`, for messages. */
export const addressOf = ({ host, port, database }: PostgresSettings) => `${host}:${port}/${database}`;

/**
 * Connects to the database for reading. Every session speaks UTC and ISO, so that a value has one text.
 *
 * @throws InputError for a refusal that a person can mend; ServiceDown when the database does not answer
 */
async function connect(settings: PostgresSettings): Promise<Client> {
  const { Client: Connection } = (await import("pg")).default;
  const { host, port, database, user, password, tls } = settings;
  const client = new Connection({
    host,
    port,
    database,
    user,
    password: password ?? "",
    ssl: tls,
    application_name: "shopmetrics",
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    options: "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c extra_float_digits=1",
  });
  // Whoever runs a statement is told of a connection that ends.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw problemOf(error, settings);
  }
  return client;
}

/** Reads with a connection of its own. @throws as `connect` does */
export async function withClient(
  settings: PostgresSettings,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = await connect(settings);
  await whileOpen(
    client,
    () => client.end(),
    (error) => problemOf(error, settings),
    work,
  );
}

/** An error of the database as a message for the person who can correct it. It never has the password. */
function problemOf(error: unknown, settings: PostgresSettings): Error {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  const place = `PostgreSQL at ${addressOf(settings)}`;
  const refused = (what: string) => new InputError(`${place} ${what}`, { cause: error });
  if (/does not support SSL/.test(message))
    return refused(
      "has no TLS. Switch it on there; or set POSTGRES_TLS=false, if nobody else can read the network between.",
    );
  if (/certificate|self.signed|CERT_/i.test(`${message} ${code}`))
    return refused(
      `shows a certificate that is not trusted (${message}). Name the file of its authority in NODE_EXTRA_CA_CERTS.`,
    );
  switch (code) {
    case "28P01":
    case "28000":
      return refused(
        `does not let ${settings.user} in: ${message}. Check POSTGRES_PASSWORD, on Databricks the secret ` +
          "postgres-password, and pg_hba.conf.",
      );
    case "3D000":
      return refused(`has no such database. Check POSTGRES_URL.`);
    case "42501":
      if (message.includes("row-level security"))
        return refused(
          `hides rows from ${settings.user}: ${message}. They would count as deleted. Let it see all: ` +
            `alter role ${settings.user} bypassrls.`,
        );
      return refused(
        `does not let ${settings.user} read: ${message}. Grant it: usage on schema ${settings.schema}, and select on all its ` +
          `tables, to ${settings.user}.`,
      );
    case "42P01":
      return refused(`has no such table: ${message}. Check POSTGRES_ROUTE and POSTGRES_SCHEMA.`);
  }
  // Classes 08, 53 and 57P of SQLSTATE, and the errors of sockets; others of the system are none of the database's, such as a full disk.
  const isDown =
    code === undefined
      ? /^(?:Connection terminated|timeout exp|Client (?:was closed|has encountered))/i.test(message)
      : /^(?:08|53|57P|ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|EHOST|ENET)/.test(code);
  if (isDown) return down();
  return code === undefined || !/^[0-9A-Z]{5}$/.test(code)
    ? (error as Error)
    : refused(`refused: ${message} (${code}).`);

  function down(): ServiceDown {
    return new ServiceDown(
      `${place} does not answer (${message || code}). Check POSTGRES_URL and whether it is up, and run the step again: ` +
        "shopmetrics run --from bronze.database. It goes on where it ended.",
      { cause: error },
    );
  }
}
