import { createServer, type AddressInfo, type Server } from "node:net";

/** Somebody listens at a port that was asked for. */
export class PortTaken extends Error {}

/** Listens at a port of 127.0.0.1; at 0 at any. @throws PortTaken with the words for it */
export const listen = (port: number, taken: (port: number) => string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new PortTaken(taken(port)) : error),
    );
    server.listen(port, "127.0.0.1", () => resolve(server));
  });

/** @throws PortTaken with the words for it when a port cannot be had */
export async function refuseTaken(port: number, taken: (port: number) => string): Promise<void> {
  const server = await listen(port, taken);
  await new Promise((resolve) => void server.close(resolve));
}

/** A port of 127.0.0.1 that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}
