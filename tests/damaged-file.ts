/** A CSV file of unique words, with separators, quotes, line ends and NULs put, doubled or cut at random places. */
export function damagedFile(seed: number): { content: string; body: string } {
  let state = seed * 2654435761;
  const random = (below: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
  const pick = <T>(values: T[]): T => values[random(values.length)] as T;
  const end = pick(["\n", "\n", "\r\n"]);
  let word = 0;
  const value = (): string => {
    const text = `w${++word}`;
    return pick([
      text,
      text,
      text,
      text,
      "",
      `"${text}"`,
      `"${text},x${word}"`,
      `"${text}${end}""é"" y${word}"`,
    ]);
  };
  const count = pick([3, 20, 200]);
  let body = "";
  for (let line = 0; line < count; line++) body += `${value()},${value()},${value()}${end}`;
  const pieces = [
    '"',
    '"',
    '""',
    ",",
    "\n",
    "\r\n",
    "\r",
    end + end,
    ' "',
    '" ',
    "\0",
    ";",
    '",',
    ',"',
    "\\",
  ];
  for (let faults = random(6); faults > 0; faults--) {
    const at = random(body.length + 1);
    if (random(4) === 0) body = body.slice(0, at) + body.slice(at + random(40));
    else body = body.slice(0, at) + pick(pieces) + body.slice(at);
  }
  if (random(3) === 0) body = body.slice(0, random(body.length + 1));
  return { content: `${pick(["", "\ufeff"])}a,b,c${end}${body}`, body };
}
