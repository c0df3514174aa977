import type { Client, QueryResultRow } from "pg";
import { InputError } from "../errors.js";
import { whileOpen } from "../extract/while-open.js";
import { ServiceDown } from "../pull/patient-fetch.js";
import type { PostgresSettings } from "../settings.js";

const again = "shopmetrics run --from bronze.database.";

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

/** How many rows are in memory at once. */
const chunk = 20_000;

/** The rows of a select, some thousands at a time. */
export async function* chunksOf<Row extends QueryResultRow>(
  client: Client,
  select: string,
): AsyncGenerator<readonly Row[]> {
  const { default: Cursor } = await import("pg-cursor");
  const cursor = client.query(new Cursor<Row>(select));
  // A cursor whose connection is gone is never told that it is closed.
  const gone = new Promise<void>((resolve) => client.once("end", resolve));
  try {
    for (;;) {
      const found = await cursor.read(chunk);
      if (found.length > 0) yield found;
      if (found.length < chunk) return;
    }
  } finally {
    await Promise.race([cursor.close().catch(() => undefined), gone]);
  }
}

/** An error of the database while a table was read. */
class WhileReading extends Error {
  constructor(
    readonly table: string,
    override readonly cause: unknown,
  ) {
    super(table);
  }
}

/** Works on a table; what the database refuses then is told with the table's name. */
export async function reading<Result>(table: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof InputError ? error : new WhileReading(table, error);
  }
}

/** An error of the database as a message for the person who can correct it. It never has the password. */
function problemOf(found: unknown, settings: PostgresSettings): Error {
  const error = found instanceof WhileReading ? found.cause : found;
  const { code, message } = error as { readonly code?: string; readonly message: string };
  const where = found instanceof WhileReading ? `, while ${settings.schema}.${found.table} was read,` : "";
  const place = `PostgreSQL at ${addressOf(settings)}${where}`;
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
    case "53300":
      return new ServiceDown(
        `${place} has no connection left (${message}). This step needs one: end others, raise max_connections, or the limit of ` +
          `${settings.user}; then run the step again: ${again}`,
        { cause: error },
      );
    case "57014":
      return refused(
        `ended the query: ${message}. If it was its limit of time, raise it for this user: alter role ${settings.user} set ` +
          `statement_timeout = '1h'; or read less with POSTGRES_ROUTE=incremental. Then run the step again: ${again}`,
      );
    case "55P03":
      return refused(
        `did not give its lock in time: ${message}. Somebody changes the table (alter table, vacuum full): when that is over, run ` +
          `the step again: ${again}`,
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
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return error as Error;
  return refused(
    `refused: ${message} (${code}). ` +
      (code.startsWith("22")
        ? "A value or an expression of a view is wrong there: correct it in the database. "
        : "") +
      `${found instanceof WhileReading ? "Nothing was taken over. " : ""}Then run the step again: ${again}`,
  );

  function down(): ServiceDown {
    return new ServiceDown(
      `${place} does not answer (${message || code}). Check POSTGRES_URL and whether it is up, and run the step again: ${again} ` +
        "It goes on where it ended.",
      { cause: error },
    );
  }
}
