/**
 * Random numbers by arithmetic: a draw is a pure function of seed, entity, row number and salt, so a row is the same for
 * every file, thread or day. SQL and TypeScript use the same arithmetic with 32 bits, so that every product fits a
 * BIGINT. The mixer is hash-prospector's `[16 21f0aaad 15 735a2d97 15]`.
 */

/** The macros that `draws` needs; run them once on a new database. */
export const drawMacros = [
  `create macro scatter(x, factor) as (x * factor) & 4294967295`,
  `create macro unshift(x, bits) as xor(x, x >> bits)`,
  `create macro draw(number, factor, key) as
  unshift(scatter(unshift(scatter(xor(xor((number & 4294967295) * factor & 4294967295, key),
    xor((number & 4294967295) * factor & 4294967295, key) >> 16), 569420461), 15), 1935289751), 15)`,
];

const whole = 4294967296;

/** Returns a function for SQL draws of one entity in one shop: `draw("n", "city")` is uniform over 0 .. 2^32 - 1. */
export function draws(seed: number, entity: string): (row: string, salt: string) => string {
  return (row, salt) => {
    const [factor, key] = keys(seed, entity, salt);
    return `draw(${row}, ${factor}, ${key})`;
  };
}

/** A whole number from 0 to `count` - 1, from a draw; `count` is a number or SQL. */
export function pick(draw: string, count: number | string): string {
  return `((${draw} * ${count}) >> 32)`;
}

/** True for the given share of draws. Both arguments may be SQL columns; a share is a number 0..1. */
export function chance(draw: string, share: number): string {
  return `(${draw} < ${Math.round(share * whole)})`;
}

/** The SQL value whose weight the draw hits. `draw` should be a column: each branch repeats it. */
export function choose(
  draw: string,
  options: readonly (readonly [value: string | number, weight: number])[],
): string {
  const total = options.reduce((sum, [, weight]) => sum + weight, 0);
  let reached = 0;
  const branches = options.slice(0, -1).map(([value, weight]) => {
    reached += weight;
    return `when ${draw} < ${Math.round((reached / total) * whole)} then ${value}`;
  });
  return `(case ${branches.join(" ")} else ${options.at(-1)?.[0]} end)`;
}

/** The same draw outside SQL, as a fraction 0 <= x < 1. */
export function drawNumber(seed: number, entity: string, salt: string, row: number): number {
  const [factor, key] = keys(seed, entity, salt);
  return mix(Math.imul(row, factor) ^ key) / whole;
}

/** Draws one after another, each a fraction 0 <= x < 1, for things that are always created in the same order. */
export function drawStream(seed: number, entity: string, salt: string): () => number {
  const [factor, key] = keys(seed, entity, salt);
  let drawn = 0;
  return () => mix(Math.imul(++drawn, factor) ^ key) / whole;
}

/** An odd 31-bit factor and a 32-bit key for one stream of draws. */
function keys(seed: number, entity: string, salt: string): [factor: number, key: number] {
  let hash = mix(seed ^ 0x9e3779b9);
  for (const character of `${entity}/${salt}`)
    hash = mix(Math.imul(hash, 31) + (character.codePointAt(0) ?? 0));
  return [(mix(hash ^ 0x5bd1e995) & 0x7fffffff) | 1, hash];
}

function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97) >>> 0;
  return (x ^ (x >>> 15)) >>> 0;
}
