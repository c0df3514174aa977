import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What goes wrong with an answer. `repeat` gives the answer before this one once more; `pass over` gives the page after the next. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: "torn" | "reset" | "repeat" | "pass over" | "no list" }
  | { readonly kind: "slow"; readonly seconds: number };

/** An answer to a request, as it would be without faults. */
export type Answer = (url: URL, request: IncomingMessage) => Answered | Promise<Answered>;

interface Answered {
  readonly status?: number;
  readonly body: unknown;
}

export interface Served {
  /** `http://127.0.0.1:port`. */
  readonly base: string;
  /** The addresses asked for, in order, without the host. */
  readonly requests: string[];
  /** Decides by the request's number, from 1, what goes wrong; nothing by default. */
  faults: (number: number, url: URL) => Fault | undefined;
  /** Takes no connections from now on. */
  stop(): Promise<void>;
}

/** Serves answers as JSON on this machine, and spoils those that it is told to. */
export async function serve(answer: Answer, port = 0): Promise<Served> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let before: string | undefined;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    requests.push(url.pathname + url.search);
    const fault = served.faults(requests.length, url);
    const { status = 200, body } = await answer(url, request);
    const whole = JSON.stringify(body);
    const send = (text: string, code = status, headers: Readonly<Record<string, string>> = {}) =>
      response.writeHead(code, { "content-type": "application/json", ...headers }).end(text);
    if (fault?.kind === "status")
      return void send('{"error":{"message":"as asked"}}', fault.status, fault.headers);
    if (fault?.kind === "reset") return void request.socket.destroy();
    if (fault?.kind === "torn") return void send(whole.slice(0, whole.length / 2));
    if (fault?.kind === "no list") return void send('{"object":"list"}');
    if (fault?.kind === "repeat" && before !== undefined) return void send(before);
    if (fault?.kind === "pass over") {
      const next = lastId(whole);
      if (next !== undefined) url.searchParams.set("starting_after", next);
      return void send(JSON.stringify((await answer(url, request)).body));
    }
    if (fault?.kind === "slow") await sleep(fault.seconds * 1000);
    before = whole;
    send(whole);
  };
  const server = createServer((request, response) => void handle(request, response));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const served: Served = {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    faults: () => undefined,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return served;
}

function lastId(body: string): string | undefined {
  const { data } = JSON.parse(body) as { readonly data?: readonly { readonly id?: string }[] };
  return data?.at(-1)?.id;
}
