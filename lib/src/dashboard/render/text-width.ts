/**
 * The width of a text in CSS pixels, from the widths of its letters: a page that is built has no browser to ask, and the
 * browser must come to the same result, so that nothing moves. Rather a little too wide than too narrow.
 *
 * @param size of the font in CSS pixels
 */
export const textWidth = (text: string, size = 12): number =>
  size * graphemes(text).reduce((sum, signs) => sum + Math.max(...Array.from(signs, letterWidth)), 0);

/**
 * A text that takes at most `room` pixels: a longer one ends with "…". Where the whole is needed, a tooltip has it.
 *
 * @param size of the font in CSS pixels
 */
export function shortened(text: string, room: number, size = 12): string {
  if (textWidth(text, size) <= room) return isolated(text);
  const letters = graphemes(text);
  while (letters.length > 1 && textWidth(`${letters.join("").trimEnd()}…`, size) > room) letters.pop();
  return isolated(`${letters.join("").trimEnd()}…`);
}

/** Hebrew or Arabic beside a figure keeps its own direction, so that the "…" stands at its end. */
const isolated = (text: string) =>
  /[\p{Script=Hebrew}\p{Script=Arabic}]/u.test(text) ? `\u2068${text}\u2069` : text;

/** Letters as readers count them: an emoji of several signs is one. An older browser counts the signs. */
const graphemes = (text: string): string[] =>
  segmenter && !/^[ -~]*$/.test(text)
    ? Array.from(segmenter.segment(text), ({ segment }) => segment)
    : [...text];

const segmenter = "Segmenter" in Intl ? new Intl.Segmenter() : undefined;

/** In ems, of the page's font and of those that replace it. */
function letterWidth(letter: string): number {
  if (/[\p{Mark}\p{Format}\p{Emoji_Modifier}]/u.test(letter)) return 0;
  if (/[\p{Extended_Pictographic}\p{Regional_Indicator}]/u.test(letter)) return 1.3;
  if (
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u30ff\uff00-\uff60]/u.test(
      letter,
    )
  )
    return 1;
  return widths.find(([letters]) => letters.includes(letter))?.[1] ?? 0.66;
}

const widths: readonly (readonly [letters: string, ems: number])[] = [
  ["',.`’‘il|:;!Ij \u00a0\u202f", 0.31],
  ['"()[]{}rft-/\\', 0.42],
  ["*_ksxcavyzJL?", 0.57],
  ["ACDGHNOQUVw", 0.78],
  ["MmW%@", 0.95],
];
