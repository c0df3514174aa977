import { InputError } from "../errors.js";
import { excerpt, patientFetch } from "../pull/patient-fetch.js";
import type { RegistrySettings } from "../settings.js";

/** A schema as a registry keeps it. */
interface RegisteredSchema {
  readonly schema: string;
  /** AVRO, JSON or PROTOBUF. */
  readonly type: string;
  /** The schemas that it refers to, those first that others refer to. */
  readonly references: readonly string[];
}

/** A registry of schemas, by Confluent's API. */
export interface Registry {
  /** The schema of an id, which never changes. @throws UnknownSchema */
  schema(id: number): Promise<RegisteredSchema>;
  /** The newest schema of a subject, if there is one. */
  latest(subject: string): Promise<(RegisteredSchema & { readonly version: number }) | undefined>;
  /** Registers a schema, unless it is there, and gives its id. @throws InputError when the registry refuses the change */
  register(subject: string, given: Pick<RegisteredSchema, "schema" | "type">): Promise<number>;
  /** Whether it would take the schema after the subject's newest one. */
  takes(subject: string, given: Pick<RegisteredSchema, "schema" | "type">): Promise<boolean>;
}

/** The registry has no schema of this id. */
export class UnknownSchema extends InputError {}

/** A message names the subject of its topic's values by this. */
export const subjectOf = (topic: string) => `${topic}-value`;

/**
 * A client of the registry. Nothing is sent before it is asked, and what does not answer is asked again for some seconds.
 *
 * @throws ServiceDown from each function when it does not answer; InputError when it refuses
 */
export function openRegistry({ url, login }: RegistrySettings): Registry {
  const asking = (attempts: number) =>
    patientFetch({
      service: "The schema registry",
      advice: "Start one (npm run registry), or check SCHEMA_REGISTRY_URL.",
      requestsPerSecond: 50,
      attempts,
      timeout: 10,
      refusals: [409],
    });
  // The first contact fails soon; who was there is waited for while it starts again.
  const patient = asking(7);
  let ask = asking(4);
  const headers = {
    accept: "application/vnd.schemaregistry.v1+json, application/json",
    "content-type": "application/vnd.schemaregistry.v1+json",
    ...(login && {
      authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`,
    }),
  };
  const call = async (path: string, body?: unknown): Promise<{ status: number; answer: Answer }> => {
    const response = await ask(`${url}${path}`, {
      headers,
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    });
    ask = patient;
    const { status } = response;
    const text = await response.text();
    const answer = answerOf(text);
    if (status === 401 || status === 403)
      throw new InputError(
        login
          ? `The schema registry at ${url} refused the login of SCHEMA_REGISTRY_USERNAME=${login.username} (status ` +
              `${status}): the user or SCHEMA_REGISTRY_PASSWORD is wrong, or may not do this.`
          : `The schema registry at ${url} wants a login (status ${status}): set SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.`,
      );
    if (!answer || (status === 404 && answer.error_code === undefined))
      throw new InputError(
        `At ${url}${path} is no registry that speaks Confluent's API (status ${status}: ${excerpt(text)}). Check SCHEMA_REGISTRY_URL; ` +
          "Apicurio's ends with /apis/ccompat/v7.",
      );
    return { status, answer };
  };
  const refused = (what: string, { message }: Answer) =>
    new InputError(
      `The schema registry at ${url} refuses ${what}. It said: ${plainMessage(message ?? "nothing")}`,
    );
  const path = (subject: string) => `/subjects/${encodeURIComponent(subject)}/versions`;

  const whole = async ({
    schema = "",
    schemaType = "AVRO",
    references = [],
  }: Answer): Promise<RegisteredSchema> => {
    const behind: string[] = [];
    for (const { subject, version } of references) {
      const { status, answer } = await call(`${path(subject)}/${version}`);
      if (status !== 200) throw refused(`version ${version} of ${subject}, which a schema refers to`, answer);
      const found = await whole(answer);
      behind.push(...found.references, found.schema);
    }
    return { schema, type: schemaType, references: [...new Set(behind)] };
  };

  return {
    async schema(id) {
      const { status, answer } = await call(`/schemas/ids/${id}`);
      if (status === 404) throw new UnknownSchema(`the schema registry at ${url} has no schema ${id}`);
      if (status !== 200) throw refused(`schema ${id}`, answer);
      return whole(answer);
    },
    async latest(subject) {
      const { status, answer } = await call(`${path(subject)}/latest`);
      if (status === 404) return undefined;
      if (status !== 200) throw refused(`the schemas of ${subject}`, answer);
      return { ...(await whole(answer)), version: answer.version ?? 0 };
    },
    async register(subject, { schema, type }) {
      const { status, answer } = await call(path(subject), { schema, schemaType: type });
      if (status !== 200 || answer.id === undefined)
        throw refused(
          `our schema of ${subject} (${type})${status === 409 ? ": it breaks the schema before it" : ""}`,
          answer,
        );
      return answer.id;
    },
    async takes(subject, { schema, type }) {
      const { status, answer } = await call(`/compatibility${path(subject)}/latest`, {
        schema,
        schemaType: type,
      });
      return status === 404 || answer.is_compatible === true;
    },
  };
}

interface Answer {
  readonly error_code?: number;
  readonly message?: string;
  readonly id?: number;
  readonly version?: number;
  readonly schema?: string;
  /** Left out for Avro. */
  readonly schemaType?: string;
  readonly references?: readonly { readonly subject: string; readonly version: number }[];
  readonly is_compatible?: boolean;
}

function answerOf(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}

/** Without the names of Java's classes. */
const plainMessage = (message: string) => message.replace(/^(?:[\w$]+\.)+[\w$]+(?:Exception|Error): /, "");
