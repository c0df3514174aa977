import { createHmac, randomUUID } from "node:crypto";

/** A message of Jupyter's protocol, as its frames and read. */
export interface Message {
  /** The frames before the delimiter: to whom an answer goes. */
  readonly identities: readonly Buffer[];
  readonly header: { readonly msg_id: string; readonly msg_type: string; readonly session: string };
  readonly parent: { readonly msg_id?: string };
  readonly content: Readonly<Record<string, unknown>>;
}

const delimiter = Buffer.from("<IDS|MSG>");

export function readMessage(frames: readonly Buffer[]): Message {
  const at = frames.findIndex((frame) => frame.equals(delimiter));
  const json = (offset: number) => JSON.parse(frames[at + offset]!.toString()) as never;
  return { identities: frames.slice(0, at), header: json(2), parent: json(3), content: json(5) };
}

/** The frames of a message that answers or accompanies a request, signed. */
export function writeMessage(
  key: string,
  type: string,
  content: object,
  { header, identities }: { readonly header: Message["header"]; readonly identities: readonly Buffer[] },
): Buffer[] {
  const own = {
    msg_id: randomUUID(),
    msg_type: type,
    session: header.session,
    username: "kernel",
    date: new Date().toISOString(),
    version: "5.3",
  };
  const parts = [own, header, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
  const signature = createHmac("sha256", key);
  for (const part of parts) signature.update(part);
  return [...identities, delimiter, Buffer.from(signature.digest("hex")), ...parts];
}
