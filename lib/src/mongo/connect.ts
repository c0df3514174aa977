import type { MongoClient } from "mongodb";
import { InputError } from "../errors.js";
import { ServiceDown } from "../pull/patient-fetch.js";
import type { MongoSettings } from "../settings.js";

/**
 * Connects to the database for reading. Values keep the types that they have there: a whole number is not a fraction.
 *
 * @throws InputError for a refusal that a person can mend; ServiceDown when the database does not answer
 */
export async function connect(settings: MongoSettings): Promise<MongoClient> {
  const { url, user, password, tls } = settings;
  const { MongoClient: Client } = (await import("mongodb")).default;
  const login =
    user === undefined ? "" : `${encodeURIComponent(user)}:${encodeURIComponent(password ?? "")}@`;
  const saysTls = /[?&](?:tls|ssl)=/.test(url) || url.startsWith("mongodb+srv:");
  try {
    const client = new Client(url.replace("://", `://${login}`), {
      appName: "shopmetrics",
      serverSelectionTimeoutMS: 10_000,
      promoteValues: false,
      bsonRegExp: true,
      ...(!saysTls && { tls }),
    });
    return await client.connect();
  } catch (error) {
    throw problemOf(error, settings);
  }
}

/** The change stream cannot go on where it ended, so the collection must be read as a whole once. */
export class PositionLost extends InputError {
  override readonly name = "PositionLost";
}

/** What the server says when the place where a change stream ended is not in its log, or is of another log. */
const lost = new Set([136, 260, 280, 286]);

/** An error of the database as a message for the person who can correct it. It never has the password. */
export function problemOf(error: unknown, settings: MongoSettings): Error {
  const { name, code: given, message } = error as Error & { readonly code?: unknown };
  const { hosts, database, user } = settings;
  const code = given === undefined ? undefined : Number(given);
  const place = `MongoDB at ${hosts}/${database}`;
  const refused = (what: string) => new InputError(`${place} ${what}`, { cause: error });
  if (/certificate|self.signed|CERT_/i.test(message))
    return refused(
      `shows a certificate that is not trusted (${message}). Name the file of its authority in NODE_EXTRA_CA_CERTS.`,
    );
  if (name === "MongoParseError" || name === "MongoInvalidArgumentError" || name === "MongoAPIError")
    return refused(`cannot be asked: ${message}. Check MONGODB_URL.`);
  if (code === 18 || code === 8000)
    return refused(
      `does not let ${user ?? "anybody"} in: ${message} Check MONGODB_PASSWORD, on Databricks the secret mongodb-password, and ` +
        "authSource in MONGODB_URL.",
    );
  if (code === 13)
    return refused(
      `does not let ${user ?? "anybody"} read: ${message}. Grant the role read on ${database}, and check MONGODB_URL.`,
    );
  if (code === 40_573)
    return refused(
      "has no change streams, since it is no replica set. Make it one, or set MONGODB_ROUTE to full or incremental.",
    );
  if (code !== undefined && lost.has(code))
    return new PositionLost(
      `${place} no longer knows where the reading of its changes ended: ${message} ${readWhole}`,
      { cause: error },
    );
  if (code !== undefined && name === "MongoServerError") return refused(`refused: ${message} (${code}).`);
  if (!name.startsWith("Mongo")) return error as Error;
  return new ServiceDown(
    `${place} does not answer (${message}). Check MONGODB_URL and whether it is up, and run the step again: ` +
      "shopmetrics run --from bronze.reviews. It goes on where it ended.",
    { cause: error },
  );
}

/** What a person does when the stream of changes has a gap. */
export const readWhole =
  "Read it as a whole once: MONGODB_ROUTE=full shopmetrics run --from bronze.reviews. That finds what changed meanwhile, " +
  "deletions too, and the changes are read on from there.";
