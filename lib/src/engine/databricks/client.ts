import { DBSQLClient } from "@databricks/sql";
import { InputError } from "../../errors.js";
import { messageOf, startUpError } from "./cold-start.js";

/** The SQL warehouse's address and the user's token. */
export interface WarehouseAddress {
  /** May carry a port. */
  readonly host: string;
  readonly httpPath: string;
  readonly token: string;
  /** A private authority's certificate, PEM, in addition to those that Node trusts. */
  readonly ca?: string;
}

/** Connects the client. Nothing is sent before the first session is opened. */
export async function openClient({ host, httpPath, token, ca }: WarehouseAddress): Promise<DBSQLClient> {
  const client = new DBSQLClient({ logger: { log: () => undefined } });
  // With Arrow's own types the client drops microseconds of instants and turns decimals into numbers; text is exact.
  client.getConfig().useArrowNativeTypes = false;
  client.on("error", () => undefined); // each call also rejects
  const { hostname, port } = new URL(`https://${host}`);
  await client.connect({
    host: hostname,
    ...(port && { port: Number(port) }),
    path: httpPath,
    token,
    ...(ca && { customCaCert: ca }),
    preserveBigNumericPrecision: true,
    telemetryEnabled: false,
    userAgentEntry: "shopmetrics",
  });
  return client;
}

/**
 * Turns an error of the client into one that people understand. The client's error is not kept as its cause: it may contain
 * the request with the token.
 */
export function warehouseError(error: unknown, { host, httpPath, token }: WarehouseAddress): Error {
  const message = messageOf(error).replaceAll(token, "***");
  if (startUpError(error)) return new Error(message);
  const status = /bad HTTP status code: (\d+)/.exec(message)?.[1];
  if (status === "401" || status === "403") {
    return new InputError(
      `${host} refused DATABRICKS_TOKEN (HTTP ${status}): it is wrong, has expired, or may not use the warehouse. ` +
        `Create a new one in the workspace under Settings, Developer, Access tokens.`,
    );
  }
  if (status === "404") {
    return new InputError(
      `${host} knows no warehouse at DATABRICKS_HTTP_PATH=${httpPath} (HTTP 404). Its Connection details show the path.`,
    );
  }
  if (/ENOTFOUND|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN/.test(message))
    return new InputError(`DATABRICKS_HOST=${host} cannot be reached: ${message}`);
  if (/wrong version number|packet length too long|EPROTO|ssl3_get_record/i.test(message)) {
    return new InputError(
      `DATABRICKS_HOST=${host} does not speak TLS (${message}). A workspace always does: check the host and its port.`,
    );
  }
  if (/certificate|self-signed|CERT_/i.test(message)) {
    return new InputError(
      `The certificate of DATABRICKS_HOST=${host} is not trusted: ${message}. ` +
        `Set NODE_EXTRA_CA_CERTS to the certificate file of your private authority.`,
    );
  }
  return new Error(message);
}

/** Whether the warehouse no longer knows the session. */
export const isLostSession = (error: unknown): boolean =>
  /Invalid SessionHandle|has not been initialized or had already closed|session was closed or has expired/i.test(
    messageOf(error),
  );
