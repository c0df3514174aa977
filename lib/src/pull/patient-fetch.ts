import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../errors.js";

/** How a service is asked. */
interface Patience {
  /** Its name in messages, such as `Stripe`. */
  readonly service: string;
  /** What a person does when it does not answer; a sentence. */
  readonly advice: string;
  readonly requestsPerSecond: number;
  /** How often one request is sent before it is given up. */
  readonly attempts?: number;
  /** After how many seconds without a whole answer a request is sent again. */
  readonly timeout?: number;
  /** The longest pause in seconds that the service may ask for by Retry-After. */
  readonly longestPause?: number;
  /** Statuses that are refusals of this service, which asking again cannot change. */
  readonly refusals?: readonly number[];
  readonly signal?: AbortSignal;
}

/** A service gave no usable answer, however often it was asked: it may do so later. */
export class ServiceDown extends InputError {
  override readonly name = "ServiceDown";
}

/**
 * A `fetch` that answers only with a whole JSON document, or with a refusal that asking again cannot change (status 400 to 499, but
 * for 408, 409 and 429). Everything else is asked again: no connection, a connection that ends early, an answer that takes too
 * long, status 500 and above, and a body that is cut off. The pause doubles each time, with chance in it, and is at least what
 * Retry-After says, in seconds or as a date. Requests are spread so that their rate stays within the budget.
 *
 * @throws ServiceDown naming the address without secrets, the number of attempts and the last failure
 */
export function patientFetch(patience: Patience): typeof fetch {
  const { service, advice, signal, attempts = 6, timeout = 60, longestPause = 300, refusals = [] } = patience;
  const turn = budget(patience.requestsPerSecond);
  return async (input, init) => {
    const url = typeof input === "object" && "url" in input ? input.url : String(input);
    for (let attempt = 1; ; attempt++) {
      await turn(signal);
      const answer = await ask(url, init ?? {}, timeout, signal, refusals);
      if ("response" in answer) return answer.response;
      const { problem, retryAfter = 0 } = answer;
      const last = retryAfter > longestPause ? `${problem}, and asks to wait for ${retryAfter} s` : problem;
      if (attempt >= attempts || retryAfter > longestPause)
        throw new ServiceDown(
          `${service} gave no answer to ${withoutSecrets(url)} in ${attempt} ${attempt === 1 ? "attempt" : "attempts"}. ` +
            `The last one: ${last}. ${advice}`,
        );
      await pause(Math.max(retryAfter, backoff(attempt)), signal);
    }
  };
}

type Answer =
  { readonly response: Response } | { readonly problem: string; readonly retryAfter?: number | undefined };

async function ask(
  url: string,
  init: RequestInit,
  timeout: number,
  stop: AbortSignal | undefined,
  refusals: readonly number[],
): Promise<Answer> {
  const tooLong = AbortSignal.timeout(timeout * 1000);
  const given = [tooLong, stop, init.signal].filter((signal) => signal instanceof AbortSignal);
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.any(given) });
    const text = await response.text();
    const { status, headers } = response;
    const isTemporary = status >= 500 || status === 408 || status === 409 || status === 429;
    if (isTemporary && !refusals.includes(status))
      return {
        problem: `it answered with status ${status}`,
        retryAfter: secondsIn(headers.get("retry-after")),
      };
    if (response.ok && !isJson(text))
      return { problem: `its answer is cut off or no JSON: ${excerpt(text)}` };
    return { response: new Response(text, { status, headers }) };
  } catch (error) {
    if (stop?.aborted) throw stop.reason;
    return {
      problem: tooLong.aborted
        ? `no whole answer within ${timeout} s`
        : `the connection failed: ${causeOf(error)}`,
    };
  }
}

/** Seconds before the next attempt: half of a pause that doubles, and a part of the other half by chance. */
const backoff = (attempt: number) => Math.min(0.5 * 2 ** (attempt - 1), 16) * (0.5 + 0.5 * Math.random());

/** What Retry-After says, as seconds from now. */
export function secondsIn(value: string | null, now = Date.now()): number | undefined {
  if (value === null || value.trim() === "") return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : (Date.parse(value) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, Math.ceil(seconds * 1000) / 1000);
}

async function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(seconds * 1000, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
}

/** Lets one caller after another go, so many in a second. */
function budget(perSecond: number): (signal?: AbortSignal) => Promise<void> {
  let next = 0;
  return async (signal) => {
    signal?.throwIfAborted();
    const now = Date.now();
    const mine = Math.max(now, next);
    next = mine + 1000 / perSecond;
    if (mine > now) await pause((mine - now) / 1000, signal);
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function causeOf(error: unknown): string {
  let found = error as { readonly message?: unknown; readonly code?: unknown; readonly cause?: unknown };
  for (let depth = 0; depth < 5 && found.cause instanceof Error; depth++) found = found.cause;
  return [found.code, found.message].filter((part) => typeof part === "string" && part !== "").join(", ");
}

/** The beginning of an answer for a message. */
export const excerpt = (text: string) => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);

/** Parameters that are no secret in any API that is asked here. */
const plain = /^(?:limit|starting_after|created\[\w+\]|date|from|to|base|quotes|symbols)$/;

const mayBeKey = (part: string) => part.length >= 16 && /^(?=.*\d)[\w-]+$/.test(part);

/** An address for a message: without a login, and with … for what may be a key. */
export function withoutSecrets(given: string): string {
  const url = new URL(given);
  const path = url.pathname.replaceAll(/[^/]+/g, (part) => (mayBeKey(part) ? "…" : part));
  const query = [...url.searchParams].map(([name, value]) => `${name}=${plain.test(name) ? value : "…"}`);
  return `${url.origin}${path}${query.length > 0 ? `?${query.join("&")}` : ""}`;
}

/** What may be a key in an address. */
export function secretsIn(given: string): string[] {
  const { pathname, searchParams } = new URL(given);
  const values = [...searchParams].flatMap(([name, value]) => (plain.test(name) ? [] : [value]));
  return [...pathname.split("/").filter(mayBeKey), ...values.filter((value) => value.length >= 4)];
}
